/**
 * The request quotas of KMS (Developer Guide, "Request quotas"): every bucket by name, with the rate AWS gives an account in
 * a region before anybody raises it. Operations name their bucket; buckets of operations to come are here as well, since
 * the shared ones among them are one table in AWS's documentation.
 */
import { exhaustive } from '#base/exhaustive.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import type { KeyRecord } from '#records/key.ts'

/** Requests per second, with the regions where the rate is another one. */
interface Rate {
  readonly perSecond: number
  readonly inRegion?: Readonly<Record<string, number>>
}

const each = (perSecond: number): Rate => ({ perSecond })

export const quotas = {
  'cryptographic-symmetric': {
    perSecond: 10_000,
    inRegion: {
      'us-east-2': 20_000,
      'ap-southeast-1': 20_000,
      'ap-southeast-2': 20_000,
      'ap-northeast-1': 20_000,
      'eu-central-1': 20_000,
      'eu-west-2': 20_000,
      'us-east-1': 100_000,
      'us-west-2': 100_000,
      'eu-west-1': 100_000,
    },
  },
  'cryptographic-rsa': each(1000),
  'cryptographic-ecc': each(1000),
  'cryptographic-ml-dsa': each(1000),
  // Not published when this was written: that of the other asymmetric kinds.
  'cryptographic-ml-kem': each(1000),
  /** One bucket per store, in addition to the account's. */
  'custom-key-store': each(1800),
  'GenerateDataKeyPair-ECC_NIST_P256': each(100),
  'GenerateDataKeyPair-ECC_NIST_P384': each(100),
  'GenerateDataKeyPair-ECC_NIST_P521': each(100),
  'GenerateDataKeyPair-ECC_SECG_P256K1': each(100),
  'GenerateDataKeyPair-ECC_NIST_EDWARDS25519': each(100),
  'GenerateDataKeyPair-RSA_2048': each(20),
  'GenerateDataKeyPair-RSA_3072': each(4),
  'GenerateDataKeyPair-RSA_4096': each(1),
  'GenerateDataKeyPair-SM2': each(25),
  CancelKeyDeletion: each(5),
  ConnectCustomKeyStore: each(5),
  CreateAlias: each(5),
  CreateCustomKeyStore: each(5),
  CreateGrant: each(50),
  CreateKey: each(5),
  DeleteAlias: each(15),
  DeleteCustomKeyStore: each(5),
  DeleteImportedKeyMaterial: each(15),
  DescribeCustomKeyStores: each(5),
  DescribeKey: each(2000),
  DisableKey: each(5),
  DisableKeyRotation: each(5),
  DisconnectCustomKeyStore: each(5),
  EnableKey: each(5),
  EnableKeyRotation: each(15),
  GetKeyLastUsage: each(5),
  GetKeyPolicy: each(1000),
  GetKeyRotationStatus: each(1000),
  GetParametersForImport: each(1),
  GetPublicKey: each(2000),
  ImportKeyMaterial: each(15),
  ListAliases: each(500),
  ListGrants: each(100),
  ListKeyPolicies: each(100),
  ListKeyRotations: each(100),
  ListKeys: each(500),
  ListResourceTags: each(2000),
  ListRetirableGrants: each(100),
  PutKeyPolicy: each(15),
  ReplicateKey: each(5),
  RetireGrant: each(50),
  RevokeGrant: each(50),
  RotateKeyOnDemand: each(5),
  ScheduleKeyDeletion: each(15),
  TagResource: each(10),
  UntagResource: each(5),
  UpdateAlias: each(5),
  UpdateCustomKeyStore: each(5),
  UpdateKeyDescription: each(5),
  UpdatePrimaryRegion: each(5),
} as const satisfies Record<string, Rate>

/** The name of a bucket. */
export type QuotaName = keyof typeof quotas

/** The bucket of cryptographic operations with keys of `keySpec`. */
export function cryptographicQuota({ keySpec }: Pick<KeyRecord, 'keySpec'>): QuotaName {
  const { kind } = keySpecs[keySpec].material
  switch (kind) {
    case 'symmetric':
    case 'hmac':
      return 'cryptographic-symmetric'
    case 'rsa':
      return 'cryptographic-rsa'
    case 'ec':
    case 'ed25519':
      return 'cryptographic-ecc'
    case 'ml-dsa':
      return 'cryptographic-ml-dsa'
    case 'ml-kem':
      return 'cryptographic-ml-kem'
    default:
      return exhaustive(kind)
  }
}

/** Requests per second that an account has in `region` by default. */
export function defaultRate(quota: QuotaName, region: string): number {
  const { perSecond, inRegion }: Rate = quotas[quota]
  return inRegion?.[region] ?? perSecond
}
