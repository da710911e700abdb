/** KeyMetadata: what DescribeKey and CreateKey tell of a key. Members appear only when they apply. */
import { boolean, list, oneOf, optional, string, structure, type Infer } from '#aws/shape.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { KeyRecord } from '#records/key.ts'
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
    Origin: record.origin,
    KeyManager: record.keyManager,
    CustomerMasterKeySpec: record.keySpec,
    KeySpec: record.keySpec,
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
    CurrentKeyMaterialId: record.currentMaterialId,
  }
}
