/** The full scan: is what is stored exactly what was written? */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { IntegrityError } from '#base/integrity-error.ts'
import { accumulate, macLength } from '#crypto/row-mac.ts'
import type { SealedHead } from '#crypto/row-mac.ts'
import { accessKeyEntity, accountEntity, aliasEntity, keyEntity, keyMaterialEntity } from '../entity.ts'
import type { TableName } from '../entity.ts'
import { elementOf, isAuthentic, primaryKeyText } from '../stored-row.ts'
import type { AnyEntity, IntegrityKeys } from '../stored-row.ts'
import { openForReading } from './connection.ts'
import { guarded } from './failures.ts'
import { readHead } from './head.ts'
import type { HeadMark } from './head.ts'
import { refuseNewer } from './migrate.ts'
import { rowColumns, storedRow } from './rows.ts'

export type Finding =
  /** The row's MAC is not that of its contents: it was edited, swapped with another or made up. */
  | { readonly kind: 'row'; readonly table: TableName; readonly primaryKey: string }
  /** More such rows than are listed one by one. */
  | { readonly kind: 'more rows'; readonly table: TableName; readonly count: number }
  /** Each row may be authentic, but they are not the rows there should be: some were deleted, added, or set back. */
  | { readonly kind: 'table'; readonly table: string; readonly expectedRows: number; readonly foundRows: number }
  | { readonly kind: 'head' }

export interface Verification {
  /** The head that the rows were compared with; undefined when it is not authentic. */
  readonly head: HeadMark | undefined
  readonly rows: number
  /** Empty when all is well. */
  readonly findings: readonly Finding[]
}

export interface VerifyOptions {
  readonly file: string
  readonly keys: IntegrityKeys
  /** Rows between two pauses in which other work gets its turn. */
  readonly chunk?: number
  /** Called after each chunk with the number of rows verified so far. */
  readonly onProgress?: (rows: number) => void
  readonly signal?: AbortSignal
}

const entities: Readonly<Record<TableName, AnyEntity>> = {
  account: accountEntity,
  access_key: accessKeyEntity,
  key: keyEntity,
  key_material: keyMaterialEntity,
  alias: aliasEntity,
}

/** Rows that a finding names one by one, for each table. */
const listed = 100

/**
 * Verifies every row, and every table's sum against the head, on a connection of its own and in one snapshot: commits go on
 * meanwhile and are not seen. (The log can't be emptied before it ends.) Memory is bounded whatever the size. Throws
 * StorageError when the database can't be read, and the signal's reason when it is aborted.
 */
export async function verifyAll(options: VerifyOptions): Promise<Verification> {
  const { file, keys, chunk = 2_000, onProgress, signal } = options
  const db = openForReading(file)
  try {
    // The first read fixes the snapshot.
    db.exec('BEGIN')
    const findings: Finding[] = []
    const opened = guarded(file, 'verified', () => {
      refuseNewer(db, file)
      return openedHead(db, keys)
    })
    if (opened === undefined) findings.push({ kind: 'head' })
    let rows = 0
    for (const entity of Object.values(entities)) {
      const scan = new TableScan(db, keys, entity)
      for (let more = true; more;) {
        const before = scan.count
        more = guarded(file, 'verified', () => scan.step(chunk))
        rows += scan.count - before
        onProgress?.(rows)
        await setImmediate(undefined, { signal })
      }
      findings.push(...scan.findings(opened?.head))
    }
    // A table that the head knows and this program doesn't can't be there: the schema was checked.
    return { head: opened?.mark, rows, findings }
  } finally {
    db.close()
  }
}

function openedHead(db: DatabaseSync, keys: IntegrityKeys): ReturnType<typeof readHead> | undefined {
  try {
    return readHead(db, keys)
  } catch (error) {
    if (error instanceof IntegrityError) return undefined
    throw error
  }
}

class TableScan {
  count = 0
  readonly #keys: IntegrityKeys
  readonly #entity: AnyEntity
  readonly #select: StatementSync
  readonly #sum = Buffer.alloc(macLength)
  readonly #bad: string[] = []
  #unlisted = 0
  #last = Number.MIN_SAFE_INTEGER

  constructor(db: DatabaseSync, keys: IntegrityKeys, entity: AnyEntity) {
    this.#keys = keys
    this.#entity = entity
    // By rowid: the order in which the table lies on disk. What somebody gave a rowid that a number can't hold counts as
    // missing.
    this.#select = db.prepare(
      `SELECT rowid, ${rowColumns(entity)} FROM ${entity.table}
       WHERE rowid > ? AND rowid <= ${Number.MAX_SAFE_INTEGER} ORDER BY rowid LIMIT ?`,
    )
  }

  /** Verifies the next `limit` rows; false when there are no more. */
  step(limit: number): boolean {
    let found = 0
    for (const sqlRow of this.#select.iterate(this.#last, limit)) {
      const row = storedRow(this.#entity, sqlRow)
      if (typeof sqlRow['rowid'] === 'number') this.#last = sqlRow['rowid']
      found += 1
      if (isAuthentic(this.#keys.stateMac, this.#entity, row)) {
        const element = elementOf(this.#keys.stateMac, this.#entity, row)
        accumulate(this.#sum, element)
      } else if (this.#bad.length < listed) this.#bad.push(primaryKeyText(this.#entity, row.columns))
      else this.#unlisted += 1
    }
    this.count += found
    return found === limit
  }

  findings(head: SealedHead | undefined): readonly Finding[] {
    const { table } = this.#entity
    const findings: Finding[] = this.#bad.map((primaryKey) => ({ kind: 'row', table, primaryKey }))
    if (this.#unlisted > 0) findings.push({ kind: 'more rows', table, count: this.#unlisted })
    if (head === undefined) return findings
    const expected = head.tables.get(table) ?? { count: 0, xor: Buffer.alloc(macLength) }
    // With bad rows the sum differs anyway; a wrong number of rows says that others are missing or too many as well.
    const sumDiffers = this.#bad.length === 0 && !expected.xor.equals(this.#sum)
    if (expected.count !== this.count || sumDiffers) {
      findings.push({ kind: 'table', table, expectedRows: expected.count, foundRows: this.count })
    }
    this.#sum.fill(0)
    return findings
  }
}
