/** The last uses of many keys, each in a place of its own that every later use of the key takes again. */
import { longestUse } from './key-use-notes.ts'

// The length of a use's text in one byte, then the text.
const placeBytes = 1 + longestUse
const chunkPlaces = 1024
// What a burst needed beyond, 5 MiB, is given back.
const keptChunks = 32

const noPlace = -1

/** In place of a text: the key is gone. */
export const gone = Symbol('gone')

/** By the ARNs of keys. Texts lie outside the heap, where a use that is replaced leaves nothing to collect. */
export class WaitingUses {
  /** `noPlace`: the key is gone. */
  readonly #places = new Map<string, number>()
  readonly #chunks: Buffer[] = []
  #taken = 0

  /** Keys of which anything is known. */
  get size(): number {
    return this.#places.size
  }

  /** Takes the text from `start` to `end` of `bytes`, ASCII and at most `longestUse`, as the last use of `key`. */
  set(key: string, bytes: Buffer, start: number, end: number): void {
    const length = end - start
    let place = this.#places.get(key) ?? noPlace
    if (place === noPlace) {
      place = this.#taken
      this.#taken += 1
      this.#places.set(key, place)
    }
    const chunk = this.#chunkOf(place)
    const at = (place % chunkPlaces) * placeBytes
    chunk[at] = length
    bytes.copy(chunk, at + 1, start, end)
  }

  /** The key is gone. */
  forget(key: string): void {
    this.#places.set(key, noPlace)
  }

  /** Undefined when nothing is known of the key. */
  text(key: string): string | typeof gone | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    if (place === noPlace) return gone
    const at = (place % chunkPlaces) * placeBytes
    const chunk = this.#chunkOf(place)
    return chunk.toString('latin1', at + 1, at + 1 + (chunk[at] ?? 0))
  }

  /** In the order of the ARNs. */
  sortedKeys(): string[] {
    return [...this.#places.keys()].sort()
  }

  /** Nothing is known of `key` any more. */
  delete(key: string): void {
    this.#places.delete(key)
  }

  /** Nothing is known of any key any more. */
  clear(): void {
    this.#places.clear()
    this.#taken = 0
    this.#chunks.length = Math.min(this.#chunks.length, keptChunks)
  }

  #chunkOf(place: number): Buffer {
    const index = Math.floor(place / chunkPlaces)
    const known = this.#chunks[index]
    if (known !== undefined) return known
    const made = Buffer.alloc(chunkPlaces * placeBytes)
    this.#chunks[index] = made
    return made
  }
}
