/** Rows between SQLite and the rest of the storage. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import type { ColumnValue } from '../entity.ts'
import type { AnyEntity, StoredRow } from '../stored-row.ts'

export type SqlRow = Record<string, SQLOutputValue>

const integerColumns: ReadonlySet<string> = new Set(['rev', 'deletion_date', 'next_rotation', 'kept_at'])

// node:sqlite throws for an integer that a number can't hold. Somebody who writes one must get what every edit gets, a MAC
// that doesn't match, and not an error that stops a scan.
function selected(column: string): string {
  return integerColumns.has(column) ? `min(max(${column}, -1), ${Number.MAX_SAFE_INTEGER}) AS ${column}` : column
}

/** The columns that `storedRow` needs, for a SELECT. */
export function rowColumns(entity: AnyEntity): string {
  return [...entity.columns, 'content', 'rev', 'mac'].map(selected).join(', ')
}

/** The row that SQLite answered. Throws IntegrityError when its columns have other types than the schema says. */
export function storedRow(entity: AnyEntity, row: SqlRow): StoredRow {
  const { content, rev, mac } = row
  if (typeof content !== 'string' || typeof rev !== 'number' || !(mac instanceof Uint8Array)) throw malformed(entity)
  return { columns: entity.columns.map((name) => columnValue(entity, row[name])), content, rev, mac }
}

function columnValue(entity: AnyEntity, value: SQLOutputValue | undefined): ColumnValue {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  throw malformed(entity)
}

function malformed(entity: AnyEntity): IntegrityError {
  return new IntegrityError(`A row of table ${entity.table} has columns of other types than its schema says.`)
}

/** `column = ? AND ...` for the primary key. */
function primaryKeyMatch(entity: AnyEntity): string {
  return entity.columns
    .slice(0, entity.keyLength)
    .map((column) => `${column} = ?`)
    .join(' AND ')
}

/** Finds one row by its primary key. */
export function selectRow(db: DatabaseSync, entity: AnyEntity): StatementSync {
  return db.prepare(`SELECT rowid, ${rowColumns(entity)} FROM ${entity.table} WHERE ${primaryKeyMatch(entity)}`)
}

/** Adds a row unless its primary key is taken; parameters are the columns, content, revision and MAC. */
export function insertRow(db: DatabaseSync, entity: AnyEntity): StatementSync {
  const columns = [...entity.columns, 'content', 'rev', 'mac']
  return db.prepare(
    `INSERT INTO ${entity.table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
  )
}

/** Replaces all but the primary key of a row found before; parameters are those values and the rowid. */
export function updateRow(db: DatabaseSync, entity: AnyEntity): StatementSync {
  const columns = [...entity.columns.slice(entity.keyLength), 'content', 'rev', 'mac'].map((column) => `${column} = ?`)
  return db.prepare(`UPDATE ${entity.table} SET ${columns.join(', ')} WHERE rowid = ?`)
}

/** Removes a row found before. */
export function deleteRow(db: DatabaseSync, entity: AnyEntity): StatementSync {
  return db.prepare(`DELETE FROM ${entity.table} WHERE rowid = ?`)
}
