import type { LastKeyUse } from '#ports/key-usage.ts'
import { readNotes } from './key-use-notes.ts'
import { parseKeyUse } from './key-use-text.ts'
import type { KeyUseChange, KeyUseTable } from './key-use-table.ts'
import type { Replay } from './key-use-replay.ts'
import { genesis } from './page.ts'
import type { Head } from './page.ts'
import { gone, WaitingUses } from './waiting-uses.ts'

export interface KeyUsesOptions {
  readonly table: KeyUseTable
  /** The end of the trail: what was appended up to there has been noted, once this thread does something else. */
  readonly position: () => Head
  /** Whether the trail may be written now. */
  readonly mayWrite: () => boolean
  /** Uses could not be stored; called when that begins. */
  readonly report: (what: string, error: unknown) => void
  /** So many keys may wait in memory before storing them keeps pace with what comes. Default 20,000, some 6 MB. */
  readonly maxWaiting?: number
}

// What one step stores: some milliseconds.
const stepRows = 256
// Storing begins when so many records would have to be read again after a crash: some two seconds' work.
const maxRecords = 200_000
// And after this many calls of `tick`, about as many seconds.
const maxTicks = 60
// A table that can't be written for long must not fill the memory: beyond so many times what may wait, all is given up.
const givenUpFactor = 10
// Deleted keys whose uses are no longer noted. What a worker still has to tell of a key comes within seconds of its deletion.
const mostDeleted = 10_000

/**
 * When keys were last used: the table of last uses and, in memory, what is newer. Nothing is written for a use but its audit
 * record: from those the next start reads what was still in memory (docs/adr/0015-last-use-of-keys.md). Belongs to the thread
 * that writes the trail.
 */
export class KeyUses {
  readonly #options: KeyUsesOptions
  readonly #maxWaiting: number
  /** The last uses since the last round of storing began. */
  #recent = new WaitingUses()
  /** What the round still has to store, its keys in the order in which they are. What is in `#recent` is newer. */
  #saving = new WaitingUses()
  #order: readonly string[] = []
  /** What is complete once the round is over; undefined between rounds. */
  #round: Head | undefined
  /** Where a replay is. */
  #replayed: Head | undefined
  /**
   * Keys that were deleted, the earliest first. A request that used one before that may be told of afterwards: noted, it would
   * leave a row that nothing ever removes.
   */
  readonly #deleted = new Set<string>()
  #since: number
  #ticks = 0
  #failing = false
  #lost: Error | undefined

  constructor(options: KeyUsesOptions) {
    this.#options = options
    this.#maxWaiting = options.maxWaiting ?? 20_000
    this.#since = options.table.state?.since ?? 0
  }

  /**
   * Notes what the trail tells of uses behind those that are stored. To be called once, before anything else. Throws what
   * reading throws: IntegrityError where the trail is not what was written.
   */
  recover({ since, pages }: Replay): void {
    this.#since = since
    for (const { used, head } of pages) {
      if (head !== undefined) this.#replayed = head
      this.note([used])
    }
    this.#replayed = undefined
    // What comes from now on is of keys that are there: a test profile may have chosen the id of a deleted one again.
    this.#deleted.clear()
  }

  /** Keys whose last use is in memory. */
  get waiting(): number {
    return this.#recent.size + this.#saving.size
  }

