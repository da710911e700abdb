/** The trail's database file: its schema, how it is opened, and how its rows become values. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { syncDirectory } from '#files/sync-directory.ts'
import { checkpointMac, sameHash } from './page.ts'
import type { Checkpoint, PageHeader } from './page.ts'

/** Raised with every change of what is stored that older versions can't read. 2: pages may be packed (packed.ts). */
export const schemaVersion = 2
// 'Trna': tells the file from any other SQLite database, the keys' one ('Trnt') among them.
const applicationId = 0x54726e61

// The hash stands before the bytes: reading the head then touches no overflow page. The index holds numbers only, one entry
// for each page, so that the pages of a moment are found by a walk over the index alone.
const schema = `
  CREATE TABLE page (
    first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, min_ms INTEGER NOT NULL, max_ms INTEGER NOT NULL,
    outbox INTEGER NOT NULL, spool INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE INDEX page_time ON page (max_ms, min_ms);
  CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL, outbox INTEGER NOT NULL,
    spool INTEGER NOT NULL, pages INTEGER NOT NULL, max_ms INTEGER NOT NULL, at INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};`

type Row = Record<string, unknown>

/** A stored page without its bytes. */
export interface StoredHeader extends PageHeader {
  readonly hash: Buffer
}
export interface StoredPage extends StoredHeader {
  /** What the chain covers: its lines, as `packed` made them. */
  readonly stored: Buffer
}

/** The columns of a page without its bytes, as `headerOf` reads them. */
export const headerColumns = 'first_seq, count, min_ms, max_ms, outbox, spool, hash'

function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new IntegrityError(`the audit trail holds no number where ${column} belongs`)
  return value
}

function blob(row: Row, column: string): Buffer {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new IntegrityError(`the audit trail holds no bytes where ${column} belongs`)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

export function headerOf(row: Row): StoredHeader {
  return {
    firstSeq: integer(row, 'first_seq'),
    count: integer(row, 'count'),
    minMs: integer(row, 'min_ms'),
    maxMs: integer(row, 'max_ms'),
    outbox: integer(row, 'outbox'),
    spool: integer(row, 'spool'),
    hash: blob(row, 'hash'),
  }
}

export function pageOf(row: Row): StoredPage {
  return { ...headerOf(row), stored: blob(row, 'bytes') }
}

/** The number that a PRAGMA or an aggregate of one column answers. */
export function scalar(db: DatabaseSync, sql: string): number {
  const value = Object.values(db.prepare(sql).get() ?? {})[0]
  return typeof value === 'number' ? value : 0
}

/** The checkpoint, or undefined when retention has removed nothing yet. Throws IntegrityError when its MAC is wrong. */
export function readCheckpoint(db: DatabaseSync, key: HmacKey): Checkpoint | undefined {
  const row = db.prepare('SELECT * FROM checkpoint WHERE id = 1').get()
  if (row === undefined) return undefined
  const checkpoint: Checkpoint = {
    seq: integer(row, 'seq'),
    hash: blob(row, 'hash'),
    outbox: integer(row, 'outbox'),
    spool: integer(row, 'spool'),
    pages: integer(row, 'pages'),
    maxMs: integer(row, 'max_ms'),
    at: integer(row, 'at'),
  }
  if (checkpoint.hash.length !== 32 || !sameHash(checkpointMac(key, checkpoint), blob(row, 'mac'))) {
    throw new IntegrityError('the checkpoint of the audit trail was not written by this installation, or was changed')
  }
  return checkpoint
}

// SQLITE_READONLY_ROLLBACK (https://www.sqlite.org/rescode.html#readonly_rollback): before the file has its write-ahead log,
// SQLite keeps a journal beside it, and whoever only reads can't take back what it says.
const needsRollback = 776

/** Whether the making of the trail at `path` was begun and never finished: `openTrailFile` finishes it. Throws what SQLite says. */
export function isUnfinishedTrail(path: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    return scalar(db, 'PRAGMA schema_version') === 0
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === needsRollback) return true
    throw error
  } finally {
    db.close()
  }
}

/** Refuses what is not a trail, and a trail that a newer version wrote, by IntegrityError. */
export function checkSchema(db: DatabaseSync, path: string): void {
  if (scalar(db, 'PRAGMA application_id') !== applicationId) throw new IntegrityError(`${path} is not an audit trail`)
  const version = scalar(db, 'PRAGMA user_version')
  if (version > schemaVersion) {
    throw new IntegrityError(
      `${path} was written by a newer version of Trent (schema ${version}; this version knows ${schemaVersion})`,
    )
  }
}

/** Opens the trail for writing, and creates it unless `mustExist`. */
export function openTrailFile(path: string, mustExist: boolean): DatabaseSync {
  const isNew = !existsSync(path)
  if (isNew && mustExist) throw new IntegrityError(`${path} is gone`)
  // SQLite would create the file for everybody to read; the log beside it inherits its mode.
  if (isNew) closeSync(openSync(path, 'ax', 0o600))
  const db = new DatabaseSync(path, { timeout: 5000 })
  try {
    if (scalar(db, 'PRAGMA schema_version') === 0) {
      if (mustExist) throw new IntegrityError(`${path} is empty`)
      // Only possible before the first table. Pages of 8 KB: a commit of 64 records takes a fifth less CPU than with 4 KB, and
      // a commit of one no more.
      db.exec(
        'PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL',
      )
      db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
      syncDirectory(dirname(path))
    }
    checkSchema(db, path)
    // Before the first page that an older version would take for garbage.
    if (scalar(db, 'PRAGMA user_version') < schemaVersion) db.exec(`PRAGMA user_version = ${schemaVersion}`)
    // Every 4 MB a commit also writes the log back into the database. journal_size_limit gives the space of a log back that
    // grew while somebody was reading.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 512')
    db.exec('PRAGMA journal_size_limit = 16777216')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
