import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import type { ColumnValue, Entity } from '../entity.ts'
import { elementOf, isAuthentic, notAuthentic, toRow } from '../stored-row.ts'
import type { StoredRow } from '../stored-row.ts'
import type { Tally } from '../tally.ts'
import { deleteRow, insertRow, selectRow, storedRow, updateRow } from './rows.ts'
import type { SqlRow } from './rows.ts'

/** Changes rows of one table and the table's sum with them; valid inside a transaction of the caller. */
export class TableWriter<T extends object> {
  readonly #rowKey: HmacKey
  readonly #entity: Entity<T>
  readonly #select: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #delete: StatementSync

  constructor(db: DatabaseSync, rowKey: HmacKey, entity: Entity<T>) {
    this.#rowKey = rowKey
    this.#entity = entity
    this.#select = selectRow(db, entity)
    this.#insert = insertRow(db, entity)
    this.#update = updateRow(db, entity)
    this.#delete = deleteRow(db, entity)
  }

  /** False when there is such a row already. */
  add(tally: Tally, record: T): boolean {
    const row = toRow(this.#rowKey, this.#entity, record, tally.revision)
    const { changes } = this.#insert.run(...row.columns, row.content, row.rev, row.mac)
    if (changes === 0) return false
    tally.add(this.#entity.table, elementOf(this.#rowKey, this.#entity, row))
    return true
  }

  /** False when there is no such row. Throws IntegrityError when the row that is there is not what was written. */
  change(tally: Tally, record: T): boolean {
    const row = toRow(this.#rowKey, this.#entity, record, tally.revision)
    const old = this.#find(row.columns.slice(0, this.#entity.keyLength))
    if (old === undefined) return false
    tally.remove(this.#entity.table, elementOf(this.#rowKey, this.#entity, old.row))
    this.#update.run(...row.columns.slice(this.#entity.keyLength), row.content, row.rev, row.mac, old.rowid)
    tally.add(this.#entity.table, elementOf(this.#rowKey, this.#entity, row))
    return true
  }

  /**
   * Gives a row the revision of the commit, unless a change of the same commit gave it that. False when there is no such row.
   * Throws IntegrityError when the row that is there is not what was written.
   */
  touch(tally: Tally, primaryKey: readonly ColumnValue[]): boolean {
    const old = this.#find(primaryKey)
    if (old === undefined) return false
    if (old.row.rev === tally.revision) return true
    return this.change(tally, this.#entity.decode(old.row.content))
  }

  /** The record, or undefined when there is none. Throws IntegrityError when the row that is there is not what was written. */
  find(primaryKey: readonly ColumnValue[]): T | undefined {
    const found = this.#find(primaryKey)
    return found === undefined ? undefined : this.#entity.decode(found.row.content)
  }

  /** False when there is no such row. Throws IntegrityError when the row that is there is not what was written. */
  remove(tally: Tally, primaryKey: readonly ColumnValue[]): boolean {
    const old = this.#find(primaryKey)
    if (old === undefined) return false
    this.#removeFound(tally, old)
    return true
  }

  /** Removes the rows that `select` found; it must answer rowid and the entity's row columns. */
  removeAll(tally: Tally, select: StatementSync, ...parameters: SQLInputValue[]): void {
    for (const row of select.all(...parameters)) this.#removeFound(tally, this.#checked(row))
  }

  /** The revision of a row, or undefined when there is none. */
  revision(primaryKey: readonly ColumnValue[]): number | undefined {
    const row = this.#select.get(...primaryKey)
    return row === undefined ? undefined : storedRow(this.#entity, row).rev
  }

  #removeFound(tally: Tally, found: Found): void {
    tally.remove(this.#entity.table, elementOf(this.#rowKey, this.#entity, found.row))
    this.#delete.run(found.rowid)
  }

  #find(primaryKey: readonly ColumnValue[]): Found | undefined {
    const row = this.#select.get(...primaryKey)
    return row === undefined ? undefined : this.#checked(row)
  }

  // An edited row must not become a valid one, or vanish without a trace, because somebody changes or removes it next.
  #checked(sqlRow: SqlRow): Found {
    const row = storedRow(this.#entity, sqlRow)
    const rowid = sqlRow['rowid']
    if (typeof rowid !== 'number' || !isAuthentic(this.#rowKey, this.#entity, row)) {
      throw notAuthentic(this.#entity, row.columns)
    }
    return { row, rowid }
  }
}

interface Found {
  readonly row: StoredRow
  readonly rowid: number
}
