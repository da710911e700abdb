/**
 * The end of the waiting period: keys whose deletion date has come, their materials and aliases go for good. Pure: the job's
 * runner finds the keys, commits each deletion with its record, and comes back for those whose commit met a conflict.
 */
import { dayMs } from '#base/day.ts'
import { keyArn } from '#base/arn.ts'
import type { AliasName } from '#base/brand.ts'
import type { AuditedResource } from '#aws/operation.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KeyRecord, Place, Stored } from '#records/key.ts'
import { textsIn, textsSuperseded } from '#records/policy-texts.ts'
import { placedAt, unchanged } from '../key/multi-region.ts'
import { keyResourceType } from '../key/target.ts'

/** What the AwsServiceEvent record of something that KMS did by itself is made of. */
export interface ServiceEventFacts {
  readonly eventName: 'DeleteKey'
  readonly place: Place
  readonly resource: AuditedResource
  /** Epoch milliseconds. */
  readonly time: number
}

/** One deletion: to be committed with one record of its event. */
export interface KeyDeletion {
  readonly changes: readonly Change[]
  /** Refuses the commit when the deletion was cancelled, or anything else of the key changed, in between. */
  readonly expectations: readonly Expectation[]
  readonly event: ServiceEventFacts
}

/** What goes with a key, or has to know that it went. */
export interface Surroundings {
  /** Each is removed by a change of its own: its name is cached like the key. */
  readonly aliases: readonly AliasName[]
  /** The other keys of a multi-Region key. */
  readonly relatives: readonly Stored<KeyRecord>[]
}

/** The deletion of `key` at `now` (epoch milliseconds); undefined when it is not due. */
export function deleteDueKey(key: Stored<KeyRecord>, around: Surroundings, now: number): KeyDeletion | undefined {
  return isDue(key, now) ? deletion(key, around, now) : undefined
}

function isDue({ state }: KeyRecord, now: number): boolean {
  return state.kind === 'PendingDeletion' && state.deletionDate <= now
}

/** A primary that waits for the end of its replicas begins its own wait with the last of them. */
function without(gone: KeyRecord, relative: KeyRecord, now: number): KeyRecord {
  const { multiRegion, state } = relative
  if (multiRegion === undefined) return relative
  const replicaRegions = multiRegion.replicaRegions.filter((region) => region !== gone.region)
  const left = placedAt(relative, { ...multiRegion, replicaRegions })
  if (state.kind !== 'PendingReplicaDeletion' || replicaRegions.length > 0) return left
  return { ...left, state: { kind: 'PendingDeletion', deletionDate: now + state.windowDays * dayMs } }
}

function deletion(key: Stored<KeyRecord>, { aliases, relatives }: Surroundings, now: number): KeyDeletion {
  const { region, account, keyId, rev } = key
  const place = { region, account }
  return {
    changes: [
      ...aliases.map((name): Change => ({ kind: 'alias removed', place, name })),
      { kind: 'key deleted', place, keyId },
      ...relatives.map((relative): Change => ({ kind: 'key changed', key: without(key, relative, now) })),
      ...textsSuperseded(textsIn.key(key), [], now),
    ],
    expectations: [{ kind: 'key', place, keyId, rev }, ...unchanged(relatives)],
    event: {
      eventName: 'DeleteKey',
      place,
      resource: { arn: keyArn(region, account, keyId), account, type: keyResourceType },
      time: now,
    },
  }
}
