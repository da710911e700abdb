/** One process owns a data directory. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from './storage-error.ts'

/** Held until `release`, or until the process ends in any way: the kernel drops the lock even after kill -9. */
export interface Lock {
  release(): void
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html): a lock that somebody else holds, a full disk. */
const busy = 5
const full = 13

// A connection that nobody refers to is closed when it is collected as garbage, and its lock is gone.
const held = new Set<DatabaseSync>()

/**
 * Takes the lock of the data directory `dir`, or throws StorageError at once: `busy` when another process (or another part
 * of this one) has it.
 *
 * Node has no file locks of its own, SQLite has good ones on every platform. The write lock of an empty database is taken
 * with BEGIN IMMEDIATE, not EXCLUSIVE: SQLite takes it in one system call, so that of any number of starters exactly one
 * gets it, whereas those who try for EXCLUSIVE can make one another fail and leave no winner. The rollback journal is kept
 * in memory, because one left behind by a kill would have to be rolled back first, under an exclusive lock again.
 * Nothing else in this process may open the file `lock`: closing any descriptor of it drops the lock (fcntl, POSIX).
 */
export function acquireLock(dir: string): Lock {
  const pidFile = join(dir, 'lock.pid')
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(join(dir, 'lock'), { timeout: 0 })
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
    // Only for the message of whoever comes second.
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  } catch (error) {
    db?.close()
    throw refusal(error, dir, pidFile)
  }
  const owned = db
  held.add(owned)
  return {
    release: () => {
      if (!held.delete(owned)) return
      // Before the lock goes: afterwards the file may be the next owner's.
      rmSync(pidFile, { force: true })
      owned.close()
    },
  }
}

function refusal(error: unknown, dir: string, pidFile: string): StorageError {
  if (error instanceof Error && 'errcode' in error && error.errcode === busy) {
    const holder = holderOf(pidFile)
    return new StorageError(
      'busy',
      `The data directory ${dir} is in use by another process${holder === undefined ? '' : ` (pid ${holder})`}. Stop that one first, or choose another directory.`,
    )
  }
  if (error instanceof Error && (('errcode' in error && error.errcode === full) || codeOf(error) === 'ENOSPC')) {
    return new StorageError(
      'full',
      `The data directory ${dir} could not be locked: the disk is full. Free space on the file system that holds it and start again.`,
      { cause: error },
    )
  }
  return new StorageError(
    'unreachable',
    `The data directory ${dir} could not be locked. It must exist, and the user that runs the service must be able to write to it.`,
    { cause: error },
  )
}

function holderOf(pidFile: string): string | undefined {
  try {
    return /^[0-9]+/.exec(readFileSync(pidFile, 'latin1'))?.[0]
  } catch (error) {
    // The owner has not written it yet: the message goes without.
    if (error instanceof Error && codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}
