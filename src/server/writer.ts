/**
 * The one writer, on the primary thread: commits of all workers in one transaction at a time, pages of records in one
 * append, and the drain of the outbox into the trail. What came in while the disk was synced is the next group.
 */
import type { RevisionSlots } from '#cache/revision-slots.ts'
import type { GuardedTrail } from '#audit/failure-policy.ts'
import type { Page } from '#audit/page.ts'
import type { Trail } from '#audit/trail.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import { touchedBy } from '#records/change.ts'
import type { Anchor } from '#storage/anchor.ts'
import type { SqliteWriter } from '#storage/sqlite/writer.ts'

export interface WriterParts {
  readonly storage: SqliteWriter
  readonly trail: Trail
  readonly guarded: GuardedTrail
  readonly anchor: Anchor
  readonly slots: RevisionSlots
  /** Something failed that no request can be told: logged. */
  readonly report: (what: string, error: unknown) => void
}

interface WaitingCommit {
  readonly commit: Commit
  readonly done: (outcome: CommitOutcome | Error) => void
}
interface WaitingPage {
  readonly page: Page
  readonly done: (failure: Error | undefined) => void
}

const drainBatch = 1000
// Draining waits a moment so that a burst of changes is moved together; readers of the trail drain first.
const drainDelayMs = 25

export class Writer {
  readonly #parts: WriterParts
  #commits: WaitingCommit[] = []
  #pages: WaitingPage[] = []
  #scheduled = false
  #drainTimer: NodeJS.Timeout | undefined
  #anchored = -1

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  page(page: Page, done: WaitingPage['done']): void {
    this.#pages.push({ page, done })
    this.#schedule()
  }

  commit(commit: Commit, done: WaitingCommit['done']): void {
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
    for (const { done } of waiting) done(failure)
  }

  #storeCommits(): void {
    if (this.#commits.length === 0) return
    const { storage, guarded, slots } = this.#parts
    const waiting = this.#commits
    this.#commits = []
    const refused = guarded.changeRefusal()
    const outcomes =
      refused === undefined ? storage.commitAll(waiting.map(({ commit }) => commit)) : waiting.map(() => refused)
    outcomes.forEach((outcome, index) => {
      if (outcome !== 'committed') return
      for (const change of waiting[index]?.commit.changes ?? []) slots.raise(touchedBy(change))
    })
    this.#writeAnchor()
    waiting.forEach(({ done }, index) => done(outcomes[index] ?? new Error('a commit without an outcome')))
    this.#drainTimer ??= setTimeout(() => {
      this.#drainTimer = undefined
      this.drain()
    }, drainDelayMs)
  }

  /** Moves what waits in the outbox to the trail; what fails stays there and is tried again. */
  drain(): void {
    const { storage, guarded, trail, report } = this.#parts
    try {
      for (;;) {
        const entries = storage.outbox(0, drainBatch)
        const last = entries.at(-1)
        if (last === undefined) break
        // A crash between the two databases leaves entries here that the trail has already: it knows the last one.
        const fresh = entries.filter(({ id }) => id > trail.lastOutboxId)
        const failure = fresh.length === 0 ? undefined : guarded.appendFromOutbox(fresh)
        if (failure !== undefined) {
          report('the outbox could not be drained into the trail', failure)
          break
        }
        storage.removeFromOutbox(last.id)
      }
    } catch (error) {
      report('the outbox could not be drained into the trail', error)
    }
    this.#writeAnchor()
  }

  /** To be called about once a second: recovery, the anchor of a trail that grew, and quiet-time upkeep. */
  tick(): void {
    const { guarded, trail } = this.#parts
    guarded.tick()
    if (trail.head().seq !== this.#anchored) this.#writeAnchor()
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

  /** Stores what waits and stops. */
  close(): void {
    if (this.#drainTimer !== undefined) clearTimeout(this.#drainTimer)
    this.flush()
    this.drain()
  }
}
