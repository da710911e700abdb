/**
 * CreateKey. There is no client token at AWS: a repeated request makes another key. What later versions bring (other specs,
 * multi-Region keys, key stores) is refused by name. A key of origin EXTERNAL begins without material.
 */
import { boolean, optional } from '#aws/shape.ts'
import { keyArn } from '#base/arn.ts'
import { parseKeyId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import type { KeyRecord } from '#records/key.ts'
import { accountWide } from '../key/account-target.ts'
import { ofNewKeys } from '../key/conditions.ts'
import { defaultKeyPolicy } from '../key/default-policy.ts'
import { placeOf } from '../key/identifier.ts'
import { nothingImported } from '../key/imported.ts'
import { KeyMetadata, keyMetadata } from '../key/metadata.ts'
import { policyKept, refuseLockout, storedPolicy } from '../key/policy.ts'
import { requireRegion } from '../key/region.ts'
import { refuseOrigin, refuseSpec, requestedSpec } from '../key/spec.ts'
import { mergeTags } from '../key/tags.ts'
import { keyResourceType } from '../key/target.ts'
import { CustomerMasterKeySpecType, CustomKeyStoreIdType, DescriptionType, KeySpecType } from '../members.ts'
import { KeyUsageType, OriginType, PolicyType, TagList, XksKeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateKey = changeOperation({
  name: 'CreateKey',
  effect: 'change',
  input: {
    Policy: optional(PolicyType),
    Description: optional(DescriptionType),
    KeyUsage: optional(KeyUsageType),
    CustomerMasterKeySpec: optional(CustomerMasterKeySpecType),
    KeySpec: optional(KeySpecType),
    Origin: optional(OriginType),
    CustomKeyStoreId: optional(CustomKeyStoreIdType),
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
    Tags: optional(TagList),
    MultiRegion: optional(boolean()),
    XksKeyId: optional(XksKeyIdType),
  },
  output: { KeyMetadata },
  targets: {
    account: accountWide({ action: 'kms:CreateKey' }),
    tags: {
      ...accountWide({ action: 'kms:TagResource' }),
      applies: ({ Tags = [] }: { readonly Tags?: readonly unknown[] | undefined }) => Tags.length > 0,
    },
  },
  refuses: ['CustomKeyStoreId', 'XksKeyId'],
  check: (input) => refuseSpec(input) ?? refuseOrigin(input),
  conditions: [
    'aws:RequestTag',
    'aws:TagKeys',
    'kms:BypassPolicyLockoutSafetyCheck',
    'kms:CallerAccount',
    'kms:ViaService',
    ...ofNewKeys,
  ],
  grantable: [],
  dryRun: false,
  quota: 'CreateKey',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'TagException',
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: false,
    request: ['Tags'],
    requestExtra: ({
      Description = '',
      KeyUsage = 'ENCRYPT_DECRYPT',
      CustomerMasterKeySpec,
      KeySpec = CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
      Origin = 'AWS_KMS',
      MultiRegion = false,
      BypassPolicyLockoutSafetyCheck = false,
      Policy,
      CustomKeyStoreId,
      XksKeyId,
    }) => ({
      Description,
      KeyUsage,
      CustomerMasterKeySpec: CustomerMasterKeySpec ?? KeySpec,
      KeySpec,
      Origin,
      MultiRegion,
      BypassPolicyLockoutSafetyCheck,
      ...(Policy === undefined ? {} : { Policy }),
      ...(CustomKeyStoreId === undefined ? {} : { CustomKeyStoreId }),
      ...(XksKeyId === undefined ? {} : { XksKeyId }),
    }),
    created: ({ account: { account } }, { KeyMetadata: { Arn = '' } }) => ({
      arn: Arn,
      account,
      type: keyResourceType,
    }),
    response: ['KeyMetadata'],
  },
  handle({ facts, ports, fail }, input) {
    const { Description = '', Tags = [], Policy, BypassPolicyLockoutSafetyCheck = false } = input
    const place = placeOf(facts)
    const spec = requestedSpec(input)
    requireRegion(place.region, keySpecs[spec.keySpec].regions, 'KeySpec', spec.keySpec, fail)
    const tags = mergeTags([], Tags, fail)
    const { MultiRegion: multiRegion = false } = input
    const uuid = ports.random.uuid()
    // "mrk-" and a UUID without dashes ("How multi-Region keys work").
    const keyId = parseKeyId(multiRegion ? `mrk-${uuid.replaceAll('-', '')}` : uuid)
    if (keyId === undefined) throw new TypeError('the source of random UUIDs gave something else')
    const arn = keyArn(place.region, place.account, keyId)
    const owner = {
      ...place,
      keyId,
      creationDate: facts.now,
      origin: input.Origin === 'EXTERNAL' ? 'EXTERNAL' : 'AWS_KMS',
      ...spec,
    } as const
    const stored =
      Policy === undefined ? defaultKeyPolicy(place) : storedPolicy(Policy, place.region, ports.principals, fail)
    return after(stored, (policy) => {
      const generated = owner.origin === 'EXTERNAL' ? undefined : ports.keyStore.generate(owner)
      return after(generated, (material) => {
        const key: KeyRecord = {
          ...owner,
          description: Description,
          keyManager: 'CUSTOMER',
          tags,
          policy,
          ...(multiRegion ? { multiRegion: { primaryRegion: place.region, replicaRegions: [] } } : {}),
          ...(material === undefined
            ? { state: { kind: 'PendingImport' }, imported: nothingImported }
            : { state: { kind: 'Enabled' }, currentMaterialId: material.materialId }),
        }
        // The default policy is the account's to begin with.
        if (Policy !== undefined && !BypassPolicyLockoutSafetyCheck) refuseLockout(key, arn, facts, fail)
        return {
          output: { KeyMetadata: keyMetadata(key, arn) },
          changes: [{ kind: 'key added', key, material }, policyKept(key, facts)],
        }
      })
    })
  },
})
