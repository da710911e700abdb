/** The outbox: audit records that were committed with their changes and wait to be moved to the trail. */
import { timingSafeEqual } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { rowMac } from '#crypto/row-mac.ts'
import type { OutboxEntry } from '#ports/storage.ts'
import type { SqlRow } from './rows.ts'

const table = 'outbox'

/** An entry as it is stored. */
export interface StoredEntry extends OutboxEntry {
  readonly mac: Uint8Array
}

/** Throws IntegrityError when `row` has other types than the schema says. */
export function storedEntry({ id, record, mac }: SqlRow): StoredEntry {
  if (typeof id !== 'number' || typeof record !== 'string' || !(mac instanceof Uint8Array)) {
    throw new IntegrityError('A row of table outbox has columns of other types than its schema says.')
  }
  return { id, record, mac }
}

/** Whether the MAC of `entry` is the one of its id and its record. */
export function isAuthenticEntry(key: HmacKey, { id, record, mac }: StoredEntry): boolean {
  // An id that was never given is beyond what the MAC was made for.
  if (!Number.isSafeInteger(id) || id < 1) return false
  const expected = entryMac(key, id, record)
  return mac.length === expected.length && timingSafeEqual(mac, expected)
}

// The table's name keeps these apart from the MACs of all other rows. The id is given once, so there is no revision.
function entryMac(key: HmacKey, id: number, record: string): Buffer {
  return rowMac(key, table, [String(id)], record, 0)
}

/** The audit records `first` to `last` of changes for a message. */
function recordsText(first: number, last: number): string {
  return first === last ? `The audit record ${first} of a change` : `The audit records ${first} to ${last} of changes`
}

/** That audit records of acknowledged changes are neither in the trail nor in the outbox. */
function missingEntries(first: number, last: number): IntegrityError {
  return new IntegrityError(
    `${recordsText(first, last)} ${first === last ? 'is' : 'are'} neither in the outbox nor in the audit trail: removed by another program.`,
  )
}

/**
 * Those of `entries` that follow `after` without a gap. Throws IntegrityError when the first one does not; and when there is
 * none, although ids up to `lastGiven` were given.
 */
export function consecutive(after: number, entries: readonly OutboxEntry[], lastGiven: number): readonly OutboxEntry[] {
  const next = entries[0]?.id ?? lastGiven + 1
  if (next > after + 1) throw missingEntries(after + 1, next - 1)
  const gap = entries.findIndex(({ id }, index) => id !== after + 1 + index)
  return gap < 0 ? entries : entries.slice(0, gap)
}

/** Throws IntegrityError unless `entries` are those from `after` + 1 to `last`, each as it was written. */
export function requireEntries(
  entries: Iterable<StoredEntry>,
  isAuthentic: (entry: StoredEntry) => boolean,
  after: number,
  last: number,
): void {
  let seen = after
  for (const entry of entries) {
    if (!isAuthentic(entry)) throw notWritten(entry)
    if (entry.id !== seen + 1) throw missingEntries(seen + 1, entry.id - 1)
    seen = entry.id
  }
  if (seen < last) throw missingEntries(seen + 1, last)
  if (seen > last) {
    throw new IntegrityError(
      `The outbox holds audit records up to number ${seen}, and only ${last} were ever made: some were added by another program.`,
    )
  }
}

function notWritten({ id }: OutboxEntry): IntegrityError {
  return new IntegrityError(
    `${recordsText(id, id)}, which waits in the outbox, is not what was written: it was changed or added by another program, or damaged.`,
  )
}

/** Throws IntegrityError when the trail has records of the outbox whose ids were never given here. */
export function requireGiven(lastMoved: number, lastGiven: number): void {
  if (lastMoved <= lastGiven) return
  throw new IntegrityError(
    `The audit trail holds the records of changes up to number ${lastMoved}, but the keys' database has made only ${lastGiven}: one of the two is an older copy, or belongs elsewhere. Restore both from the same backup.`,
  )
}

/** Reads and changes the outbox; changes are valid inside a transaction of the caller. */
export class Outbox {
  readonly #key: HmacKey
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #delete: StatementSync
  readonly #size: StatementSync

  /** `key` is the key of the rows' MACs and stays the caller's. */
  constructor(db: DatabaseSync, key: HmacKey) {
    this.#key = key
    this.#insert = db.prepare('INSERT INTO outbox (id, record, mac) VALUES (?, ?, ?)')
    this.#select = db.prepare('SELECT id, record, mac FROM outbox WHERE id > ? ORDER BY id LIMIT ?')
    this.#delete = db.prepare('DELETE FROM outbox WHERE id <= ?')
    this.#size = db.prepare('SELECT total(octet_length(record)) AS size FROM outbox')
  }

  add(id: number, record: string): void {
    this.#insert.run(id, record, entryMac(this.#key, id, record))
  }

  /**
   * The records after `afterId`: at most `limit`, and no more once they have `maxBytes` together. Those before one that is
   * not what was written are answered; when that one is the first, IntegrityError is thrown.
   */
  read(afterId: number, limit: number, maxBytes = Number.MAX_SAFE_INTEGER): readonly OutboxEntry[] {
    const entries: OutboxEntry[] = []
    let size = 0
    for (const row of this.#select.iterate(afterId, limit)) {
      const entry = storedEntry(row)
      if (!isAuthenticEntry(this.#key, entry)) {
        if (entries.length > 0) break
        throw notWritten(entry)
      }
      entries.push({ id: entry.id, record: entry.record })
      size += Buffer.byteLength(entry.record)
      if (size >= maxBytes) break
    }
    return entries
  }

  /** Removes the records up to `uptoId`. */
  remove(uptoId: number): void {
    this.#delete.run(uptoId)
  }

  /** Bytes of all records together. */
  size(): number {
    return Number(this.#size.get()?.['size'])
  }

  /**
   * Throws IntegrityError unless the records after `lastMoved`, the last one in the trail, up to `lastGiven` are all there as
   * they were written, and no other ones are behind them.
   */
  requireWhole(lastMoved: number, lastGiven: number): void {
    requireGiven(lastMoved, lastGiven)
    const isAuthentic = (entry: StoredEntry): boolean => isAuthenticEntry(this.#key, entry)
    requireEntries(storedEntries(this.#select.iterate(lastMoved, -1)), isAuthentic, lastMoved, lastGiven)
  }
}

function* storedEntries(rows: Iterable<SqlRow>): Iterable<StoredEntry> {
  for (const row of rows) yield storedEntry(row)
}
