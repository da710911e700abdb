import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileReason, isMissing } from '#files/file-reason.ts'
import { SealError } from './seal-error.ts'

/**
 * The bytes of a file that holds a secret, at most `limit` of them; the caller owns them. `what` names it in errors, as in
 * "the key file". Undefined when there is no file; throws SealError when it can't be read, is too long, or when anybody but
 * its owner has rights on it.
 */
export async function readSecretFile(what: string, path: string, limit: number): Promise<Buffer | undefined> {
  let file
  try {
    // Not to hang where the path is a pipe that nobody writes to.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new SealError(
      `cannot read ${what} ${path}: ${fileReason(error)}; it must be readable by the user that runs trent`,
    )
  }
  try {
    // Asked of what was opened, not of the path, which may point elsewhere by now.
    const stat = await file.stat()
    if (!stat.isFile()) throw new SealError(`${what} ${path} is not a regular file`)
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      throw new SealError(`${what} ${path} is open to other users (mode ${mode}); run: chmod 0400 ${path}`)
    }
    if (stat.size > limit) throw new SealError(`${what} ${path} is too large: ${stat.size} bytes, at most ${limit}`)
    const bytes = Buffer.alloc(stat.size)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
