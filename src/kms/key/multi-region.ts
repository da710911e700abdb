/**
 * Multi-Region keys ("Multi-Region keys in AWS KMS", AWS KMS Developer Guide): a primary and its replicas, each a key of its
 * own in its Region, with the key id, the key material and its rotation in common. All of them are in one database here, so
 * what they share changes in all at once, and nobody ever sees one that is behind.
 */
import type { KeyArn, Region } from '#base/brand.ts'
import { after, eachAfter, type MaybeAsync } from '#base/maybe-async.ts'
import { keyArn } from '#base/arn.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KeyRecord, MultiRegion, Stored } from '#records/key.ts'

/** What kms:MultiRegionKeyType and MultiRegionKeyType say; undefined of a single-Region key. */
export function multiRegionKeyType({ region, multiRegion }: KeyRecord): 'PRIMARY' | 'REPLICA' | undefined {
  if (multiRegion === undefined) return undefined
  return multiRegion.primaryRegion === region ? 'PRIMARY' : 'REPLICA'
}

/** Whether `key` is the primary of a multi-Region key. */
export function isPrimary(key: KeyRecord): boolean {
  return multiRegionKeyType(key) === 'PRIMARY'
}

/** Refuses what is asked of primaries alone. */
export function requirePrimary(
  key: KeyRecord,
  arn: KeyArn,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): MultiRegion {
  const { region, multiRegion } = key
  if (multiRegion?.primaryRegion === region) return multiRegion
  return fail('UnsupportedOperationException', `${arn} is not a multi-region primary key.`)
}

/** Refuses replicas: what they share with their primary is changed there. */
export function refuseReplica(
  key: KeyRecord,
  arn: KeyArn,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): void {
  if (multiRegionKeyType(key) === 'REPLICA') requirePrimary(key, arn, fail)
}

/** The Regions of the other keys of a multi-Region key; none of a single-Region key. */
function otherRegions({ region, multiRegion }: KeyRecord): readonly Region[] {
  if (multiRegion === undefined) return []
  return [multiRegion.primaryRegion, ...multiRegion.replicaRegions].filter((each) => each !== region)
}

/**
 * The other keys of a multi-Region key as they are now, without those that were deleted since `key` was read: `key` has changed
 * as well then, and whoever expects it unchanged meets a conflict. Throws IntegrityError when one is missing.
 */
export function relativesOf(
  key: KeyRecord,
  storage: Pick<StorageReader, 'key'>,
): MaybeAsync<readonly Stored<KeyRecord>[]> {
  const { account, keyId } = key
  const found = eachAfter(otherRegions(key), (region) =>
    after(storage.key({ region, account }, keyId), (relative) => {
      if (relative !== undefined) return relative
      return after(storage.key(key, keyId), (current) => {
        if (current === undefined || !otherRegions(current).includes(region)) return undefined
        throw new IntegrityError(`${keyArn(region, account, keyId)} is missing`)
      })
    }),
  )
  return after(found, (relatives) => relatives.filter((relative) => relative !== undefined))
}

/** That `relatives` are as they were read: a commit that changes what they share changes all of them. */
export function unchanged(relatives: readonly Stored<KeyRecord>[]): readonly Expectation[] {
  return relatives.map(({ region, account, keyId, rev }) => ({ kind: 'key', place: { region, account }, keyId, rev }))
}

/** `key` with its relatives in the Regions of `multiRegion`. */
export function placedAt<K extends KeyRecord>(key: K, multiRegion: MultiRegion): K {
  return { ...key, multiRegion }
}

/** The same keys with another one as their primary, which is one of the replicas. */
export function withPrimary({ primaryRegion, replicaRegions }: MultiRegion, region: Region): MultiRegion {
  return {
    primaryRegion: region,
    replicaRegions: [...replicaRegions.filter((each) => each !== region), primaryRegion],
  }
}

/**
 * The record of what a replica got from its primary, in the Region of the replica ("SynchronizeMultiRegionKey", AWS KMS
 * Developer Guide). `now`: epoch milliseconds.
 */
export function synchronized(replica: KeyRecord, now: number, eventId: string): Change {
  return { kind: 'event recorded', record: eventIn(replica, 'SynchronizeMultiRegionKey', now, eventId) }
}

/** The record of a replica that came to be, in its Region. */
export function replicaCreated(replica: KeyRecord, now: number, eventId: string): Change {
  return { kind: 'event recorded', record: eventIn(replica, 'CreateKey', now, eventId) }
}

function eventIn(
  { region, account, keyId }: KeyRecord,
  eventName: 'CreateKey' | 'SynchronizeMultiRegionKey',
  now: number,
  eventId: string,
): string {
  return serviceEventText({
    eventName,
    region,
    account,
    arn: keyArn(region, account, keyId),
    time: secondText()(now),
    eventId,
    serviceEventDetails: undefined,
  })
}
