import type { Clock } from '#ports/edge.ts'
import type { UsedKeys } from '#ports/key-usage.ts'
import { KeyUseNotes } from './key-use-notes.ts'
import { keyUseText } from './key-use-text.ts'
import type { Page } from './page.ts'
import { requestTime } from './request-time.ts'

/** Called once the record is durable, or with the reason why it is not. */
export type Done = (failure: Error | undefined) => void

/** A page on its way to the writer: `bytes` may be transferred with their ArrayBuffer, in which nothing but `used` is, too. */
export interface OutgoingPage extends Page {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** In the order of the records. They stay in the worker. */
  readonly dones: readonly Done[]
  /** The uses of keys that its records tell of (key-use-notes.ts); undefined when they use none. */
  readonly used: Uint8Array<ArrayBuffer> | undefined
}

const initialBytes = 65_536
// A burst of large records must not hold its memory for ever.
const retainedBytes = 1_048_576

/** Collects the records of one worker until they are taken as a page. */
export class PageBuffer {
  readonly #clock: Clock
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #spare: Buffer<ArrayBuffer> | undefined
  #length = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0
  #dones: Done[] = []
  readonly #used = new KeyUseNotes()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Records waiting. */
  get count(): number {
    return this.#dones.length
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#length
  }

  /**
   * Adds a record. `atMs` is the time in its request id: a caller that knows it saves looking for it. `used` are the keys that
   * it uses.
   */
  append(record: string, done: Done, atMs = requestTime(record), used?: UsedKeys): void {
    if (used !== undefined) {
      const use = keyUseText(used.use)
      for (const key of used.keys) this.#used.add(key, use)
    }
    // A raw line feed is white space in JSON, and would end the record early here.
    const line = record.includes('\n') ? record.replaceAll('\n', ' ') : record
    const room = this.#length + line.length * 3 + 1
    if (room > this.#buffer.length) this.#grow(room)
    this.#length += this.#buffer.write(line, this.#length, 'utf8')
    this.#buffer[this.#length++] = 10
    const time = atMs ?? this.#clock.machineNow()
    if (time < this.#minMs) this.#minMs = time
    if (time > this.#maxMs) this.#maxMs = time
    this.#dones.push(done)
  }

  /** All that waits, or undefined when nothing does. The page is the caller's, until `reuse` gives its memory back. */
  take(): OutgoingPage | undefined {
    if (this.#dones.length === 0) return undefined
    const used = this.#takeUsed()
    const page = {
      bytes: new Uint8Array(this.#buffer.buffer, 0, this.#length),
      count: this.#dones.length,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      dones: this.#dones,
      used,
    }
    this.#buffer = this.#spare ?? Buffer.allocUnsafeSlow(initialBytes)
    this.#spare = undefined
    this.#length = 0
    this.#minMs = Number.POSITIVE_INFINITY
    this.#maxMs = 0
    this.#dones = []
    return page
  }

  /** Takes the memory of a page that is stored for a later one: pages come by the hundred, and each would ask for its own. */
  reuse(memory: ArrayBuffer): void {
    if (memory.byteLength <= retainedBytes) this.#spare = Buffer.from(memory)
  }

  /** Puts what was used behind the records. */
  #takeUsed(): OutgoingPage['used'] {
    const { length } = this.#used
    if (length === 0) return undefined
    if (this.#length + length > this.#buffer.length) this.#grow(this.#length + length)
    this.#used.moveTo(this.#buffer, this.#length)
    return new Uint8Array(this.#buffer.buffer, this.#length, length)
  }

  #grow(room: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(room, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
