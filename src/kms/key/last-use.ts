/** When a key was last used, as operations tell it and conditions judge it. Times are epoch milliseconds. */
import { dayMs } from '#base/day.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'
import type { KeyRecord } from '#records/key.ts'

type Created = Pick<KeyRecord, 'creationDate'>

/** Since when every use of the key is known: `TrackingStartDate` of GetKeyLastUsage. */
export function trackingStart({ creationDate }: Created, { trackedSince }: LastKeyUse): number {
  return Math.max(creationDate, trackedSince)
}

/**
 * Whole days until `now` without a use of the key; of one that was never used, since its uses are known (Developer Guide,
 * "kms:TrailingDaysWithoutKeyUsage").
 */
export function daysWithoutUse(key: Created, lastUse: LastKeyUse, now: number): number {
  const last = Math.max(lastUse.use?.time ?? 0, trackingStart(key, lastUse))
  return Math.max(0, Math.floor((now - last) / dayMs))
}
