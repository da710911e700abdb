/** KeyMetadata: what DescribeKey and CreateKey tell of a key. Members appear only when they apply. */
import { boolean, list, oneOf, optional, string, structure, type Infer } from '#aws/shape.ts'
import { keyArn } from '#base/arn.ts'
import type { Region } from '#base/brand.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { KeyRecord } from '#records/key.ts'
import { materialsIn } from './imported.ts'
import { multiRegionKeyType } from './multi-region.ts'
import {
  ArnType,
  CloudHsmClusterIdType,
  CustomerMasterKeySpecType,
  CustomKeyStoreIdType,
  DateType,
  DescriptionType,
  EncapsulationAlgorithmSpec,
  EncryptionAlgorithmSpec,
  ExpirationModelType,
  KeyAgreementAlgorithmSpec,
  KeyIdType,
  KeyManagerType,
  KeyMaterialIdType,
  KeySpecType,
  KeyStateType,
  KeyUsageType,
  MacAlgorithmSpec,
  OriginType,
  PendingWindowInDaysType,
  RegionType,
  SigningAlgorithmSpec,
  XksKeyIdType,
} from '../members.ts'

const MultiRegionKey = structure({ Arn: optional(ArnType), Region: optional(RegionType) })

export const KeyMetadata = structure({
  AWSAccountId: optional(string()),
  KeyId: KeyIdType,
  Arn: optional(ArnType),
  CreationDate: optional(DateType),
  Enabled: optional(boolean()),
  Description: optional(DescriptionType),
  KeyUsage: optional(KeyUsageType),
  KeyState: optional(KeyStateType),
  DeletionDate: optional(DateType),
  ValidTo: optional(DateType),
  Origin: optional(OriginType),
  CustomKeyStoreId: optional(CustomKeyStoreIdType),
  CloudHsmClusterId: optional(CloudHsmClusterIdType),
  ExpirationModel: optional(ExpirationModelType),
  KeyManager: optional(KeyManagerType),
  CustomerMasterKeySpec: optional(CustomerMasterKeySpecType),
  KeySpec: optional(KeySpecType),
  EncryptionAlgorithms: optional(list(EncryptionAlgorithmSpec)),
  SigningAlgorithms: optional(list(SigningAlgorithmSpec)),
  KeyAgreementAlgorithms: optional(list(KeyAgreementAlgorithmSpec)),
  EncapsulationAlgorithms: optional(list(EncapsulationAlgorithmSpec)),
  MultiRegion: optional(boolean()),
  MultiRegionConfiguration: optional(
    structure({
      MultiRegionKeyType: optional(oneOf('PRIMARY', 'REPLICA')),
      PrimaryKey: optional(MultiRegionKey),
      ReplicaKeys: optional(list(MultiRegionKey)),
    }),
  ),
  PendingDeletionWindowInDays: optional(PendingWindowInDaysType),
  MacAlgorithms: optional(list(MacAlgorithmSpec)),
  XksKeyConfiguration: optional(structure({ Id: optional(XksKeyIdType) })),
  CurrentKeyMaterialId: optional(KeyMaterialIdType),
})
export type KeyMetadata = Infer<typeof KeyMetadata>

/** The metadata of the key `record`, whose ARN is `arn`. */
export function keyMetadata(record: KeyRecord, arn: LiveKey['arn']): KeyMetadata {
  const { state } = record
  return {
    AWSAccountId: record.account,
    KeyId: record.keyId,
    Arn: arn,
    CreationDate: new Date(record.creationDate),
    Enabled: state.kind === 'Enabled',
    Description: record.description,
    KeyUsage: record.keyUsage,
    KeyState: state.kind,
    ...(state.kind === 'PendingDeletion' ? { DeletionDate: new Date(state.deletionDate) } : {}),
    ...(state.kind === 'PendingReplicaDeletion' ? { PendingDeletionWindowInDays: state.windowDays } : {}),
    ...expiryMembers(record),
    Origin: record.origin,
    KeyManager: record.keyManager,
    ...specMembers(record),
    ...(record.keyUsage === 'GENERATE_VERIFY_MAC'
      ? { MacAlgorithms: keySpecs[record.keySpec].usages.GENERATE_VERIFY_MAC }
      : {}),
    ...multiRegionMembers(record),
    ...(record.keySpec === 'SYMMETRIC_DEFAULT' && record.currentMaterialId !== undefined
      ? { CurrentKeyMaterialId: record.currentMaterialId }
      : {}),
  }
}

