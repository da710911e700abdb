/**
 * The last uses of keys as they are stored: a table of trail.db, so that a copy of the trail has the uses that belong to it,
 * with a row for each key that was ever used. It outlives the pages from which it was made.
 *
 * Rows have MACs. What is deleted or set back shows in the sealed state, which has the sum over all rows (crypto/row-mac.ts)
 * and up to which record of the trail they are complete; `verifyKeyUses` compares them.
 */
import { timingSafeEqual } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import { ivLength } from '#crypto/aead.ts'
import { accumulate, macLength, rowElement, rowMac } from '#crypto/row-mac.ts'
import type { TableSum } from '#crypto/row-mac.ts'
import type { Random } from '#ports/edge.ts'
import { openKeyUseState, sealKeyUseState } from './key-use-state.ts'
import type { KeyUseKeys, KeyUseState } from './key-use-state.ts'
import type { Head } from './page.ts'

/** The table's name, as its MACs have it. */
export const keyUseTable = 'key_use'

const schema = `
  CREATE TABLE IF NOT EXISTS key_use (
    key TEXT PRIMARY KEY, content TEXT NOT NULL, rev INTEGER NOT NULL, mac BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS key_use_state (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT;`

/** A row as it is stored. */
export interface KeyUseRow {
  readonly key: string
  readonly content: string
  readonly rev: number
  readonly mac: Uint8Array
}

/** What becomes of a key's row: the text of its last use (key-use-text.ts), or undefined once the key is gone. */
export type KeyUseChange = readonly [key: string, text: string | undefined]

/** Belongs to the thread that writes the trail. Has a connection of its own, for the trail's may be opened anew. */
export class KeyUseTable {
  readonly #db: DatabaseSync
  readonly #keys: KeyUseKeys
  readonly #random: Pick<Random, 'bytes'>
  readonly #select: StatementSync
  readonly #upsert: StatementSync
  readonly #delete: StatementSync
  readonly #seal: StatementSync
  #sum: TableSum = { count: 0, xor: Buffer.alloc(macLength) }
  #state: KeyUseState | undefined

  /** Opens the table in the trail at `path`, which must exist. Throws IntegrityError for a state that isn't what was stored. */
  constructor(path: string, keys: KeyUseKeys, random: Pick<Random, 'bytes'>) {
    this.#keys = keys
    this.#random = random
    this.#db = new DatabaseSync(path, { timeout: 5000 })
    try {
      // What a power failure takes away is read from the trail again, so nothing has to be synced. Other readers and the
      // writing of pages are as trail-schema.ts says.
      this.#db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 512')
      this.#db.exec(schema)
      this.#select = this.#db.prepare('SELECT key, content, rev, mac FROM key_use WHERE key = ?')
      this.#upsert = this.#db.prepare(
        `INSERT INTO key_use (key, content, rev, mac) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET content = excluded.content, rev = excluded.rev, mac = excluded.mac`,
      )
      this.#delete = this.#db.prepare('DELETE FROM key_use WHERE key = ?')
      this.#seal = this.#db.prepare(
        'INSERT INTO key_use_state (id, sealed) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed',
      )
      this.#readState()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** What is stored is complete up to there; undefined before the first `save`. */
  get state(): KeyUseState | undefined {
    return this.#state
  }

  /** The text of the last use of `key` that is stored. Throws IntegrityError when its row is not what was written. */
  read(key: string): string | undefined {
    const row = this.#rowOf(key)
    if (row === undefined) return undefined
    if (!isAuthentic(this.#keys, row)) {
      throw new IntegrityError(`The last use of the key ${key} in the trail is not what was written.`)
    }
    return row.content
  }

  /**
   * Stores `changes` and that everything up to `complete` is stored, in one transaction; all of it or, when it throws,
   * nothing. It is not synced: a power failure may take away the last calls, in their order.
   */
  save(changes: readonly KeyUseChange[], complete: Pick<KeyUseState, 'head' | 'since'>): void {
    const sum = { count: this.#sum.count, xor: Buffer.from(this.#sum.xor) }
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      for (const [key, text] of changes) this.#apply(key, text, complete.head, sum)
      const state = { ...complete, sum }
      this.#seal.run(sealKeyUseState(this.#keys, state, this.#random.bytes(ivLength)))
      this.#db.exec('COMMIT')
      this.#sum = sum
      this.#state = state
    } catch (error) {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #apply(key: string, text: string | undefined, { seq }: Head, sum: { count: number; readonly xor: Buffer }): void {
    const before = this.#rowOf(key)
    // Not verified, for it is replaced. What somebody removed, added or set back leaves the sum wrong for good.
    if (before !== undefined) {
      accumulate(sum.xor, elementOf(this.#keys, before))
      sum.count -= 1
    }
    if (text === undefined) {
      if (before !== undefined) this.#delete.run(key)
      return
    }
    const mac = rowMac(this.#keys.stateMac, keyUseTable, [key], text, seq)
    this.#upsert.run(key, text, seq, mac)
    accumulate(sum.xor, elementOf(this.#keys, { key, content: text, rev: seq, mac }))
    sum.count += 1
  }

  #rowOf(key: string): KeyUseRow | undefined {
    const row = this.#select.get(key)
    return row && keyUseRowOf(row)
  }

  #readState(): void {
    const sealed = this.#db.prepare('SELECT sealed FROM key_use_state WHERE id = 1').get()?.['sealed']
    if (sealed === undefined) {
      if (this.#db.prepare('SELECT 1 FROM key_use LIMIT 1').get() === undefined) return
      throw new IntegrityError('The state of the last uses of keys is missing in the trail, but uses are there.')
    }
    this.#state = openKeyUseState(this.#keys, sealed)
    this.#sum = this.#state.sum
  }
}

/** `row` as values. Throws IntegrityError when it has another form. */
export function keyUseRowOf(row: Readonly<Record<string, unknown>>): KeyUseRow {
  const { key, content, rev, mac } = row
  if (typeof key === 'string' && typeof content === 'string' && typeof rev === 'number' && mac instanceof Uint8Array) {
    return { key, content, rev, mac }
  }
  throw new IntegrityError('The trail has a last use of a key in a form that this program does not know.')
}

/** Whether `row` is what was written. */
export function isAuthentic({ stateMac }: KeyUseKeys, { key, content, rev, mac }: KeyUseRow): boolean {
  const expected = rowMac(stateMac, keyUseTable, [key], content, rev)
  return expected.length === mac.length && timingSafeEqual(expected, mac)
}

/** What `row` adds to the sum. */
export function elementOf({ stateMac }: KeyUseKeys, { key, rev, mac }: KeyUseRow): Buffer {
  return rowElement(stateMac, keyUseTable, [key], rev, Buffer.from(mac))
}
