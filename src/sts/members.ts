/** Members of requests and answers, with the limits of the STS service model. */
import { integer, list, optional, secret, secretText, string, structure, timestamp } from '#aws/shape.ts'

const arn = {
  min: 20,
  max: 2048,
  pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
}

export const RoleArnType = string(arn)
export const RoleSessionNameType = string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })
export const SourceIdentityType = string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })
export const ExternalIdType = string({ min: 2, max: 1224, pattern: '[\\w+=,.@:\\/-]*' })
export const UserNameType = string({ min: 2, max: 32, pattern: '[\\w+=,.@-]*' })
export const SessionPolicyType = string({ min: 1, max: 2048, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' })
/** At most ten (AssumeRole, "PolicyArns"); the model itself has no limit. */
export const PolicyArnList = list(structure({ arn: optional(string(arn)) }), { max: 10 })
const tagKey = string({ min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' })
const tagValue = string({ min: 0, max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' })
export const TagList = list(structure({ Key: tagKey, Value: tagValue }), { max: 50 })
export const TagKeyList = list(tagKey, { max: 50 })
export const ClientTokenType = secret(string({ min: 4, max: 20_000 }))
export const ProviderIdType = string({ min: 4, max: 2048 })
export const RoleDurationType = integer({ min: 900, max: 43_200 })
export const DurationType = integer({ min: 900, max: 129_600 })

// What no version of this program has: multi-factor authentication, trusted contexts, padding of tokens.
export const SerialNumberType = string({ min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' })
export const TokenCodeType = string({ min: 6, max: 6, pattern: '[\\d]*' })
export const ProvidedContextList = list(
  structure({ ProviderArn: optional(string(arn)), ContextAssertion: optional(string({ min: 4, max: 2048 })) }),
  { max: 5 },
)
export const MinimumSessionTokenSizeType = integer()

export const CredentialsShape = structure({
  AccessKeyId: string(),
  SecretAccessKey: secretText(),
  SessionToken: string(),
  Expiration: timestamp(),
})
export const AssumedRoleUserShape = structure({ AssumedRoleId: string(), Arn: string() })
export const FederatedUserShape = structure({ FederatedUserId: string(), Arn: string() })
