/**
 * How often strangers may ask for what costs before anybody is known: a token bucket for each source address, in each worker.
 * Addresses beyond the bound share what the oldest of them leaves behind, which is a full bucket.
 */
import type { SourceMeter } from '#ports/quota.ts'

export interface SourceRates {
  readonly perSecond: number
  readonly burst: number
  /** Addresses that are remembered. */
  readonly sources: number
}

/** Machines of a cluster often share one address. */
export const strangerRates: SourceRates = { perSecond: 50, burst: 200, sources: 10_000 }

interface Bucket {
  tokens: number
  filledAt: number
}

/** `now`: milliseconds that only ever grow would be best; a clock that is set back costs nobody anything. */
export function sourceMeter(
  now: () => number,
  { perSecond, burst, sources }: SourceRates = strangerRates,
): SourceMeter {
  const buckets = new Map<string, Bucket>()
  return {
    take: (sourceIp) => {
      const at = now()
      const source = networkOf(sourceIp)
      const known = buckets.get(source)
      const bucket = known ?? { tokens: burst, filledAt: at }
      const passed = Math.max(0, at - bucket.filledAt)
      bucket.tokens = Math.min(burst, bucket.tokens + (passed * perSecond) / 1000)
      bucket.filledAt = at
      // Again at the end: the first in the map is the one that has not asked for longest.
      if (known !== undefined) buckets.delete(source)
      buckets.set(source, bucket)
      if (buckets.size > sources) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
  }
}

/** Who has one IPv6 address has the 2^64 of its network as well (RFC 7421): they count as one. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  // `::` stands for as many zeros as are missing.
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const all = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...(tail ?? '').split(':')]
  return all.slice(0, 4).join(':')
}
