/** Members of the grant operations, with the service model's constraints. */
import { list, oneOf, optional, string, structure, type Infer } from '#aws/shape.ts'
import { DateType, EncryptionContextType, KeyIdType } from '../members.ts'

export const PrincipalIdType = string({ min: 1, max: 256, pattern: '^[\\w+=,.@:/-]+$' })
export const ServicePrincipalType = string({
  min: 1,
  max: 128,
  pattern: '^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$',
})
export const GrantIdType = string({ min: 1, max: 128 })
export const GrantTokenType = string({ min: 1, max: 8192 })
export const GrantNameType = string({ min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' })
export const GrantOperation = oneOf(
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
)
export type GrantOperation = Infer<typeof GrantOperation>
export const GrantOperationList = list(GrantOperation)
export const GrantConstraintsType = structure({
  EncryptionContextSubset: optional(EncryptionContextType),
  EncryptionContextEquals: optional(EncryptionContextType),
  SourceArn: optional(string({ min: 20, max: 512, pattern: '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$' })),
})
export type GrantConstraintsType = Infer<typeof GrantConstraintsType>
export const GrantListEntry = structure({
  KeyId: optional(KeyIdType),
  GrantId: optional(GrantIdType),
  Name: optional(GrantNameType),
  CreationDate: optional(DateType),
  GranteePrincipal: optional(PrincipalIdType),
  RetiringPrincipal: optional(PrincipalIdType),
  IssuingAccount: optional(PrincipalIdType),
  Operations: optional(GrantOperationList),
  Constraints: optional(GrantConstraintsType),
  GranteeServicePrincipal: optional(ServicePrincipalType),
  RetiringServicePrincipal: optional(ServicePrincipalType),
})
export type GrantListEntry = Infer<typeof GrantListEntry>
