/** What only some Regions have: SM2 is of China alone, ML-KEM of all others ("Key spec reference", AWS KMS Developer Guide). */
import { partitionOf } from '#base/arn.ts'
import type { Region } from '#base/brand.ts'
import type { RegionsOfSpec } from '#crypto/key-specs.ts'

/** Whether `region` is one of `regions`. */
export function isAmong(region: Region, regions: RegionsOfSpec): boolean {
  if (regions === 'all') return true
  return (partitionOf(region) === 'aws-cn') === (regions === 'of China only')
}

/** Refuses the value of a member where `region` doesn't have it. */
export function requireRegion(
  region: Region,
  regions: RegionsOfSpec,
  member: string,
  value: string,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): void {
  // Unverified wording.
  if (!isAmong(region, regions)) {
    fail('UnsupportedOperationException', `${member} ${value} is not supported in Region ${region}.`)
  }
}
