/**
 * ReplicateKey: a replica of a multi-Region primary in another Region that this installation serves, with the primary's
 * materials. AWS makes it in the background and its answer says `Creating`; here it can be used when that answer comes.
 */
import { partitionOf, keyArn } from '#base/arn.ts'
import { boolean, optional } from '#aws/shape.ts'
import { parseRegion, type Region } from '#base/brand.ts'
import { after, eachAfter } from '#base/maybe-async.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { replicaPlace } from '../key/account-target.ts'
import { defaultKeyPolicy } from '../key/default-policy.ts'
import { asReplica } from '../key/imported.ts'
import { KeyMetadata, keyMetadata } from '../key/metadata.ts'
import { placedAt, relativesOf, replicaCreated, requirePrimary, synchronized, unchanged } from '../key/multi-region.ts'
import { policyKept, refuseLockout, storedPolicy } from '../key/policy.ts'
import { materialOwner } from '../key/rotation.ts'
import { mergeTags } from '../key/tags.ts'
import { keyIn, placeOfKey } from '../key/target.ts'
import { DescriptionType, KeyIdType, PolicyType, RegionType, TagList } from '../members.ts'
import { changeOperation } from '../operation.ts'

type Fail = (code: 'ValidationException', message: string) => never

export const ReplicateKey = changeOperation({
  name: 'ReplicateKey',
  effect: 'change',
  input: {
    KeyId: KeyIdType,
    ReplicaRegion: RegionType,
    Policy: optional(PolicyType),
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
    Description: optional(DescriptionType),
    Tags: optional(TagList),
  },
  output: {
    ReplicaKeyMetadata: optional(KeyMetadata),
    ReplicaPolicy: optional(PolicyType),
    ReplicaTags: optional(TagList),
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ReplicateKey',
      aliases: false,
      crossAccount: false,
      states: 'enabled',
      usage: 'any',
    }),
    account: replicaPlace({ action: 'kms:CreateKey' }),
    tags: {
      ...replicaPlace({ action: 'kms:TagResource' }),
      applies: ({ Tags = [] }: { readonly Tags?: readonly unknown[] | undefined }) => Tags.length > 0,
    },
  },
  conditions: [
    'aws:RequestTag',
    'aws:TagKeys',
    'kms:BypassPolicyLockoutSafetyCheck',
    'kms:CallerAccount',
    'kms:ReplicaRegion',
    'kms:ViaService',
  ],
  grantable: [],
  dryRun: false,
  quota: 'ReplicateKey',
  errors: [
    'AlreadyExistsException',
    'DisabledException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NotFoundException',
    'TagException',
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'ReplicaRegion', 'Policy', 'Tags'],
    requestExtra: ({ Description = '', BypassPolicyLockoutSafetyCheck = false }) => ({
      Description,
      BypassPolicyLockoutSafetyCheck,
    }),
    response: ['ReplicaKeyMetadata', 'ReplicaPolicy', 'ReplicaTags'],
  },
  handle({ targets: { key }, facts, ports, fail }, input) {
    const { Description = '', Tags = [], Policy, BypassPolicyLockoutSafetyCheck = false } = input
    const primary = key.record
    const multiRegion = requirePrimary(primary, key.arn, fail)
    const region = servedRegion(input.ReplicaRegion, primary.region, ports.regions, fail)
    const place = { region, account: primary.account }
    const arn = keyArn(region, place.account, primary.keyId)
    // Unverified wording.
    if (region === primary.region || multiRegion.replicaRegions.includes(region)) {
      fail('AlreadyExistsException', `The key ${arn} already exists.`)
    }
    const tags = mergeTags([], Tags, fail)
    const regions = { ...multiRegion, replicaRegions: [...multiRegion.replicaRegions, region] }
    const stored = Policy === undefined ? defaultKeyPolicy(place) : storedPolicy(Policy, region, ports.principals, fail)
    return after(stored, (policy) => {
      // Imported material is not copied: who imported it brings it to each Region.
      const replica: KeyRecord = asReplica({
        ...placedAt(primary, regions),
        region,
        creationDate: facts.now,
        description: Description,
        tags,
        policy,
        state: { kind: 'Enabled' },
      })
      // The default policy is the account's to begin with.
      if (Policy !== undefined && !BypassPolicyLockoutSafetyCheck) refuseLockout(replica, arn, facts, fail)
      const shown = keyMetadata(replica, arn)
      const output = {
        ReplicaKeyMetadata: {
          ...shown,
          KeyState: 'Creating' as const,
          Enabled: false,
          CurrentKeyMaterialId: undefined,
        },
        ReplicaPolicy: Policy ?? policy,
        ReplicaTags: tags,
      }
      return after(relativesOf(primary, ports.storage), (replicas) =>
        after(
          primary.imported === undefined ? ports.storage.materials(placeOfKey(key), primary.keyId) : [],
          (materials) =>
            after(
              eachAfter(materials, ({ creationDate, rotated, ...material }) =>
                after(
                  ports.keyStore.replicate(
                    { ...material, creationDate },
                    { ...materialOwner(replica, facts.now), creationDate },
                  ),
                  (copy): Change => ({ kind: 'key material stored', material: { ...copy, rotated } }),
                ),
              ),
              (copies) => ({
                output,
                changes: [
                  { kind: 'key added', key: replica },
                  ...copies,
                  ...[primary, ...replicas].map((each): Change => ({
                    kind: 'key changed',
                    key: placedAt(each, regions),
                  })),
                  policyKept(replica, facts),
                  replicaCreated(replica, facts.now, ports.random.uuid()),
                  synchronized(replica, facts.now, ports.random.uuid()),
                ],
                expectations: unchanged(replicas),
              }),
            ),
        ),
      )
    })
  },
})

/** The Region of `text`, if this installation serves it and it is in the partition of `home`. */
function servedRegion(text: string, home: Region, served: readonly Region[], fail: Fail): Region {
  const region = parseRegion(text)
  if (region !== undefined && served.includes(region) && partitionOf(region) === partitionOf(home)) return region
  // Unverified wording.
  return fail('ValidationException', `Region ${text} is not one in which keys of ${home} can be replicated.`)
}
