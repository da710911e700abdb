/**
 * The one writer, on the primary thread: commits of all workers in one transaction at a time, pages of records in one
 * append, and the drain of the outbox into the trail. What came in while the disk was synced is the next group.
 */
import { dayMs } from '#base/day.ts'
import type { RevisionSlots } from '#cache/revision-slots.ts'
import type { KeyUses } from '#audit/key-uses.ts'
import type { GuardedTrail } from '#audit/failure-policy.ts'
import type { Page } from '#audit/page.ts'
import type { Trail } from '#audit/trail.ts'
import { keyArn } from '#base/arn.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import { touchedBy, type Change } from '#records/change.ts'
import type { Anchor } from '#storage/anchor.ts'
import { consecutive, requireGiven } from '#storage/sqlite/outbox.ts'
import type { SqliteWriter } from '#storage/sqlite/writer.ts'

export interface WriterParts {
  readonly storage: SqliteWriter
  readonly trail: Trail
  readonly guarded: GuardedTrail
  readonly anchor: Anchor
  readonly slots: RevisionSlots
  readonly keyUses: Pick<KeyUses, 'note' | 'begin' | 'forget'>
  /** Something failed that no request can be told: logged. */
  readonly report: (what: string, error: unknown) => void
}

interface WaitingCommit {
  readonly commit: Commit
  readonly done: (outcome: CommitOutcome | Error) => void
}
/** A page, and the uses of keys that its records tell of (audit/key-use-notes.ts). */
type UsingPage = Page & { readonly used?: Uint8Array<ArrayBuffer> | undefined }

interface WaitingPage {
  readonly page: UsingPage
  readonly done: (failure: Error | undefined) => void
}

// One step of draining: what it takes is what a waiting page waits.
const drainBatch = 500
const drainBytes = 1_048_576
// Draining waits a moment so that a burst of changes is moved together; readers of the trail drain first.
const drainDelayMs = 25

/**
 * How much may wait in the outbox, in records and in bytes, before changes are refused: a trail that can't be written would
 * otherwise let the keys' database grow until the disk is full. A quarter of the free space that is kept by default, and
 * some ten thousand changes.
 */
const outboxRecords = 10_000
const outboxBytes = 16_777_216

// Records of one moment reach the trail in no particular order, and a clock may be set.
const forgottenAfterMs = dayMs

