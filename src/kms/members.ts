/** Members that many operations share, with the service model's constraints. */
import { blob, boolean, integer, list, oneOf, optional, string, stringMap, structure, timestamp } from '#aws/shape.ts'

export const KeyIdType = string({ min: 1, max: 2048 })
export const AliasNameType = string({ min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' })
export const DescriptionType = string({ min: 0, max: 8192 })
export const GrantTokenList = list(string({ min: 1, max: 8192 }), { min: 0, max: 10 })
export const EncryptionContextType = stringMap()
export const CiphertextType = blob({ min: 1, max: 6144 })
export const PlaintextType = blob({ min: 1, max: 4096 })
export const MarkerType = string({ min: 1, max: 1024, pattern: '[\\u0020-\\u00FF]*' })
export const LimitType = integer({ min: 1, max: 1000 })
export const TruncatedType = boolean()
export const NumberOfBytesType = integer({ min: 1, max: 1024 })
export const DryRunType = boolean()
export const PolicyNameType = string({ min: 1, max: 128, pattern: '[\\w]+' })
export const PolicyType = string({ min: 1, max: 131072, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' })
export const KeyMaterialIdType = string({ min: 64, max: 64, pattern: '^[a-f0-9]+$' })
export const ArnType = string({ min: 20, max: 2048 })
export const RegionType = string({ min: 1, max: 32, pattern: '^([a-z]+-){2,3}\\d+$' })
export const CustomKeyStoreIdType = string({ min: 1, max: 64 })
export const CloudHsmClusterIdType = string({ min: 19, max: 24, pattern: 'cluster-[2-7a-zA-Z]{11,16}' })
export const XksKeyIdType = string({ min: 1, max: 128, pattern: '^[a-zA-Z0-9-_.]+$' })
export const TagKeyType = string({ min: 1, max: 128 })
export const TagKeyList = list(TagKeyType)
export const TagList = list(structure({ TagKey: TagKeyType, TagValue: string({ min: 0, max: 256 }) }))
export const EncryptionAlgorithmSpec = oneOf('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE')
export const SigningAlgorithmSpec = oneOf(
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'SM2DSA',
  'ML_DSA_SHAKE_256',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
)
export const MessageType = oneOf('RAW', 'DIGEST', 'EXTERNAL_MU')
export const PublicKeyType = blob({ min: 1, max: 8192 })
export const MacAlgorithmSpec = oneOf('HMAC_SHA_224', 'HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512')
export const KeyAgreementAlgorithmSpec = oneOf('ECDH')
export const EncapsulationAlgorithmSpec = oneOf('ML_KEM')
export const DataKeyPairSpec = oneOf(
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SM2',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
)
export const DataKeySpec = oneOf('AES_256', 'AES_128')
export const DryRunModifierList = list(oneOf('IGNORE_CIPHERTEXT'))
export const RecipientInfo = structure({
  KeyEncryptionAlgorithm: optional(oneOf('RSAES_OAEP_SHA_256')),
  AttestationDocument: optional(blob({ min: 1, max: 262144 })),
})
export const CustomerMasterKeySpecType = oneOf(
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SYMMETRIC_DEFAULT',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'SM2',
)
export const KeySpecType = oneOf(
  ...CustomerMasterKeySpecType.values,
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
)
export const KeyUsageType = oneOf(
  'SIGN_VERIFY',
  'ENCRYPT_DECRYPT',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
)
export const OriginType = oneOf('AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE')
export const KeyManagerType = oneOf('AWS', 'CUSTOMER')
export const ExpirationModelType = oneOf('KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE')
export const KeyStateType = oneOf(
  'Creating',
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingImport',
  'PendingReplicaDeletion',
  'Unavailable',
  'Updating',
)
export const DateType = timestamp()
export const RotationPeriodInDaysType = integer({ min: 90, max: 2560 })
export const RotationTypeType = oneOf('AUTOMATIC', 'ON_DEMAND')
export const KeyMaterialStateType = oneOf(
  'NON_CURRENT',
  'CURRENT',
  'PENDING_ROTATION',
  'PENDING_MULTI_REGION_IMPORT_AND_ROTATION',
)
export const KeyMaterialDescriptionType = string({ min: 0, max: 256, pattern: '^[a-zA-Z0-9:/_\\s.-]+$' })
export const AlgorithmSpec = oneOf(
  'RSAES_PKCS1_V1_5',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
  'SM2PKE',
)
export const WrappingKeySpecType = oneOf('RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2')
export const ImportTypeType = oneOf('NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL')
export const ImportStateType = oneOf('IMPORTED', 'PENDING_IMPORT')
export const KeyLastUsageTrackingOperation = oneOf(
  'Decapsulate',
  'Decrypt',
  'DeriveSharedSecret',
  'Encapsulate',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'Sign',
  'Verify',
  'VerifyMac',
)
export const KmsRequestIdType = string()
export const CloudTrailEventIdType = string()
export const PendingWindowInDaysType = integer({ min: 1, max: 365 })
