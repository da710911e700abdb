import { aboutKey, type Proofs } from '../proof.ts'
import type { Json, Stage } from '../stage.ts'
import { lockingPolicy, longPolicy, reservedTag } from './keys.ts'

const elsewhere = 'eu-west-1'
const usual = [
  'DisabledException',
  'InvalidArnException',
  'KMSInvalidStateException',
  'NotFoundException',
  'UnsupportedOperationException',
] as const

/** A request to replicate a new primary, with `more`. */
const replicating =
  (more: Json = {}) =>
  async (stage: Stage): Promise<Json> => ({
    KeyId: (await stage.fresh('primary')).id,
    ReplicaRegion: elsewhere,
    ...more,
  })

/** The id of a new primary that has a replica. */
async function replicated(stage: Stage): Promise<string> {
  const { id } = await stage.fresh('primary')
  await stage.call('ReplicateKey', { KeyId: id, ReplicaRegion: elsewhere })
  return id
}

export const multiRegionProofs: Proofs = {
  ReplicateKey: {
    ...aboutKey({ kind: 'primary', changes: true, others: () => ({ ReplicaRegion: elsewhere }) }, usual),
    AlreadyExistsException: async (stage) => ({ KeyId: await replicated(stage), ReplicaRegion: elsewhere }),
    LimitExceededException: replicating({ Policy: longPolicy }),
    MalformedPolicyDocumentException: replicating({ Policy: lockingPolicy }),
    TagException: replicating({ Tags: reservedTag }),
  },
  UpdatePrimaryRegion: {
    ...aboutKey({ kind: 'primary', others: () => ({ PrimaryRegion: elsewhere }) }, usual),
    success: async (stage) => ({ KeyId: await replicated(stage), PrimaryRegion: elsewhere }),
  },
}
