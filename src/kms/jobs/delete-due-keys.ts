/**
 * The end of the waiting period: keys whose deletion date has come, their materials and aliases go for good. Pure: the job's
 * runner finds the keys, commits each deletion with its record, and comes back for those whose commit met a conflict.
 */
import { keyArn } from '#aws/arn.ts'
import type { AuditedResource } from '#aws/operation.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KeyRecord, Place, Stored } from '#records/key.ts'
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

/** The deletions of those of `keys` that are due at `now` (epoch milliseconds). What is not due is left alone. */
export function deleteDueKeys(keys: readonly Stored<KeyRecord>[], now: number): readonly KeyDeletion[] {
  return keys.filter((key) => isDue(key, now)).map((key) => deletion(key, now))
}

function isDue({ state }: KeyRecord, now: number): boolean {
  return state.kind === 'PendingDeletion' && state.deletionDate <= now
}

function deletion({ region, account, keyId, rev }: Stored<KeyRecord>, now: number): KeyDeletion {
  const place = { region, account }
  return {
    changes: [{ kind: 'key deleted', place, keyId }],
    expectations: [{ kind: 'key', place, keyId, rev }],
    event: {
      eventName: 'DeleteKey',
      place,
      resource: { arn: keyArn(region, account, keyId), account, type: keyResourceType },
      time: now,
    },
  }
}
