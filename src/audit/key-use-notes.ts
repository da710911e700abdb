/**
 * The last uses that a page tells of, on their way from a worker to the thread that writes: bytes behind the page's records, in
 * the memory that goes there and back with them. Objects would be cloned for each page, and leave both heaps full of texts.
 *
 * A note is two bytes with the lengths of what follows, the key's ARN and the text of its use (key-use-text.ts), both ASCII. Of
 * two notes of a key the later one counts. One without a text says that the key is gone.
 */

/** No text of a use is longer, in bytes: names of operations have at most 35 letters. */
export const longestUse = 143

// Its length has one byte; ARNs of keys are half as long.
const longestArn = 255

/** Notes being collected; its memory is used again. */
export class KeyUseNotes {
  #memory = Buffer.allocUnsafeSlow(16_384)
  #length = 0

  /** Bytes of all notes. */
  get length(): number {
    return this.#length
  }

  /** `use` empty: the key is gone. Throws RangeError for what is longer than any of either. */
  add(key: string, use: string): void {
    if (key.length > longestArn || use.length > longestUse) throw new RangeError('a use of a key that can not be noted')
    const size = 2 + key.length + use.length
    if (this.#length + size > this.#memory.length) this.#grow(this.#length + size)
    const memory = this.#memory
    memory[this.#length] = key.length
    memory[this.#length + 1] = use.length
    memory.write(key, this.#length + 2, 'latin1')
    memory.write(use, this.#length + 2 + key.length, 'latin1')
    this.#length += size
  }

  /** Moves all notes to `target`, from `at` on. */
  moveTo(target: Buffer, at: number): void {
    this.#memory.copy(target, at, 0, this.#length)
    this.#length = 0
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(size, this.#memory.length * 2))
    this.#memory.copy(grown, 0, 0, this.#length)
    this.#memory = grown
  }
}

/** Hands each note to `visit`: the key's ARN, and where in `notes` the text of its use is. Answers how many there are. */
export function readNotes(notes: Buffer, visit: (key: string, start: number, end: number) => void): number {
  let at = 0
  let count = 0
  while (at < notes.length) {
    const start = at + 2 + (notes[at] ?? 0)
    const end = start + (notes[at + 1] ?? 0)
    visit(notes.toString('latin1', at + 2, start), start, end)
    at = end
    count += 1
  }
  return count
}
