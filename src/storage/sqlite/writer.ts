import type { DatabaseSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import type { WrappedDomainKey } from '#crypto/key-hierarchy.ts'
import type { Commit, CommitOutcome, OutboxEntry } from '#ports/storage.ts'
import { StorageError } from '../storage-error.ts'
import type { IntegrityKeys } from '../stored-row.ts'
import { Tally } from '../tally.ts'
import { ChangeWriter } from './change-writer.ts'
import { inTransaction, openForWriting, rollBack } from './connection.ts'
import { guarded, storageError } from './failures.ts'
import { readHead, writeHead } from './head.ts'
import type { HeadMark } from './head.ts'
import { domainKeysIn, insertDomainKey, installationIn } from './installation.ts'
import { migrate, refuseNewer } from './migrate.ts'
import { Outbox } from './outbox.ts'
import { PolicyTexts } from './policy-texts.ts'

/**
 * The one connection that writes; the caller holds the directory's lock. Brings the schema up to date. The keys stay the
 * caller's and must outlive the writer. Throws StorageError, and IntegrityError when the head is not what was stored or
 * belongs to another installation.
 */
export function openWriter(file: string, keys: IntegrityKeys): SqliteWriter {
  return new SqliteWriter(file, keys)
}

export class SqliteWriter {
  readonly #file: string
  readonly #keys: IntegrityKeys
  readonly #db: DatabaseSync
  readonly #changes: ChangeWriter
  readonly #outbox: Outbox
  readonly #policyTexts: PolicyTexts
  #mark: HeadMark
  #lastOutboxId: number
  #outboxBytes: number
  /** Undefined when a transaction failed and the sums have to be read again. */
  #tally: Tally | undefined

  constructor(file: string, keys: IntegrityKeys) {
    this.#file = file
    this.#keys = keys
    this.#db = openForWriting(file, false)
    try {
      refuseNewer(this.#db, file)
      guarded(file, 'brought up to date', () => migrate(this.#db, file))
      const { head, mark } = guarded(file, 'read', () => this.#readHead())
      this.#mark = mark
      this.#tally = new Tally(head)
      this.#policyTexts = new PolicyTexts(this.#db, keys.stateMac)
      this.#changes = new ChangeWriter(this.#db, keys.stateMac, this.#policyTexts)
      this.#outbox = new Outbox(this.#db, keys.stateMac)
      this.#lastOutboxId = head.lastOutboxId
      this.#outboxBytes = guarded(file, 'read', () => this.#outbox.size())
    } catch (error) {
      this.#db.close()
      throw storageError(error, file, 'opened for writing')
    }
  }

  /** The head of the last commit, as an anchor remembers it. */
  head(): HeadMark {
    return this.#mark
  }

  /** Throws StorageError or IntegrityError; nothing is stored then. */
  commit(commit: Commit): CommitOutcome {
    const [outcome] = this.commitAll([commit])
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('a commit without an outcome')
    return outcome
  }

  /**
   * Several commits in one transaction, in their order, each against what the ones before it left; one that conflicts or
   * fails stores nothing and leaves the others alone. When the database itself fails, all of them fail. What it answers as
   * committed is durable.
   */
  commitAll(commits: readonly Commit[]): readonly (CommitOutcome | Error)[] {
    if (commits.length === 0) return []
    try {
      this.#db.exec('BEGIN IMMEDIATE')
      const tally = (this.#tally ??= this.#tallyAgain())
      const outcomes = commits.map((commit) => this.#commitOne(tally, commit))
      if (outcomes.includes('committed')) {
        this.#store(tally)
        outcomes.forEach((outcome, index) => {
          const commit = commits[index]
          if (outcome !== 'committed' || commit === undefined) return
          for (const record of recordsOf(commit)) this.#outboxBytes += Buffer.byteLength(record)
        })
      } else {
        this.#db.exec('ROLLBACK')
      }
      tally.settle()
      return outcomes
    } catch (error) {
      this.#tally = undefined
      const failure = this.#afterRollback(storageError(error, this.#file, 'changed'))
      return commits.map(() => failure)
    }
  }

  /** Ends the transaction: what was changed in it is durable on return. */
  #store(tally: Tally): void {
    const head = tally.head()
    const mark = writeHead(this.#db, this.#keys, head)
    this.#db.exec('COMMIT')
    this.#mark = mark
    this.#lastOutboxId = head.lastOutboxId
  }

  #commitOne(tally: Tally, commit: Commit): CommitOutcome | Error {
    const before = tally.mark()
    this.#db.exec('SAVEPOINT one')
    let outcome: CommitOutcome | Error
    try {
      outcome = this.#apply(tally, commit) ? 'committed' : 'conflict'
    } catch (error) {
      // A full disk or an input/output error concerns the whole transaction; SQLite may have ended it already.
      outcome = storageError(error, this.#file, 'changed')
      if (!this.#db.isTransaction || outcome instanceof StorageError) throw outcome
    }
    if (outcome !== 'committed') {
      this.#db.exec('ROLLBACK TO one')
      tally.undoTo(before)
    }
    this.#db.exec('RELEASE one')
    return outcome
  }

  #apply(tally: Tally, commit: Commit): boolean {
    const { changes, expectations } = commit
    if (!expectations.every((expectation) => this.#changes.holds(expectation))) return false
    tally.nextRevision()
    if (!this.#changes.apply(tally, changes)) return false
    for (const record of recordsOf(commit)) this.#outbox.add(tally.nextOutboxId(), record)
    return true
  }

  /**
   * At most `limit` records after `afterId` (0 for the first), and no more once they have `maxBytes` together. Those before
   * one that is not what was written are answered; when that one is the first, IntegrityError is thrown.
   */
  outbox(afterId: number, limit: number, maxBytes?: number): readonly OutboxEntry[] {
    return guarded(this.#file, 'read', () => this.#outbox.read(afterId, limit, maxBytes))
  }

  /** The id of the record that was committed last; 0 before the first. */
  get lastOutboxId(): number {
    return this.#lastOutboxId
  }

  /** Bytes of the records in the outbox. */
  get outboxBytes(): number {
    return this.#outboxBytes
  }

  /**
   * Throws IntegrityError unless every record behind `lastMoved`, the last one that is in the trail, is in the outbox as it
   * was written. Records up to `lastMoved` may be there too: their removal is not synced.
   */
  requireWholeOutbox(lastMoved: number): void {
    guarded(this.#file, 'read', () => this.#outbox.requireWhole(lastMoved, this.#lastOutboxId))
  }

  /**
   * Removes the records up to `uptoId`, which are durable in the trail. The removal itself is not synced: after a power
   * failure some may be there again, and the trail recognises them by their ids.
   */
  removeFromOutbox(uptoId: number): void {
    guarded(this.#file, 'changed', () => {
      this.#db.exec('PRAGMA synchronous = NORMAL')
      try {
        this.#outbox.remove(uptoId)
        this.#outboxBytes = this.#outbox.size()
      } finally {
        this.#db.exec('PRAGMA synchronous = FULL')
      }
    })
  }

  /**
   * Removes policy texts that were kept before `before` (epoch milliseconds) and that no policy of a key, of IAM or of an
   * account has any more. One call does some milliseconds' work of it and answers whether to call again. What it removes has
   * no audit record: what is gone from the trail is nothing that happened. Throws IntegrityError, having removed nothing in
   * this call, when a policy is not what was written; the next call begins anew.
   */
  forgetPolicyTexts(before: number): 'more' | 'done' {
    const step = guarded(this.#file, 'read', () => this.#policyTexts.step(before))
    if (step === 'more' || step === 'done') return step
    try {
      this.#db.exec('BEGIN IMMEDIATE')
      const tally = (this.#tally ??= this.#tallyAgain())
      tally.nextRevision()
      this.#policyTexts.remove(tally, step)
      this.#store(tally)
      tally.settle()
      return 'more'
    } catch (error) {
      this.#tally = undefined
      throw this.#afterRollback(storageError(error, this.#file, 'changed'))
    }
  }

  /**
   * Moves what is in the log to the database file and empties the log, in which deleted rows live on until then. Answers
   * false when a reader is using the log: try again later. Throws StorageError.
   */
  checkpoint(): boolean {
    return guarded(this.#file, 'checkpointed', () => {
      // Without waiting: the caller has other things to do than to wait for the end of a scan.
      this.#db.exec('PRAGMA busy_timeout = 0')
      try {
        return this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
      } finally {
        this.#db.exec('PRAGMA busy_timeout = 5000')
      }
    })
  }

  /** The wrapped domain keys, by epoch ascending. */
  readDomainKeys(): readonly WrappedDomainKey[] {
    return guarded(this.#file, 'read', () => domainKeysIn(this.#db))
  }

  /** Adds a domain key (`created`: epoch milliseconds); it is durable on return. Throws StorageError when its epoch has one. */
  addDomainKey(domainKey: WrappedDomainKey, created: number): void {
    guarded(this.#file, 'changed', () => inTransaction(this.#db, () => insertDomainKey(this.#db, domainKey, created)))
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  /** The sums as they are stored, after a transaction failed: what it said was not stored may be there all the same. */
  #tallyAgain(): Tally {
    const { head, mark } = this.#readHead()
    const isEarlier = mark.revision < this.#mark.revision
    if (isEarlier || (mark.revision === this.#mark.revision && mark.digest !== this.#mark.digest)) {
      throw new IntegrityError(`The sealed head of the database ${this.#file} was set back by another program.`)
    }
    this.#mark = mark
    this.#lastOutboxId = head.lastOutboxId
    return new Tally(head)
  }

  #readHead(): ReturnType<typeof readHead> {
    const found = installationIn(this.#db)
    if (found === undefined) {
      throw new StorageError(
        'missing',
        `The database ${this.#file} has no installation: its first start was never finished.`,
      )
    }
    if (found.id !== this.#keys.installationId) {
      throw new IntegrityError(`The database ${this.#file} belongs to another installation (${found.id}).`)
    }
    return readHead(this.#db, this.#keys)
  }

  #afterRollback(failure: Error): Error {
    try {
      rollBack(this.#db)
      return failure
    } catch (error) {
      return storageError(error, this.#file, 'rolled back')
    }
  }
}

/** The audit records of a commit, its own first. */
function recordsOf({ changes, record }: Commit): readonly string[] {
  return [record, ...changes.flatMap((change) => (change.kind === 'event recorded' ? [change.record] : []))]
}
