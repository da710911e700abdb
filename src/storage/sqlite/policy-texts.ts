/** The texts of policies that were in force, for as long as the trail speaks of them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import { sha256Hex } from '#crypto/hmac.ts'
import { textsIn } from '#records/policy-texts.ts'
import type { Entity } from '../entity.ts'
import { iamEntity } from '../iam-entity.ts'
import { accountEntity } from '../identity-entities.ts'
import { keyEntity } from '../key-entities.ts'
import { policyTextEntity } from '../policy-text-entity.ts'
import type { PolicyTextRecord } from '../policy-text-entity.ts'
import { fromRow, isAuthentic } from '../stored-row.ts'
import type { Tally } from '../tally.ts'
import { rowColumns, storedRow } from './rows.ts'
import { TableWriter } from './table-writer.ts'

// A step is what a waiting commit waits: some milliseconds, also when each text has 32 kB.
const rowsPerStep = 100
// Texts that one scan of all policies decides on; they are remembered by their digests.
const textsPerScan = 10_000

/** One piece of a pass: there is more to do, nothing more, or these texts (by hash) can be removed. */
type Step = 'more' | 'done' | readonly string[]

interface Pass {
  readonly before: number
  /** The last text that was looked at. */
  cursor: { readonly keptAt: number; readonly hash: string }
  /** Hashes by the digests of texts that no policy was found to have. */
  readonly unused: Map<string, string[]>
  /** Whether no texts are left behind the cursor. */
  isLast: boolean
  scan: Iterator<void> | undefined
  isScanned: boolean
}

/** Keeps policy texts and finds those that can be forgotten; changes are valid inside a transaction of the caller. */
export class PolicyTexts {
  readonly #rowKey: HmacKey
  readonly #rows: TableWriter<PolicyTextRecord>
  readonly #old: StatementSync
  readonly #policies: readonly PolicySource[]
  #pass: Pass | undefined

  constructor(db: DatabaseSync, rowKey: HmacKey) {
    this.#rowKey = rowKey
    this.#rows = new TableWriter(db, rowKey, policyTextEntity)
    this.#old = db.prepare(
      `SELECT ${rowColumns(policyTextEntity)} FROM policy_text
       WHERE policy_text.kept_at < ? AND (policy_text.kept_at, hash) > (?, ?)
       ORDER BY policy_text.kept_at, hash LIMIT ?`,
    )
    this.#policies = [
      policySource(db, rowKey, keyEntity, textsIn.key),
      policySource(db, rowKey, iamEntity, textsIn.iam),
      policySource(db, rowKey, accountEntity, textsIn.account),
    ]
  }

  /** A text that is kept already stays as it is; only the time moves, and never back. */
  keep(tally: Tally, record: PolicyTextRecord): boolean {
    this.inForce([record.text])
    const kept = this.#rows.find([record.hash])
    if (kept === undefined) return this.#rows.add(tally, record)
    return kept.keptAt >= record.keptAt || this.#rows.change(tally, { ...kept, keptAt: record.keptAt })
  }

  /** Tells a pass under way that policies with these texts were written, perhaps where it has been already. */
  inForce(texts: readonly string[]): void {
    const unused = this.#pass?.unused
    if (unused === undefined || unused.size === 0) return
    for (const text of texts) unused.delete(digestOf(text))
  }

  /**
   * The next bounded piece of a pass over the texts kept before `before` (epoch milliseconds; of a pass under way: its own).
   * Throws IntegrityError, and the next call begins anew, when a policy is not what was written: nobody knows its text.
   */
  step(before: number): Step {
    const pass = (this.#pass ??= newPass(before))
    try {
      const step = this.#step(pass)
      if (step === 'done') this.#pass = undefined
      return step
    } catch (error) {
      this.#pass = undefined
      throw error
    }
  }

  /** Removes texts by hash. */
  remove(tally: Tally, hashes: readonly string[]): void {
    for (const hash of hashes) this.#rows.remove(tally, [hash])
  }

  #step(pass: Pass): Step {
    if (pass.scan === undefined && !pass.isScanned) return this.#collect(pass)
    if (pass.scan !== undefined) {
      if (pass.scan.next().done === true) {
        pass.scan = undefined
        pass.isScanned = true
      }
      return 'more'
    }
    const removed = [...pass.unused].slice(0, rowsPerStep)
    for (const [digest] of removed) pass.unused.delete(digest)
    if (removed.length > 0) return removed.flatMap(([, hashes]) => hashes)
    pass.isScanned = false
    return pass.isLast ? 'done' : 'more'
  }

  #collect(pass: Pass): Step {
    const { keptAt, hash } = pass.cursor
    const rows = this.#old.all(pass.before, keptAt, hash, rowsPerStep)
    for (const sqlRow of rows) {
      const row = storedRow(policyTextEntity, sqlRow)
      pass.cursor = { keptAt: Number(sqlRow['kept_at']), hash: String(sqlRow['hash']) }
      // One that is not what was written stays for whoever repairs it.
      if (!isAuthentic(this.#rowKey, policyTextEntity, row)) continue
      const text = fromRow(this.#rowKey, policyTextEntity, row)
      const digest = digestOf(text.text)
      pass.unused.set(digest, [...(pass.unused.get(digest) ?? []), text.hash])
    }
    pass.isLast = rows.length < rowsPerStep
    if (pass.isLast && pass.unused.size === 0) return 'done'
    if (pass.isLast || pass.unused.size >= textsPerScan) pass.scan = this.#scan(pass)
    return 'more'
  }

  /** Looks at all policies, some at each turn. */
  *#scan({ unused }: Pass): Iterator<void> {
    for (const textsAfter of this.#policies) {
      for (let last: number | undefined = 0; last !== undefined;) {
        const found: Texts = textsAfter(last)
        for (const text of found.texts) unused.delete(digestOf(text))
        last = found.last
        yield
      }
    }
  }
}

function newPass(before: number): Pass {
  const cursor = { keptAt: Number.MIN_SAFE_INTEGER, hash: '' }
  return { before, cursor, unused: new Map(), isLast: false, scan: undefined, isScanned: false }
}

function digestOf(text: string): string {
  return sha256Hex(text)
}

interface Texts {
  readonly texts: readonly string[]
  /** Behind which row the next ones are; undefined when there are no more. */
  readonly last: number | undefined
}

/** The texts of the policies in the rows that follow a rowid. */
type PolicySource = (after: number) => Texts

function policySource<T extends object>(
  db: DatabaseSync,
  rowKey: HmacKey,
  entity: Entity<T>,
  textsOf: (record: T) => readonly string[],
): PolicySource {
  const select = db.prepare(
    `SELECT rowid, ${rowColumns(entity)} FROM ${entity.table} WHERE rowid > ? ORDER BY rowid LIMIT ${rowsPerStep}`,
  )
  return (after) => {
    const rows = select.all(after)
    const texts = rows.flatMap((row) => textsOf(fromRow(rowKey, entity, storedRow(entity, row))))
    return { texts, last: rows.length < rowsPerStep ? undefined : Number(rows.at(-1)?.['rowid']) }
  }
}
