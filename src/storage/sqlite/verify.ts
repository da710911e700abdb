/** The full scan: is what is stored exactly what was written? */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { IntegrityError } from '#base/integrity-error.ts'
import { accumulate, macLength } from '#crypto/row-mac.ts'
import type { SealedHead } from '#crypto/row-mac.ts'
import type { TableName } from '../entity.ts'
import { iamEntity } from '../iam-entity.ts'
import { accessKeyEntity, accountEntity } from '../identity-entities.ts'
import { aliasEntity, grantEntity, keyEntity, keyMaterialEntity } from '../key-entities.ts'
import { policyTextEntity } from '../policy-text-entity.ts'
import { elementOf, isAuthentic, primaryKeyText } from '../stored-row.ts'
import type { AnyEntity, IntegrityKeys } from '../stored-row.ts'
import { AnchorError, checkAnchor } from '../anchor.ts'
import type { AnchorState } from '../anchor.ts'
import { openForReading } from './connection.ts'
import { guarded } from './failures.ts'
import { readHead } from './head.ts'
import type { HeadMark } from './head.ts'
import { refuseNewer } from './migrate.ts'
import { isAuthenticEntry, storedEntry } from './outbox.ts'
import { rowColumns, storedRow } from './rows.ts'

export type Finding =
  /** The row's MAC is not that of its contents: it was edited, swapped with another or made up. */
  | { readonly kind: 'row'; readonly table: TableName | 'outbox'; readonly primaryKey: string }
  /** More such rows than are listed one by one. */
  | { readonly kind: 'more rows'; readonly table: TableName; readonly count: number }
  /** Each row may be authentic, but they are not the rows there should be: some were deleted, added, or set back. */
  | { readonly kind: 'table'; readonly table: string; readonly expectedRows: number; readonly foundRows: number }
  /**
   * With its bad rows as they are, the sum of the table can't be compared: it can't be told whether all its other rows are
   * the ones there should be, or whether some were set back or exchanged.
   */
  | { readonly kind: 'undecided'; readonly table: TableName }
  | { readonly kind: 'head' }
  /** The whole database is older than its anchor, or another one. */
  | { readonly kind: 'anchor'; readonly problem: string }

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
  /** What the anchor remembered before this was called. */
  readonly anchor?: AnchorState | undefined
  /** Rows between two pauses in which other work gets its turn. */
  readonly chunk?: number
  /** Called after each chunk with the number of rows verified so far. */
  readonly onProgress?: (rows: number) => void
  readonly signal?: AbortSignal
}

const entities: Readonly<Record<TableName, AnyEntity>> = {
  account: accountEntity,
  access_key: accessKeyEntity,
  iam: iamEntity,
  key: keyEntity,
  key_material: keyMaterialEntity,
  alias: aliasEntity,
  key_grant: grantEntity,
  policy_text: policyTextEntity,
}

/** Rows that a finding names one by one, for each table. */
const listed = 100

/**
 * Verifies every row, and every table's sum against the head, on a connection of its own and in one snapshot: commits go on
 * meanwhile and are not seen. (The log can't be emptied before it ends.) Memory is bounded whatever the size. Throws
 * StorageError when the database can't be read, and the signal's reason when it is aborted.
 */
export async function verifyAll(options: VerifyOptions): Promise<Verification> {
  const { file, keys, anchor, chunk = 2_000, onProgress, signal } = options
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
    else if (anchor !== undefined) findings.push(...anchorFindings(anchor, opened.mark))
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
    findings.push(...guarded(file, 'verified', () => outboxFindings(db, keys, opened?.head)))
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

function anchorFindings(anchor: AnchorState, mark: HeadMark): readonly Finding[] {
  try {
    checkAnchor(anchor, mark)
    return []
  } catch (error) {
    if (error instanceof AnchorError) return [{ kind: 'anchor', problem: error.message }]
    throw error
  }
}

/**
 * Waiting audit records: bounded in number, so all at once. Which of the first ones are in the trail only the trail can tell;
 * those that are here have to be the last ones, without a gap.
 */
function outboxFindings(db: DatabaseSync, keys: IntegrityKeys, head: SealedHead | undefined): readonly Finding[] {
  const findings: Finding[] = []
  let first: number | undefined
  let last = 0
  let count = 0
  for (const row of db.prepare('SELECT id, record, mac FROM outbox ORDER BY id').iterate()) {
    const entry = storedEntry(row)
    first ??= entry.id
    last = entry.id
    count += 1
    if (isAuthenticEntry(keys.stateMac, entry)) continue
    if (findings.length < listed) findings.push({ kind: 'row', table: 'outbox', primaryKey: String(entry.id) })
  }
  if (head === undefined || first === undefined) return findings
  const expected = Math.max(head.lastOutboxId - first + 1, 0)
  if (expected !== count || last !== head.lastOutboxId) {
    findings.push({ kind: 'table', table: 'outbox', expectedRows: expected, foundRows: count })
  }
  return findings
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
      // A row whose content alone was edited still has the element it had.
      accumulate(this.#sum, elementOf(this.#keys.stateMac, this.#entity, row))
      if (isAuthentic(this.#keys.stateMac, this.#entity, row)) continue
      if (this.#bad.length < listed) this.#bad.push(primaryKeyText(this.#entity, row.columns))
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
    const sumDiffers = !expected.xor.equals(this.#sum)
    // A sum that is right although rows are bad vouches for all the others. One that is wrong may be so because of the bad
    // rows alone; a wrong number of rows can't be.
    if (expected.count !== this.count || (sumDiffers && this.#bad.length === 0)) {
      findings.push({ kind: 'table', table, expectedRows: expected.count, foundRows: this.count })
    } else if (sumDiffers) findings.push({ kind: 'undecided', table })
    this.#sum.fill(0)
    return findings
  }
}
