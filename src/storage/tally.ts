/** The sums of all tables, kept up to date while changes are applied. */
import { accumulate, macLength } from '#crypto/row-mac.ts'
import type { SealedHead, TableSum } from '#crypto/row-mac.ts'

interface Step {
  readonly table: string
  readonly element: Buffer
  readonly count: 1 | -1
}

/** Where a tally was. */
export interface TallyMark {
  readonly revision: number
  readonly lastOutboxId: number
  readonly steps: number
}

/** Sums that can be taken back to an earlier point, as the database is when a commit turns out to conflict. */
export class Tally {
  #revision: number
  #lastOutboxId: number
  readonly #sums = new Map<string, { count: number; readonly xor: Buffer }>()
  readonly #steps: Step[] = []

  constructor(head: SealedHead) {
    this.#revision = head.revision
    this.#lastOutboxId = head.lastOutboxId
    for (const [table, { count, xor }] of head.tables) this.#sums.set(table, { count, xor: Buffer.from(xor) })
  }

  /** The revision that the changes now being applied will have. */
  get revision(): number {
    return this.#revision
  }

  nextRevision(): void {
    this.#revision += 1
  }

  /** The id of the next record in the outbox. From the sealed head, so that nobody can make ids begin again. */
  nextOutboxId(): number {
    this.#lastOutboxId += 1
    return this.#lastOutboxId
  }

  /** Takes ownership of `element`. */
  add(table: string, element: Buffer): void {
    this.#take({ table, element, count: 1 })
  }

  /** Takes ownership of `element`. */
  remove(table: string, element: Buffer): void {
    this.#take({ table, element, count: -1 })
  }

  /** Where `undoTo` may return to, until `settle`. */
  mark(): TallyMark {
    return { revision: this.#revision, lastOutboxId: this.#lastOutboxId, steps: this.#steps.length }
  }

  undoTo(mark: TallyMark): void {
    for (const { table, element, count } of this.#steps.splice(mark.steps)) {
      // XOR undoes itself.
      const sum = this.#sumOf(table)
      accumulate(sum.xor, element)
      sum.count -= count
      element.fill(0)
    }
    this.#revision = mark.revision
    this.#lastOutboxId = mark.lastOutboxId
  }

  /** Forgets how to undo: what was added and removed is stored. */
  settle(): void {
    for (const { element } of this.#steps.splice(0)) element.fill(0)
  }

  head(): SealedHead {
    return { revision: this.#revision, lastOutboxId: this.#lastOutboxId, tables: new Map<string, TableSum>(this.#sums) }
  }

  #take(step: Step): void {
    const sum = this.#sumOf(step.table)
    accumulate(sum.xor, step.element)
    sum.count += step.count
    this.#steps.push(step)
  }

  #sumOf(table: string): { count: number; readonly xor: Buffer } {
    const known = this.#sums.get(table)
    if (known !== undefined) return known
    const empty = { count: 0, xor: Buffer.alloc(macLength) }
    this.#sums.set(table, empty)
    return empty
  }
}
