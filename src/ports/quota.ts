import type { Place } from '#records/key.ts'

/** Counts requests against an account's rates. `false` means over the rate: the request is throttled. */
export interface QuotaMeter {
  take(bucket: string, place: Place): boolean
}

/** Counts requests of strangers by where they come from. `false` means too many: the request is throttled. */
export interface SourceMeter {
  take(sourceIp: string): boolean
}
