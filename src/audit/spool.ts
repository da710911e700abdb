import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import type { HmacKey } from '#crypto/hmac.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Page } from './page.ts'
import { parseBatch, batchText } from './spool-batch.ts'

export interface SpoolOptions {
  /** `DIR/spool.jsonl` */
  readonly path: string
  /** The file never grows beyond this. */
  readonly maxBytes: number
  /** The audit-chain key: batches carry a MAC, for they wait outside of the chain. */
  readonly chainKey: HmacKey
  /** The last batch that is in the trail (`Trail.lastSpoolId`): what was moved before a crash is not moved again. */
  readonly lastMovedId: number
}

/** Where records wait in order while the trail can't be written. Blocks until they are durable. */
export class Spool {
  readonly #descriptor: number
  readonly #path: string
  readonly #maxBytes: number
  readonly #key: HmacKey
  #size = 0
  #lastId: number
  #waiting = 0
  #damaged: Error | undefined

  /**
   * Opens or creates the file. The end of a batch that was being written when the power went is cut off: nobody was told that
   * it is stored. Throws IntegrityError when a whole batch isn't what was written.
   */
  constructor(options: SpoolOptions) {
    this.#path = options.path
    this.#maxBytes = options.maxBytes
    this.#key = options.chainKey
    this.#lastId = options.lastMovedId
    this.#descriptor = openSync(options.path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      this.#recover(options.lastMovedId)
    } catch (error) {
      closeSync(this.#descriptor)
      throw error
    }
  }

  /** Batches that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** Size of the file in bytes. */
  get bytes(): number {
    return this.#size
  }

  /** Stores `pages` behind what waits, or throws and stores none of them. */
  append(pages: readonly Page[]): void {
    if (this.#damaged !== undefined) throw this.#damaged
    const batches = pages.map((page, index) => batchText(this.#lastId + 1 + index, page, this.#key))
    const size = batches.reduce((sum, batch) => sum + batch.length, 0)
    if (this.#size + size > this.#maxBytes) {
      throw new Error(`the spool ${this.#path} is full (${this.#size} of at most ${this.#maxBytes} bytes)`)
    }
    try {
      writeAll(this.#descriptor, Buffer.concat(batches, size), this.#size)
      fdatasyncSync(this.#descriptor)
    } catch (error) {
      this.#cutBack()
      throw error
    }
    this.#size += size
    this.#lastId += batches.length
    this.#waiting += batches.length
  }

  /**
   * Hands every waiting batch to `store` in order, and empties the file when all are stored. When `store` throws, the file
   * stays as it is, and the next call begins at the front: `store` passes over what it has.
   */
  move(store: (id: number, page: Page) => void): void {
    if (this.#waiting === 0) return
    this.#each((id, page) => store(id, page))
    ftruncateSync(this.#descriptor, 0)
    fdatasyncSync(this.#descriptor)
    this.#size = 0
    this.#waiting = 0
  }

  /** Hands every waiting batch to `visit` in order, and leaves them where they are. */
  visit(visit: (id: number, page: Page) => void): void {
    if (this.#waiting > 0) this.#each(visit)
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #recover(lastMovedId: number): void {
    this.#size = fstatSync(this.#descriptor).size
    let waiting = 0
    const end = this.#each((id) => {
      if (id > lastMovedId) waiting++
      this.#lastId = Math.max(this.#lastId, id)
    })
    if (end < this.#size) {
      ftruncateSync(this.#descriptor, end)
      this.#size = end
    }
    this.#waiting = waiting
    if (waiting === 0) {
      ftruncateSync(this.#descriptor, 0)
      this.#size = 0
    }
    fdatasyncSync(this.#descriptor)
  }

  /** Calls `visit` for each whole batch, and answers where the last one ends. */
  #each(visit: (id: number, page: Page) => void): number {
    // At most `maxBytes`, which is chosen to be read at once.
    const content = readAll(this.#descriptor, this.#size)
    let offset = 0
    let before: number | undefined
    while (offset < content.length) {
      const batch = parseBatch(content, offset, this.#key)
      if (batch === 'unfinished') break
      if (batch === 'changed' || (before !== undefined && batch.id !== before + 1)) {
        throw new IntegrityError(
          `the spool ${this.#path} was changed at byte ${offset}: move it away to go on without the records behind`,
        )
      }
      visit(batch.id, batch.page)
      before = batch.id
      offset = batch.end
    }
    return offset
  }

  /** Takes back what a failed append left, so that nothing is found later that was reported as not stored. */
  #cutBack(): void {
    try {
      ftruncateSync(this.#descriptor, this.#size)
    } catch (error) {
      this.#damaged = new Error(`the spool ${this.#path} can't be cut back after a failed write`, { cause: error })
    }
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
  }
}

function readAll(descriptor: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const count = readSync(descriptor, bytes, length, size - length, length)
    if (count === 0) break
    length += count
  }
  return bytes.subarray(0, length)
}
