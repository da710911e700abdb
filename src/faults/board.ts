/**
 * Where the faults in force stand for all threads: memory that they share. The primary writes the list; a worker learns of a
 * change by one look at a counter, and so with its next request. What is counted, such as how many requests of `next=3` are
 * left, is counted there for all workers together.
 */
import type { ActiveFault } from './rule.ts'

/** Faults in force at once, at most. */
export const mostFaults = 64
const textBytes = 65_536

// Odd while the list is being written.
const versionAt = 0
const lengthAt = 1
const headerBytes = 8
const statesAt = headerBytes
const tallyAt = statesAt + mostFaults * BigInt64Array.BYTES_PER_ELEMENT
const textAt = tallyAt + mostFaults * 2 * Int32Array.BYTES_PER_ELEMENT

// A state is the id of the fault that it counts for, in the bits above these, and what was counted: a worker that still has
// an older list finds another fault's id and leaves it alone.
const countBits = 48n
const countMask = (1n << countBits) - 1n
/** Ids are below this. */
export const endOfIds = 32_768

/** Memory for `FaultBoard`, with no fault in it. */
export function allocateFaults(): SharedArrayBuffer {
  return new SharedArrayBuffer(textAt + textBytes)
}

/** How often a fault was looked at and met. */
export interface FaultTally {
  readonly matched: number
  readonly injected: number
}

/** One thread's view of the memory. */
export class FaultBoard {
  readonly #header: Int32Array
  readonly #states: BigInt64Array
  readonly #tallies: Int32Array
  readonly #text: Uint8Array
  #known = 0
  #faults: readonly ActiveFault[] = []

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, 2)
    this.#states = new BigInt64Array(memory, statesAt, mostFaults)
    this.#tallies = new Int32Array(memory, tallyAt, mostFaults * 2)
    this.#text = new Uint8Array(memory, textAt, textBytes)
  }

  /** The faults in force now. */
  faults(): readonly ActiveFault[] {
    while (Atomics.load(this.#header, versionAt) !== this.#known) this.#read()
    return this.#faults
  }

  #read(): void {
    const version = Atomics.load(this.#header, versionAt)
    // The primary is writing it this moment, which takes microseconds.
    if (version % 2 !== 0) return
    const length = Atomics.load(this.#header, lengthAt)
    const text = Buffer.from(this.#text.slice(0, length)).toString('utf8')
    if (Atomics.load(this.#header, versionAt) !== version) return
    this.#faults = length === 0 ? [] : asWritten(JSON.parse(text))
    this.#known = version
  }

  /** Replaces the list, on the one thread that does; false when it is too long. Counting for `fresh` begins anew. */
  write(faults: readonly ActiveFault[], fresh: readonly ActiveFault[]): boolean {
    const text = Buffer.from(JSON.stringify(faults), 'utf8')
    if (faults.length > mostFaults || text.length > textBytes) return false
    Atomics.add(this.#header, versionAt, 1)
    for (const { id, slot } of fresh) {
      Atomics.store(this.#states, slot, BigInt(id) << countBits)
      Atomics.store(this.#tallies, slot * 2, 0)
      Atomics.store(this.#tallies, slot * 2 + 1, 0)
    }
    this.#text.set(text)
    Atomics.store(this.#header, lengthAt, text.length)
    Atomics.add(this.#header, versionAt, 1)
    return true
  }

  /**
   * Changes what was counted for `fault`, of which `step` makes the new count (at most 48 bits) from the old one; answers the
   * old one. Undefined when the fault is no longer in force.
   */
  count({ id, slot }: ActiveFault, step: (before: number) => number): number | undefined {
    for (;;) {
      const state = Atomics.load(this.#states, slot)
      if (state >> countBits !== BigInt(id)) return undefined
      const before = Number(state & countMask)
      const after = (BigInt(id) << countBits) | (BigInt(step(before)) & countMask)
      if (Atomics.compareExchange(this.#states, slot, state, after) === state) return before
    }
  }

  /** Notes that a request was one that `fault` is about, and whether it met it. */
  note({ slot }: ActiveFault, met: boolean): void {
    Atomics.add(this.#tallies, slot * 2, 1)
    if (met) Atomics.add(this.#tallies, slot * 2 + 1, 1)
  }

  tally({ slot }: ActiveFault): FaultTally {
    return { matched: Atomics.load(this.#tallies, slot * 2), injected: Atomics.load(this.#tallies, slot * 2 + 1) }
  }
}

/** The list that `write` put there. */
function asWritten(value: unknown): readonly ActiveFault[] {
  return value as readonly ActiveFault[]
}
