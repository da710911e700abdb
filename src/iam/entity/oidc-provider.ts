/** OpenID Connect identity providers: as targets, by ARN, and as their URLs name them. */
import { refusal, RefusalError, type Refusal } from '#aws/errors.ts'
import { iamArn, parseArn, partitionOf } from '#base/arn.ts'
import { isLoopback } from '#base/loopback.ts'
import type { OidcProviderRecord } from '#records/iam.ts'
import type { Stored } from '#records/key.ts'
import { conditionValue, type ConditionInput } from './conditions.ts'
import {
  callersAccount,
  entityArn,
  iamTarget,
  noSuchEntity,
  type AccountResource,
  type EntityResource,
  type IamAction,
} from './target.ts'

/** A provider by its ARN, which need not exist. */
export interface ProviderResource extends AccountResource {
  readonly record: Stored<OidcProviderRecord> | undefined
}

type ProviderInput = ConditionInput & { readonly OpenIDConnectProviderArn: string }

/** The provider that OpenIDConnectProviderArn names. */
export const providerNamed = (action: IamAction) =>
  iamTarget(
    action,
    async ({ OpenIDConnectProviderArn: arn }: ProviderInput, facts, ports): Promise<ProviderResource | Refusal> => {
      const name = providerNameIn(arn)
      // Unverified wording.
      if (name === undefined) return refusal('InvalidInputException', `Invalid ARN: ${arn}`)
      const account = await callersAccount(facts, ports)
      const record = await ports.storage.iamByName(account.account, 'oidc-provider', name)
      const isIt = record !== undefined && entityArn(record, facts) === arn
      return { account, arn, record: isIt ? record : undefined }
    },
    (key, { record }, { Tags, TagKeys }) =>
      conditionValue(key, { tags: record?.tags ?? [], boundary: undefined }, { Tags, TagKeys }),
  )

interface NewProvider extends ConditionInput {
  readonly Url: string
}

/** The provider that CreateOpenIDConnectProvider makes. `record` is one that has the URL already. */
export const newProvider = (action: IamAction) =>
  iamTarget(
    action,
    async ({ Url }: NewProvider, facts, ports): Promise<EntityResource<OidcProviderRecord> | Refusal> => {
      const name = providerName(Url)
      if (name === undefined) return refusal('ValidationException', 'Invalid Open ID Connect Provider URL')
      const account = await callersAccount(facts, ports)
      const arn = iamArn(partitionOf(facts.region), account.account, 'oidc-provider', '/', name)
      const record = await ports.storage.iamByName(account.account, 'oidc-provider', name)
      return { account, kind: 'oidc-provider', name, arn, record }
    },
    (key, _resource, { Tags }) => conditionValue(key, { tags: [], boundary: undefined }, { Tags }),
  )

/** The same once more: its tags need the permission to tag as well. */
export const newProviderTags = {
  ...newProvider('iam:TagOpenIDConnectProvider'),
  applies: ({ Tags = [] }: NewProvider) => Tags.length > 0,
}

/** The provider. Throws the refusal NoSuchEntity when there is none: operations declare it. */
export function existingProvider({ record, arn }: ProviderResource): Stored<OidcProviderRecord> {
  if (record === undefined) throw new RefusalError(noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`))
  return record
}

/**
 * The name of the provider with this issuer URL: what stands behind the scheme. Tokens are from it when their `iss` is the URL
 * exactly, so it is not changed in any way. Undefined for what can be no issuer's URL: OpenID Connect Discovery 1.0 section 2
 * wants https without query or fragment; plain http is for issuers on this machine, whom nobody can stand before.
 */
function providerName(text: string): string | undefined {
  const name = /^https?:\/\/([\u0021-\u007E]+)$/.exec(text)?.[1]
  const url = URL.parse(text)
  const isIssuer =
    url !== null &&
    (url.protocol === 'https:' || isLoopback(url.hostname)) &&
    url.username === '' &&
    url.password === '' &&
    !/[?#\\]/.test(text)
  return isIssuer ? name : undefined
}

function providerNameIn(arn: string): string | undefined {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || parsed.region !== '') return undefined
  return /^oidc-provider\/([\u0021-\u007E]+)$/.exec(parsed.resource)?.[1]
}

const clientIdsPerProvider = 100
const thumbprintsPerProvider = 5

/** Each client id once. Throws the refusal LimitExceeded when they are too many: operations declare it. */
export function clientIds(given: readonly string[]): readonly string[] {
  const distinct = [...new Set(given)]
  if (distinct.length <= clientIdsPerProvider) return distinct
  throw new RefusalError(
    refusal(
      'LimitExceededException',
      `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${clientIdsPerProvider}`,
    ),
  )
}

/**
 * The thumbprints as they are kept. Nothing is decided by them: whom to trust on the way to an issuer is configured ("Obtain
 * the thumbprint for an OpenID Connect identity provider", IAM User Guide, says the same of AWS's library of trusted CAs).
 */
export function thumbprints(given: readonly string[]): readonly string[] {
  if (given.length <= thumbprintsPerProvider) return given
  throw new RefusalError(refusal('InvalidInputException', 'Thumbprint list must contain fewer than 5 entries.'))
}
