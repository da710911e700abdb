import { closeSync, openSync, readSync } from 'node:fs'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import { fileReason } from '#files/file-reason.ts'

/**
 * The bytes of the file `path`, or of standard input for `-`, at most `limit` of them; the caller owns them. `what` names them
 * in errors, as in "the key material". Bytes are read into one buffer, so that no copy of a secret stays behind.
 */
export function readInput(what: string, path: string, limit: number): Buffer {
  const room = Buffer.alloc(limit + 1)
  let length = 0
  try {
    const file = path === '-' ? 0 : openSync(path, 'r')
    try {
      for (let read = -1; read !== 0 && length < room.length; length += read) {
        read = readSync(file, room, length, room.length - length, null)
      }
    } finally {
      if (file !== 0) closeSync(file)
    }
  } catch (error) {
    room.fill(0)
    const where = path === '-' ? 'standard input' : path
    throw new ControlError(`cannot read ${what} from ${where}: ${fileReason(error)}`, exitCode.cannotCreate)
  }
  if (length <= limit) return room.subarray(0, length)
  room.fill(0)
  throw new ControlError(`${what} is longer than ${limit} bytes: is it the right file?`)
}