export class Writer {
  readonly #parts: WriterParts
  #commits: WaitingCommit[] = []
  #pages: WaitingPage[] = []
  #scheduled = false
  #drainTimer: NodeJS.Timeout | undefined
  #draining = false
  #anchored = -1
  #closed = false
  /** The last entry of the outbox that the trail may have: it had it at the start, or was given it here. */
  #offered: number
  /** The last entry that is known to be gone from the outbox. */
  #removed = 0
  /** Something was deleted, and its bytes are still in the log of the database. */
  #logHoldsDeleted = false
  /** What was reported and still fails, with the kind of its failure. */
  readonly #failing = new Map<string, string>()

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#offered = parts.trail.lastOutboxId
  }

  /** After `close` nothing is stored any more: what comes is refused. */
  get isClosed(): boolean {
    return this.#closed
  }

  page(page: UsingPage, done: WaitingPage['done']): void {
    if (this.#closed) {
      done(closedError())
      return
    }
    this.#pages.push({ page, done })
    this.#schedule()
  }

  commit(commit: Commit, done: WaitingCommit['done']): void {
    if (this.#closed) {
      done(closedError())
      return
    }
    this.#commits.push({ commit, done })
    this.#schedule()
  }

  /** The same for the primary's own jobs and commands. */
  commitNow(commit: Commit): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.commit(commit, (outcome) => {
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      })
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Stores all that waits and answers it. */
  flush(): void {
    this.#storePages()
    this.#storeCommits()
  }

  #storePages(): void {
    if (this.#pages.length === 0) return
    const waiting = this.#pages
    this.#pages = []
    const failure = this.#parts.guarded.append(waiting.map(({ page }) => page))
    // Before the answers: who has one may ask when the key was last used.
    if (failure === undefined) this.#parts.keyUses.note(waiting.map(({ page: { used } }) => used && asBuffer(used)))
    for (const { done } of waiting) this.#answer(() => done(failure))
  }

  /** One answer that can't be given must not keep the others from theirs. */
  #answer(give: () => void): void {
    try {
      give()
    } catch (error) {
      this.#parts.report('an outcome could not be told', error)
    }
  }

  #storeCommits(): void {
    if (this.#commits.length === 0) return
    const { storage, slots, keyUses } = this.#parts
    const waiting = this.#commits
    this.#commits = []
    const refused = this.#changeRefusal()
    const outcomes =
      refused === undefined ? storage.commitAll(waiting.map(({ commit }) => commit)) : waiting.map(() => refused)
    outcomes.forEach((outcome, index) => {
      if (outcome !== 'committed') return
      for (const change of waiting[index]?.commit.changes ?? []) {
        for (const name of touchedBy(change)) slots.raise(name)
        if (removesSecret(change)) this.#logHoldsDeleted = true
        if (change.kind === 'key added') keyUses.begin(keyArn(change.key.region, change.key.account, change.key.keyId))
        if (change.kind === 'key deleted')
          keyUses.forget(keyArn(change.place.region, change.place.account, change.keyId))
      }
    })
    this.#writeAnchor()
    waiting.forEach(({ done }, index) => {
      this.#answer(() => done(outcomes[index] ?? new Error('a commit without an outcome')))
    })
    this.#drainTimer ??= setTimeout(() => {
      this.#drainTimer = undefined
      this.#drainSlice()
    }, drainDelayMs)
  }

  #changeRefusal(): Error | undefined {
    const { storage, trail, guarded } = this.#parts
    const refused = guarded.changeRefusal()
    if (refused !== undefined) return refused
    const waiting = storage.lastOutboxId - trail.lastOutboxId
    if (waiting < outboxRecords && storage.outboxBytes < outboxBytes) return undefined
    const reason = guarded.lastError() ?? 'they could not be moved to it'
    return new Error(
      `no change is made before the audit records of earlier ones are in the trail: ${waiting} records (${storage.outboxBytes} bytes) wait, and ${outboxRecords} (${outboxBytes} bytes) are the most: ${reason}`,
    )
  }

  /** Moves all that waits in the outbox to the trail; what fails stays there and is tried again by `tick`. */
  drain(): void {
    while (this.#drainStep() === 'more');
  }

  /** The same in steps, with the pages and commits that came meanwhile between them. */
  #drainSlice(): void {
    if (this.#draining || this.#closed) return
    if (this.#drainStep() === 'done') return
    this.#draining = true
    setImmediate(() => {
      this.#draining = false
      this.#drainSlice()
    })
  }

  #drainStep(): 'more' | 'done' {
    const what = 'the outbox could not be drained into the trail'
    try {
      const more = this.#moveBatch()
      this.#failing.delete(what)
      if (more) return 'more'
    } catch (error) {
      this.#reportOnce(what, error)
    }
    this.#writeAnchor()
    return 'done'
  }

  /** Whether there is more. Throws why a batch stays where it is. */
  #moveBatch(): boolean {
    const { storage, guarded, trail } = this.#parts
    const moved = trail.lastOutboxId
    requireGiven(moved, storage.lastOutboxId)
    if (moved > this.#offered) {
      throw new IntegrityError(
        `The audit trail says that it has the records of changes up to number ${moved}, but was given none after ${this.#offered}.`,
      )
    }
    const entries = consecutive(moved, storage.outbox(moved, drainBatch, drainBytes), storage.lastOutboxId)
    const last = entries.at(-1)?.id ?? moved
    if (last > moved) {
      // Also when it fails: what is reported as not stored may be in the trail all the same once it is opened anew.
      this.#offered = Math.max(this.#offered, last)
      const failure = guarded.appendFromOutbox(entries)
      if (failure !== undefined) throw failure
    }
    if (this.#removed < last) {
      // A crash between the two databases leaves entries that the trail has already: they go with the first batch.
      storage.removeFromOutbox(last)
      this.#removed = last
    }
    return storage.lastOutboxId > last
  }

  /**
   * Writes what was deleted out of the log of the keys' database, where its bytes live on until then; tried again by `tick`
   * while a reader is in the way.
   */
  emptyLog(): void {
    const what = "the log of the keys' database could not be emptied"
    try {
      this.#logHoldsDeleted = !this.#parts.storage.checkpoint()
      this.#failing.delete(what)
    } catch (error) {
      this.#logHoldsDeleted = true
      this.#reportOnce(what, error)
    }
  }

  /**
   * One step of forgetting the policy texts that no record of the trail can speak of any more: 'more' when another should
   * follow. Failures are reported, and the next day's first step begins anew.
   */
  forgetPolicyTexts(): 'more' | 'done' {
    const { storage, trail, guarded } = this.#parts
    const what = 'policy texts could not be forgotten'
    if (this.#closed || guarded.changeRefusal() !== undefined) return 'done'
    try {
      const oldest = trail.oldest()
      if (oldest === undefined) return 'done'
      const step = storage.forgetPolicyTexts(oldest - forgottenAfterMs)
      this.#writeAnchor()
      this.#failing.delete(what)
      return step
    } catch (error) {
      this.#reportOnce(what, error)
      return 'done'
    }
  }

  /** To be called about once a second: recovery, what failed before, and the anchor of a trail that grew. */
  tick(): void {
    const { guarded, trail, storage } = this.#parts
    guarded.tick()
    if (storage.lastOutboxId !== trail.lastOutboxId || this.#removed < trail.lastOutboxId) this.#drainSlice()
    if (this.#logHoldsDeleted) this.emptyLog()
    if (trail.head().seq !== this.#anchored) this.#writeAnchor()
  }

  /** Reports a failure that is tried again every second when it begins, or becomes another. */
  #reportOnce(what: string, error: unknown): void {
    const kind = error instanceof Error ? error.name : 'unknown'
    if (this.#failing.get(what) === kind) return
    this.#failing.set(what, kind)
    this.#parts.report(what, error)
  }

  #writeAnchor(): void {
    const { storage, trail, anchor, report } = this.#parts
    const head = storage.head()
    const { seq, hash } = trail.head()
    try {
      anchor.write({
        revision: head.revision,
        headDigest: head.digest,
        trailSequence: seq,
        trailHash: hash.toString('hex'),
      })
      this.#anchored = seq
    } catch (error) {
      report('the anchor could not be written', error)
    }
  }

  /** Stores what waits and stops: what comes afterwards is refused. */
  close(): void {
    if (this.#closed) return
    this.flush()
    this.drain()
    if (this.#logHoldsDeleted) this.emptyLog()
    this.#closed = true
    clearTimeout(this.#drainTimer)
  }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function closedError(): Error {
  return new Error('the server is ending: nothing is stored any more')
}

const secretRemovals: ReadonlySet<Change['kind']> = new Set([
  'key deleted',
  'key material removed',
  'access key removed',
  'access key changed',
])

/** Whether key material or the secret of an access key is deleted or overwritten by `change`. */
function removesSecret({ kind }: Change): boolean {
  return secretRemovals.has(kind)
}
