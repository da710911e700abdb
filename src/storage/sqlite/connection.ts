/** Opening database files, and transactions. */
import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '../storage-error.ts'
import { guarded, onlyRead, sqliteCode } from './failures.ts'

/** Marks a file as ours in SQLite's header ("Trnt"), so that another program's database is never touched. */
export const applicationId = 0x54726e74

/** Runs `work` in one transaction: all of it is stored, or nothing when it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(db)
    throw error
  }
}

/** Ends the transaction without storing anything; SQLite may have ended it itself, as it does when the disk is full. */
export function rollBack(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK')
}

function isMissingOrEmpty(file: string): boolean {
  return !existsSync(file) || statSync(file).size === 0
}

/** Throws unless the file is an SQLite database of ours (or an empty one). Reads the header only. */
function checkOwner(db: DatabaseSync, file: string): void {
  const id = db.prepare('PRAGMA application_id').get()?.['application_id']
  if (id === applicationId) return
  const tables = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count']
  if (id === 0 && tables === 0) return
  throw new StorageError(
    'not ours',
    `The database ${file} was not made by this service. It was left as it is; move it away or choose another data directory.`,
  )
}

// SQLITE_READONLY_ROLLBACK (https://www.sqlite.org/rescode.html#readonly_rollback).
const needsRollback = 776

/**
 * A first start that was killed before the database had its write-ahead log may have left a journal: what it says is taken back
 * before anything is read, as SQLite does when it is opened for writing. Later there are no journals.
 */
function takeBackUnfinished(file: string): void {
  const read = (readOnly: boolean): void => {
    const db = new DatabaseSync(file, { readOnly, timeout: busyTimeout })
    try {
      db.prepare('PRAGMA application_id').get()
    } finally {
      db.close()
    }
  }
  try {
    read(true)
  } catch (error) {
    if (sqliteCode(error) === needsRollback) read(false)
  }
}

/**
 * Only a connection for reading: it can't change anything, but takes back what was never finished (SQLite's hot journal). The
 * caller closes it. Throws StorageError.
 */
export function openForReading(file: string): DatabaseSync {
  if (isMissingOrEmpty(file)) throw missing(file)
  return guarded(file, 'opened', () => {
    if (existsSync(`${file}-journal`)) takeBackUnfinished(file)
    const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeout })
    return orClose(db, () => {
      checkOwner(db, file)
      db.exec('PRAGMA trusted_schema = OFF')
    })
  })
}

/** Milliseconds to wait for a lock that a checkpoint or a backup holds. */
const busyTimeout = 5_000

/**
 * The connection for writing; the caller holds the directory's lock and closes it. `create` makes the file (mode 0600) when
 * there is none. Nothing is written to a file that isn't ours. Throws StorageError.
 */
export function openForWriting(file: string, create: boolean): DatabaseSync {
  if (isMissingOrEmpty(file)) {
    if (!create) throw missing(file)
    createFile(file)
  }
  refuseReadOnly(file)
  return guarded(file, 'opened for writing', () => {
    const db = new DatabaseSync(file, { timeout: busyTimeout })
    return orClose(db, () => {
      checkOwner(db, file)
      // What a commit acknowledges survives a power failure: FULL syncs the log at each commit, fullfsync makes macOS
      // reach the disk itself. Deleted content is overwritten, because key material is among it.
      db.exec('PRAGMA journal_mode = WAL')
      db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
      db.exec('PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
      // Whether it can really be written to shows now and not at the first change.
      db.exec('BEGIN IMMEDIATE')
      db.exec('ROLLBACK')
    })
  })
}

/** What the system says when a file or its file system may not be written to. */
const noRight: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS'])

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

// SQLite opens a file that may only be read all the same, and fails in several ways later.
function refuseReadOnly(file: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
    accessSync(dirname(file), constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const what = `The database ${file} could not be opened for writing`
    const code = systemCode(error)
    const options = { cause: error }
    if (noRight.has(code)) throw new StorageError('read-only', `${what}: it ${onlyRead}`, options)
    throw new StorageError('unreachable', `${what} (${code}). Check the file, its directory and its disk.`, options)
  }
}

function missing(file: string): StorageError {
  return new StorageError(
    'missing',
    `There is no database ${file}. Check the data directory, or restore the database from a backup.`,
  )
}

function createFile(file: string): void {
  try {
    // The log and its index get the mode of the database.
    closeSync(openSync(file, 'a', 0o600))
  } catch (error) {
    const code = systemCode(error)
    const fault = code === 'ENOSPC' ? 'full' : noRight.has(code) ? 'read-only' : 'unreachable'
    throw new StorageError(
      fault,
      `The database ${file} could not be created (${code}). The directory must exist, have free space, and be writable for the user that runs the service.`,
      { cause: error },
    )
  }
}

function orClose(db: DatabaseSync, work: () => void): DatabaseSync {
  try {
    work()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
