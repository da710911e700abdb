/** RSA key pairs that were made before anybody asked: a request need not wait for primes, which takes up to seconds. */
import type { GenerateKeyPair, KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import type { KeyPairMaker } from './key-pair-process.ts'
import { perSecond } from './per-second.ts'

export interface KeyPairPoolParts {
  /** Makes a pair at the priority of requests. */
  readonly generate: GenerateKeyPair
  /** Starts what makes RSA pairs aside, giving way to everything else, until it is ended, by `signal` too. */
  readonly startMaker: (signal: AbortSignal) => KeyPairMaker
  /** Pairs that are kept of each size. */
  readonly perSize: number
  /** For how long, in milliseconds, a request waits for a pair of so many bits from aside before it has one generated. */
  readonly patienceMs: (modulusLength: number) => number
  /**
   * Nothing could be made aside: it is tried again when the next pair is taken. Told once a second; `before`: how often it
   * failed since the last time that was told.
   */
  readonly failed: (error: unknown, before: number) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface KeyPairPool {
  /** A pair of the pool if it has one, else the next one that is made. Each is given out once. */
  readonly keyPairs: GenerateKeyPair
  /** Forgets all pairs and ends what is being made. `keyPairs` goes on without the pool. */
  close(): void
}

interface Waiting {
  readonly modulusLength: number
  readonly pair: PromiseWithResolvers<KeyPair>
  readonly timer: NodeJS.Timeout
  isOverdue: boolean
}

const exponent = 65537

/**
 * How long a request waits for a pair from aside: twice to four times what the search for primes takes on a processor that has the
 * time for it. That grows with the fourth power of the size.
 */
export function patienceMs(modulusLength: number): number {
  return 250 * (modulusLength / 2048) ** 4
}

/**
 * A pool that begins to keep pairs of a size once the first was asked for, and makes one at a time, first those that requests
 * wait for. On a machine with no time to spare nothing comes from aside: whoever waited long enough has a pair generated.
 */
export function createKeyPairPool(parts: KeyPairPoolParts): KeyPairPool {
  const { generate, startMaker, perSize, failed, now } = parts
  const shelves = new Map<number, KeyPair[]>()
  const waiting: Waiting[] = []
  const ending = new AbortController()
  const isEnding = (): boolean => ending.signal.aborted
  let isFilling = false
  let isHurrying = false
  // Where no process can be started, each pair that is taken meets that.
  const told = perSecond(now)
  const tell = (error: unknown): void => {
    const before = told.take()
    if (before !== undefined) failed(error, before)
  }

  /** To who waits longest for this size, or onto its shelf. */
  function give(modulusLength: number, pair: KeyPair): void {
    const index = waiting.findIndex((each) => each.modulusLength === modulusLength)
    const shelf = shelves.get(modulusLength) ?? []
    if (index >= 0) take(index)?.pair.resolve(pair)
    else if (!isEnding() && shelf.length < perSize) shelf.push(pair)
  }

  function take(index: number): Waiting | undefined {
    const [taken] = waiting.splice(index, 1)
    clearTimeout(taken?.timer)
    return taken
  }

  /** The size that is wanted most. */
  function wanted(): number | undefined {
    if (isEnding()) return undefined
    const [first] = waiting
    if (first !== undefined) return first.modulusLength
    const emptiest = [...shelves].toSorted(([, left], [, right]) => left.length - right.length)[0]
    return emptiest === undefined || emptiest[1].length >= perSize ? undefined : emptiest[0]
  }

  async function fill(): Promise<void> {
    if (isFilling || wanted() === undefined) return
    isFilling = true
    let maker: KeyPairMaker | undefined
    try {
      maker = startMaker(ending.signal)
      for (let size = wanted(); size !== undefined; size = wanted()) give(size, await maker.make(size))
    } catch (error) {
      if (!isEnding()) tell(error)
      hurry(waiting)
    } finally {
      isFilling = false
      maker?.end()
    }
  }

  /** Has a pair generated for each of `those`, one at a time, unless one comes from aside before. */
  function hurry(those: readonly Waiting[]): void {
    for (const each of those) each.isOverdue = true
    if (isHurrying) return
    const first = waiting.find(({ isOverdue }) => isOverdue)
    if (first === undefined) return
    isHurrying = true
    const { modulusLength } = first
    generate({ type: 'rsa', modulusLength, publicExponent: exponent })
      .then(
        (pair) => give(modulusLength, pair),
        (error: unknown) => take(waiting.indexOf(first))?.pair.reject(error),
      )
      .finally(() => {
        isHurrying = false
        hurry([])
      })
      .catch(tell)
  }

  function wait(modulusLength: number): Promise<KeyPair> {
    const pair = Promise.withResolvers<KeyPair>()
    const timer = setTimeout(() => hurry([each]), parts.patienceMs(modulusLength))
    const each: Waiting = { modulusLength, pair, timer, isOverdue: false }
    waiting.push(each)
    return pair.promise
  }

  function pooled(modulusLength: number): Promise<KeyPair> {
    const shelf = shelves.get(modulusLength) ?? []
    shelves.set(modulusLength, shelf)
    const kept = shelf.shift()
    const pair = kept === undefined ? wait(modulusLength) : Promise.resolve(kept)
    fill().catch(tell)
    return pair
  }

  return {
    keyPairs: (request: KeyPairRequest) =>
      request.type !== 'rsa' || request.publicExponent !== exponent || isEnding()
        ? generate(request)
        : pooled(request.modulusLength),
    close: () => {
      ending.abort()
      shelves.clear()
    },
  }
}
