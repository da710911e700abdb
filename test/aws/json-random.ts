/** Seeded randomness for the tests of the codec. */
import { randomInt } from 'node:crypto'

export interface Dice {
  /** An integer from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(from: readonly T[]): T
  /** A string of up to `length` characters, of all kinds that JSON treats differently. */
  text(length: number): string
  bytes(length: number): Buffer
}

/** The seed is printed, and taken from TEST_SEED to run the same again. */
export function dice(): Dice {
  const seed = Number(process.env['TEST_SEED'] ?? randomInt(2 ** 31))
  console.log(`TEST_SEED=${seed}`)
  let state = seed
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const characters = ['a', 'B', '7', ' ', '/', '"', '\\', '\n', '\u0001', '\u007f', 'é', 'ÿ', '€', '\u2028', '😀', '']
  const text = (length: number): string => Array.from({ length: below(length + 1) }, () => pick(characters)).join('')
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  return { below, pick, text, bytes }
}
