/** Rows as they are stored, whatever the database: columns, content, revision and the MAC over all of them. */
import { timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { IntegrityError } from '#base/integrity-error.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { rowElement, rowMac } from '#crypto/row-mac.ts'
import type { Stored } from '#records/key.ts'
import type { ColumnValue, Entity } from './entity.ts'

/** What protects the rows: a `Hierarchy` has all three. The keys stay the caller's. */
export interface IntegrityKeys {
  readonly installationId: string
  readonly stateMac: HmacKey
  readonly sealedHeadKey: KeyObject
}

export interface StoredRow {
  /** As many as the entity has columns, in that order. */
  readonly columns: readonly ColumnValue[]
  readonly content: string
  readonly rev: number
  readonly mac: Uint8Array
}

/** The entity's table without the types of its records, for what treats all tables alike. */
export type AnyEntity = Pick<Entity<never>, 'table' | 'columns' | 'keyLength'>

/** `record` as a row of revision `rev`. */
export function toRow<T>(key: HmacKey, entity: Entity<T>, record: T, rev: number): StoredRow {
  const columns = entity.columnsOf(record)
  const content = entity.encode(record)
  return { columns, content, rev, mac: rowMac(key, entity.table, bound(columns), content, rev) }
}

/** The record in `row`. Throws IntegrityError, naming table and primary key, when the row is not what was written. */
export function fromRow<T extends object>(key: HmacKey, entity: Entity<T>, row: StoredRow): Stored<T> {
  if (!isAuthentic(key, entity, row)) throw notAuthentic(entity, row.columns)
  return { ...entity.decode(row.content), rev: row.rev }
}

/** Whether the MAC of `row` is the one of its columns, content and revision. */
export function isAuthentic(key: HmacKey, entity: AnyEntity, row: StoredRow): boolean {
  // A revision that no row can have is beyond what the MAC encodes.
  if (!Number.isSafeInteger(row.rev) || row.rev < 1) return false
  const expected = rowMac(key, entity.table, bound(row.columns), row.content, row.rev)
  return row.mac.length === expected.length && timingSafeEqual(row.mac, expected)
}

export function notAuthentic(entity: AnyEntity, columns: readonly ColumnValue[]): IntegrityError {
  return new IntegrityError(
    `The row ${primaryKeyText(entity, columns)} of table ${entity.table} is not what was written: it was changed by another program, or damaged.`,
  )
}

/** The primary key for a message, for example `us-east-1/111122223333/alias/a`. */
export function primaryKeyText(entity: AnyEntity, columns: readonly ColumnValue[]): string {
  return columns.slice(0, entity.keyLength).join('/')
}

/** What `row` adds to the sum of its table: secret, 32 bytes, the caller's to overwrite. */
export function elementOf(key: HmacKey, entity: AnyEntity, row: StoredRow): Buffer {
  return rowElement(key, entity.table, bound(row.columns), row.rev, Buffer.from(row.mac))
}

// All columns are bound as if they belonged to the primary key: an index column that was edited is found by the MAC, and
// the full scan need not parse contents. A column without a value is the empty text, which no value has.
function bound(columns: readonly ColumnValue[]): string[] {
  return columns.map((value) => (value === null ? '' : String(value)))
}
