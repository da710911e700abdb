import { aboutKey, type Proofs } from '../proof.ts'
import type { Json, Stage } from '../stage.ts'

const stateless = ['InvalidArnException', 'NotFoundException'] as const
const managing = [...stateless, 'KMSInvalidStateException'] as const
const listing = ['InvalidArnException', 'InvalidMarkerException', 'NotFoundException'] as const

const policyOf = (statement: Json): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', ...statement }] })
const everybody = { Principal: '*', Resource: '*' }
// Longer than the 32 KiB that a key policy may have.
export const longPolicy = policyOf({ ...everybody, Sid: 'x'.repeat(40_000) })
// Nobody could ever change it again.
export const lockingPolicy = policyOf({ ...everybody, Action: 'kms:Encrypt' })
const wrongArnPolicy = policyOf({ ...everybody, Resource: 'nonsense' })
export const reservedTag = [{ TagKey: 'aws:reserved', TagValue: '' }]

const policy = async (stage: Stage, Policy: string): Promise<Json> => ({ KeyId: (await stage.key()).id, Policy })

export const keyProofs: Proofs = {
  CreateKey: {
    success: () => ({}),
    InvalidArnException: () => ({ Policy: wrongArnPolicy }),
    LimitExceededException: () => ({ Policy: longPolicy }),
    MalformedPolicyDocumentException: () => ({ Policy: lockingPolicy }),
    TagException: () => ({ Tags: reservedTag }),
    // A key spec of China, which is refused in other Regions.
    UnsupportedOperationException: () => ({ KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }),
  },
  DescribeKey: aboutKey({}, [...stateless, 'InvalidGrantTokenException']),
  ListKeys: { success: () => ({}), InvalidMarkerException: () => ({ Marker: 'nonsense' }) },
  UpdateKeyDescription: aboutKey({ changes: true, others: () => ({ Description: 'other' }) }, managing),
  EnableKey: aboutKey({}, managing),
  DisableKey: aboutKey({ changes: true }, managing),
  ScheduleKeyDeletion: aboutKey({ changes: true }, managing),
  CancelKeyDeletion: {
    ...aboutKey({}, stateless),
    success: async (stage) => ({ KeyId: (await stage.fresh('symmetric', 'PendingDeletion')).id }),
    KMSInvalidStateException: async (stage) => ({ KeyId: (await stage.key()).id }),
  },
  GetKeyLastUsage: aboutKey({}, stateless),
  TagResource: {
    ...aboutKey({ changes: true, others: () => ({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }) }, managing),
    TagException: async (stage) => ({ KeyId: (await stage.key()).id, Tags: reservedTag }),
  },
  UntagResource: aboutKey({ changes: true, others: () => ({ TagKeys: ['a'] }) }, managing),
  ListResourceTags: aboutKey({}, listing),
  GetKeyPolicy: aboutKey({}, stateless),
  ListKeyPolicies: aboutKey({}, listing),
  PutKeyPolicy: {
    ...aboutKey({ changes: true, others: () => ({ Policy: policyOf(everybody) }) }, ['NotFoundException']),
    InvalidArnException: (stage) => policy(stage, wrongArnPolicy),
    LimitExceededException: (stage) => policy(stage, longPolicy),
    MalformedPolicyDocumentException: (stage) => policy(stage, lockingPolicy),
  },
}