  /**
   * Notes the uses of pages that have just become durable: all that one append stored, in its order (key-use-notes.ts).
   * Never throws.
   */
  note(pages: Iterable<Buffer | undefined>): void {
    if (this.#lost !== undefined) return
    const recent = this.#recent
    const deleted = this.#deleted
    let noted = 0
    for (const notes of pages) {
      if (notes === undefined) continue
      noted += readNotes(notes, (key, start, end) => {
        if (start === end) this.#forget(key)
        else if (deleted.size === 0 || !deleted.has(key)) recent.set(key, notes, start, end)
      })
    }
    this.#bound(noted)
  }

  /** The key is gone, and what is known of its use goes too. */
  forget(key: string): void {
    if (this.#lost !== undefined) return
    this.#forget(key)
    this.#bound(1)
  }

  /** A key came to be: of one with the same ARN before it, which only a test profile can have had, nobody tells any more. */
  begin(key: string): void {
    this.#deleted.delete(key)
  }

  #forget(key: string): void {
    this.#recent.forget(key)
    this.#deleted.add(key)
    if (this.#deleted.size <= mostDeleted) return
    for (const earliest of this.#deleted) {
      this.#deleted.delete(earliest)
      break
    }
  }

  /**
   * The last use of the key with the ARN `key`. Throws IntegrityError when what is stored is not what was written, and the
   * reason when uses are missing because they could not be stored.
   */
  last(key: string): LastKeyUse {
    if (this.#lost !== undefined) throw this.#lost
    const text = this.#recent.text(key) ?? this.#saving.text(key) ?? this.#options.table.read(key)
    const use = text === undefined || text === gone ? undefined : parseKeyUse(text)
    return { use, trackedSince: this.#since }
  }

  /** To be called about once a second: 'more' when another step of storing should follow, with other work in between. */
  tick(): 'more' | 'done' {
    this.#ticks += 1
    const { table } = this.#options
    const records = this.#position().seq - (table.state?.head.seq ?? 0)
    const isDue = records >= maxRecords || (this.#ticks >= maxTicks && this.waiting > 0)
    return this.#round !== undefined || isDue ? this.step() : 'done'
  }

  /** Stores some of what waits, and says whether there is more of this round. What fails is tried again by the next call. */
  step(): 'more' | 'done' {
    const { table, mayWrite, report } = this.#options
    if (this.#lost !== undefined || !mayWrite()) return 'done'
    this.#round ??= this.#beginRound()
    const keys = this.#order.slice(-this.#saving.size).slice(0, stepRows)
    const changes = keys.map((key): KeyUseChange => {
      const text = this.#saving.text(key)
      return [key, text === gone ? undefined : text]
    })
    const isLast = changes.length === this.#saving.size
    try {
      table.save(changes, { head: isLast ? this.#round : (table.state?.head ?? genesis), since: this.#since })
    } catch (error) {
      if (!this.#failing) report('the last uses of keys could not be stored', error)
      this.#failing = true
      return 'done'
    }
    this.#failing = false
    for (const key of keys) this.#saving.delete(key)
    if (!isLast) return 'more'
    this.#saving.clear()
    this.#order = []
    this.#round = undefined
    return 'done'
  }

  /** Stores all that waits, unless it can't be: then the next start reads it from the trail. */
  close(): void {
    const { table } = this.#options
    const isBehind = (): boolean => this.waiting > 0 || table.state?.head.seq !== this.#position().seq
    // The second round has what the first one left.
    for (let round = 0; round < 2 && isBehind(); round += 1) while (this.step() === 'more');
    table.close()
  }

  #position(): Head {
    return this.#replayed ?? this.#options.position()
  }

  #beginRound(): Head {
    const before = this.#saving
    this.#saving = this.#recent
    this.#recent = before
    // In the order of the table: neighbours share its pages, each of which is written once for them all.
    this.#order = this.#saving.sortedKeys()
    this.#ticks = 0
    return this.#position()
  }

  /** Stores at least as many as were `noted` while too many wait: so no more than that ever do. */
  #bound(noted: number): void {
    if (this.waiting < this.#maxWaiting) return
    for (let stored = 0; stored < noted && this.waiting > 0; stored += stepRows) this.step()
    if (this.waiting < this.#maxWaiting * givenUpFactor) return
    this.#lost ??= new Error(
      'when keys were last used can not be told before the next start, which reads it from the audit trail: it could not be stored for too long',
    )
    this.#options.report('the last uses of keys are no longer followed', this.#lost)
    this.#recent.clear()
    this.#saving.clear()
    this.#order = []
  }
}