/** The keys of a multi-Region key by Region; the primary is not among the replicas. */
function multiRegionMembers(record: KeyRecord): Pick<KeyMetadata, 'MultiRegion' | 'MultiRegionConfiguration'> {
  const { account, keyId, multiRegion } = record
  if (multiRegion === undefined) return { MultiRegion: false }
  const entry = (region: Region) => ({ Arn: keyArn(region, account, keyId), Region: region })
  return {
    MultiRegion: true,
    MultiRegionConfiguration: {
      MultiRegionKeyType: multiRegionKeyType(record),
      PrimaryKey: entry(multiRegion.primaryRegion),
      ReplicaKeys: multiRegion.replicaRegions.map(entry),
    },
  }
}

/** Of imported material that is there: whether it expires, and when the first of what the key can't do without does. */
function expiryMembers(record: KeyRecord): Pick<KeyMetadata, 'ExpirationModel' | 'ValidTo'> {
  const dates = materialsIn(record).flatMap(({ standing, bytes }) =>
    standing === 'permanent' && bytes.kind === 'imported' ? [bytes.validTo ?? Number.POSITIVE_INFINITY] : [],
  )
  return dates.length === 0 ? {} : expiry(Math.min(...dates))
}

/** How an expiry (epoch milliseconds; infinite or undefined: never) is told. */
export function expiry(
  validTo: number = Number.POSITIVE_INFINITY,
): Required<Pick<KeyMetadata, 'ExpirationModel'>> & Pick<KeyMetadata, 'ValidTo'> {
  return validTo === Number.POSITIVE_INFINITY
    ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(validTo) }
}

type SpecMembers = Pick<
  KeyMetadata,
  | 'CustomerMasterKeySpec'
  | 'EncryptionAlgorithms'
  | 'SigningAlgorithms'
  | 'KeyAgreementAlgorithms'
  | 'EncapsulationAlgorithms'
> & { readonly KeySpec: KeyRecord['keySpec'] }

/** The members that name spec and algorithms: only those of the usage that the key was made for, MACs apart. */
export function specMembers({ keySpec, keyUsage }: Pick<KeyRecord, 'keySpec' | 'keyUsage'>): SpecMembers {
  const { usages } = keySpecs[keySpec]
  const { ENCRYPT_DECRYPT = [], SIGN_VERIFY = [], KEY_AGREEMENT = [], ENCAPSULATE_DECAPSULATE = [] } = usages
  const oldName = CustomerMasterKeySpecType.values.find((name) => name === keySpec)
  return {
    // The deprecated name knows no newer specs.
    ...(oldName === undefined ? {} : { CustomerMasterKeySpec: oldName }),
    KeySpec: keySpec,
    ...(keyUsage === 'ENCRYPT_DECRYPT' ? { EncryptionAlgorithms: ENCRYPT_DECRYPT } : {}),
    ...(keyUsage === 'SIGN_VERIFY' ? { SigningAlgorithms: SIGN_VERIFY } : {}),
    ...(keyUsage === 'KEY_AGREEMENT' ? { KeyAgreementAlgorithms: KEY_AGREEMENT } : {}),
    ...(keyUsage === 'ENCAPSULATE_DECAPSULATE' ? { EncapsulationAlgorithms: ENCAPSULATE_DECAPSULATE } : {}),
  }
}
