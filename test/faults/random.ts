/** Random choices that a seed repeats (mulberry32, public domain): a failure names its seed. */
export interface Dice {
  readonly seed: number
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  bytes(length: number): Buffer
}

/** Dice of `seed`; without one, of `TEST_SEED` or else of a new seed. */
export function dice(seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000_007)): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    seed,
    below,
    chance: (probability) => next() < probability,
    pick: (from) => {
      const found = from[below(from.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
