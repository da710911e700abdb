/** RSA key pairs that were made before anybody asked: a request need not wait for primes, which takes up to seconds. */
import type { GenerateKeyPair, KeyPair } from '#crypto/key-pair.ts'
import { perSecond } from './per-second.ts'

export interface KeyPairPoolParts {
  /** Makes what the pool doesn't have. */
  readonly generate: GenerateKeyPair
  /** Makes an RSA pair for the pool; rejects when `signal` ends it. */
  readonly refill: (modulusLength: number, signal: AbortSignal) => Promise<KeyPair>
  /** Pairs that are kept of each size. */
  readonly perSize: number
  /**
   * The pool could not be refilled: it is tried again when the next pair is taken. Told once a second; `before`: how often it
   * failed since the last time that was told.
   */
  readonly failed: (error: unknown, before: number) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface KeyPairPool {
  /** A pair of the pool if it has one, else a new one. Each is given out once. */
  readonly keyPairs: GenerateKeyPair
  /** Forgets all pairs and ends what is being made. `keyPairs` goes on without the pool. */
  close(): void
}

const exponent = 65537

/**
 * A pool that begins to keep pairs of a size once the first was asked for, and makes one at a time. Nobody ever waits for the
 * pool itself.
 */
export function createKeyPairPool({ generate, refill, perSize, failed, now }: KeyPairPoolParts): KeyPairPool {
  const shelves = new Map<number, KeyPair[]>()
  const ending = new AbortController()
  const isEnding = (): boolean => ending.signal.aborted
  let isFilling = false
  // Where no process can be started, each pair that is taken meets that.
  const told = perSecond(now)
  const tell = (error: unknown): void => {
    const before = told.take()
    if (before !== undefined) failed(error, before)
  }

  async function fill(): Promise<void> {
    if (isFilling) return
    isFilling = true
    try {
      for (;;) {
        const emptiest = [...shelves].toSorted(([, left], [, right]) => left.length - right.length)[0]
        if (isEnding() || emptiest === undefined || emptiest[1].length >= perSize) return
        const [size, shelf] = emptiest
        const pair = await refill(size, ending.signal)
        if (!isEnding()) shelf.push(pair)
      }
    } catch (error) {
      if (!isEnding()) tell(error)
    } finally {
      isFilling = false
    }
  }

  return {
    keyPairs: (request) => {
      if (request.type !== 'rsa' || request.publicExponent !== exponent || isEnding()) {
        return generate(request)
      }
      const shelf = shelves.get(request.modulusLength) ?? []
      shelves.set(request.modulusLength, shelf)
      const pair = shelf.shift()
      fill().catch(tell)
      return pair === undefined ? generate(request) : Promise.resolve(pair)
    },
    close: () => {
      ending.abort()
      shelves.clear()
    },
  }
}
