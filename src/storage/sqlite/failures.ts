/** Telling an operator what SQLite's failures mean. */
import { IntegrityError } from '#base/integrity-error.ts'
import { StorageError } from '../storage-error.ts'

/** Completes "The database FILE could not be ...: it". */
export const onlyRead =
  'may only be read. The file, its directory and the file system must be writable for the user that runs the service.'

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html); extended codes carry them in the low byte. */
const resultCode = {
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const

const sqliteConstraint = 19

/** SQLite's result code of `error`, or undefined when it is none of SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined
}

/** Whether `error` says that a row would be there twice, or would refer to one that isn't there. */
export function isConstraintFailure(error: unknown): boolean {
  return ((sqliteCode(error) ?? 0) & 0xff) === sqliteConstraint
}

/** `error` as an error an operator can act on. `doing` completes "The database FILE could not be ...". */
export function storageError(error: unknown, file: string, doing: string): Error {
  if (error instanceof StorageError || error instanceof IntegrityError) return error
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') {
    // node:sqlite's word for an integer beyond what a number holds, which we never store.
    return new IntegrityError(`The database ${file} has a number in it that was never stored there.`)
  }
  const code = sqliteCode(error)
  if (code === undefined) return error instanceof Error ? error : new Error(String(error))
  const what = `The database ${file} could not be ${doing}`
  const options = { cause: error }
  switch (code & 0xff) {
    case resultCode.notADatabase:
      return new StorageError(
        'damaged',
        `${what}: the file is not an SQLite database. It was left as it is; restore it from a backup, or move it away if it does not belong here.`,
        options,
      )
    case resultCode.corrupt:
      return new StorageError(
        'damaged',
        `${what}: the file is damaged. Stop the service, keep a copy of the directory, check the disk, and restore the database from a backup.`,
        options,
      )
    case resultCode.full:
      return new StorageError(
        'full',
        `${what}: the disk is full. Nothing was stored; free space on the file system that holds it and try again.`,
        options,
      )
    case resultCode.readOnly:
    case resultCode.permission:
      return new StorageError('read-only', `${what}: it ${onlyRead}`, options)
    case resultCode.busy:
    case resultCode.locked:
      return new StorageError(
        'busy',
        `${what}: another program holds a lock on it. Only one service may use the directory; end the other program, for example an open sqlite3 shell.`,
        options,
      )
    case resultCode.cannotOpen:
      return new StorageError(
        'unreachable',
        `${what}: it cannot be opened. The directory must exist and the user that runs the service must be able to write to it, even for reading.`,
        options,
      )
    case resultCode.inputOutput:
      return new StorageError(
        'failed',
        `${what}: reading or writing failed (SQLite code ${code}). Nothing is acknowledged that was not stored; check the disk and the file system.`,
        options,
      )
    default:
      return new StorageError('failed', `${what} (SQLite code ${code}).`, options)
  }
}

/** Runs `work`; what SQLite throws becomes a StorageError. */
export function guarded<T>(file: string, doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storageError(error, file, doing)
  }
}
