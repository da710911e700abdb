/**
 * The keys of issuers, kept. They are fetched anew when they are old, and when a token names a key that is not among them,
 * both at a bounded rate. While an issuer does not answer, what is kept goes on being used, for a bounded time.
 */
import { IssuerError } from './documents.ts'

export interface KeyRules {
  /** How old keys may be before they are fetched anew, milliseconds. */
  readonly freshMs: number
  /** How long they are used when they cannot be. */
  readonly outageMs: number
  /** The least time between two fetches for keys that are not there, and after a failed one. */
  readonly refetchMs: number
  readonly retryMs: number
}

/** The keys of one issuer, ready for use. */
export interface KnownKeys<K> {
  readonly keys: K
  /** Epoch milliseconds. */
  readonly fetchedAt: number
}

interface Entry<K> {
  known: KnownKeys<K> | undefined
  triedAt: number
  failed: boolean
  /** The fetch that is under way: whoever needs it waits for the same. */
  pending: Promise<void> | undefined
}

// Providers are records that accounts may make; beyond this many issuers, the one known longest is forgotten.
const mostIssuers = 1000

export class IssuerKeys<K> {
  readonly #entries = new Map<string, Entry<K>>()
  readonly #fetch: (issuer: string) => Promise<K>
  readonly #failed: (issuer: string, error: unknown) => void
  readonly #rules: KeyRules

  /** `fetch` gets an issuer's keys, or throws; `failed` is told when it did. */
  constructor(
    fetch: (issuer: string) => Promise<K>,
    failed: (issuer: string, error: unknown) => void,
    rules: KeyRules,
  ) {
    this.#fetch = fetch
    this.#failed = failed
    this.#rules = rules
  }

  /** The keys of `issuer` as far as they are known at `now`; undefined when they cannot be had. */
  async current(issuer: string, now: number): Promise<KnownKeys<K> | undefined> {
    const entry = this.#entry(issuer)
    const { known } = entry
    if (known === undefined || now - known.fetchedAt >= this.#rules.freshMs) await this.#refresh(issuer, entry, now)
    const usable = entry.known
    return usable !== undefined && now - usable.fetchedAt < this.#rules.outageMs ? usable : undefined
  }

  /** The keys of `issuer` after a fetch, or undefined when `seen` are still the newest that can be had. */
  async newer(issuer: string, seen: KnownKeys<K>, now: number): Promise<KnownKeys<K> | undefined> {
    const entry = this.#entry(issuer)
    if (entry.known === seen) await this.#refresh(issuer, entry, now)
    return entry.known === seen ? undefined : entry.known
  }

  #entry(issuer: string): Entry<K> {
    const found = this.#entries.get(issuer)
    if (found !== undefined) return found
    if (this.#entries.size >= mostIssuers) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    const entry: Entry<K> = { known: undefined, triedAt: -Infinity, failed: false, pending: undefined }
    this.#entries.set(issuer, entry)
    return entry
  }

  async #refresh(issuer: string, entry: Entry<K>, now: number): Promise<void> {
    if (entry.pending === undefined) {
      const interval = entry.failed ? this.#rules.retryMs : this.#rules.refetchMs
      if (now - entry.triedAt < interval) return
      entry.triedAt = now
      entry.pending = this.#load(issuer, entry, now)
    }
    await entry.pending
  }

  async #load(issuer: string, entry: Entry<K>, now: number): Promise<void> {
    try {
      const keys = await this.#fetch(issuer)
      entry.known = { keys, fetchedAt: now }
      entry.failed = false
    } catch (error) {
      entry.failed = true
      this.#failed(issuer, error instanceof IssuerError ? error : new IssuerError('the keys are not usable', error))
    } finally {
      entry.pending = undefined
    }
  }
}
