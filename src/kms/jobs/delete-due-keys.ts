/**
 * The end of the waiting period: keys whose deletion date has come, their materials and aliases go for good. Pure: the job's
 * runner finds the keys, commits each deletion with its record, and comes back for those whose commit met a conflict.
 */
import { keyArn } from '#base/arn.ts'
import type { AliasName } from '#base/brand.ts'
import type { AuditedResource } from '#aws/operation.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KeyRecord, Place, Stored } from '#records/key.ts'
import { textsIn, textsSuperseded } from '#records/policy-texts.ts'
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

/**
 * The deletion of `key`, whose aliases have the names given, at `now` (epoch milliseconds); undefined when it is not due.
 * Each alias is removed by a change of its own: its name is cached like the key.
 */
export function deleteDueKey(
  key: Stored<KeyRecord>,
  aliases: readonly AliasName[],
  now: number,
): KeyDeletion | undefined {
  return isDue(key, now) ? deletion(key, aliases, now) : undefined
}

function isDue({ state }: KeyRecord, now: number): boolean {
  return state.kind === 'PendingDeletion' && state.deletionDate <= now
}

function deletion(key: Stored<KeyRecord>, aliases: readonly AliasName[], now: number): KeyDeletion {
  const { region, account, keyId, rev } = key
  const place = { region, account }
  return {
    changes: [
      ...aliases.map((name): Change => ({ kind: 'alias removed', place, name })),
      { kind: 'key deleted', place, keyId },
      ...textsSuperseded(textsIn.key(key), [], now),
    ],
    expectations: [{ kind: 'key', place, keyId, rev }],
    event: {
      eventName: 'DeleteKey',
      place,
      resource: { arn: keyArn(region, account, keyId), account, type: keyResourceType },
      time: now,
    },
  }
}
