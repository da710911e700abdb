/** Who calls AssumeRoleWithWebIdentity: nobody has signed, a token of an identity provider tells. */
import { iamArn, partitionOf } from '#base/arn.ts'
import { refusal, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { Identified } from '#aws/operation.ts'
import type { Region } from '#base/brand.ts'
import type { ContextValue, RequestContext } from '#policy/context.ts'
import type { Caller } from '#policy/principal.ts'
import type { WebIdentityClaims, WebIdentityVerdict } from '#ports/web-identity.ts'
import type { OidcProviderRecord } from '#records/iam.ts'
import { parseRoleArn } from './role-arn.ts'
import type { StsPorts } from './operation.ts'
import { invalidArn } from './role-target.ts'
import { foldCase } from '#policy/fold.ts'

/** What conditions may ask about the bearer of a verified token, and its session later. */
export class WebIdentityContext implements RequestContext {
  readonly claims: WebIdentityClaims
  /** By names in lower case: `<provider>:sub` and the like, and `aws:FederatedProvider`. */
  readonly values: Readonly<Record<string, string | readonly string[]>>

  constructor(claims: WebIdentityClaims, provider: OidcProviderRecord, providerArn: string) {
    this.claims = claims
    const prefix = foldCase(provider.name)
    this.values = {
      ...Object.fromEntries(Object.entries(claims.conditions).map(([name, value]) => [`${prefix}:${name}`, value])),
      'aws:federatedprovider': providerArn,
    }
  }

  value(key: string): ContextValue {
    return Object.hasOwn(this.values, key) ? this.values[key] : undefined
  }
}

interface TokenRequest {
  readonly RoleArn: string
  readonly WebIdentityToken: string
}

const notAToken = refusal(
  'InvalidIdentityTokenException',
  'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
)

/** The provider is one of the role's account: of other accounts' providers nothing is believed. */
export async function identifyBearer(
  { RoleArn, WebIdentityToken: token }: TokenRequest,
  region: Region,
  { storage, webIdentity, clock }: StsPorts,
): Promise<Identified | Refusal> {
  const role = parseRoleArn(RoleArn)
  if (role === undefined) return invalidArn
  const issuer = webIdentity.issuerOf(token)
  if (issuer === undefined) return notAToken
  const name = issuer.replace(/^https?:\/\//, '')
  const provider = await storage.iamByName(role.account, 'oidc-provider', name)
  if (provider === undefined) {
    return refusal(
      'InvalidIdentityTokenException',
      `No OpenIDConnect provider found in your account for ${issuer.slice(0, 255)}`,
    )
  }
  const verdict = await webIdentity.verify(token, provider, clock.machineNow())
  if (!verdict.ok) return refusal(codes[verdict.reason], verdict.message)
  return identified(provider, verdict.claims, region)
}

const codes = {
  invalid: 'InvalidIdentityTokenException',
  expired: 'ExpiredIdentityTokenException',
  rejected: 'IDPRejectedClaimException',
  unreachable: 'IDPCommunicationErrorException',
} as const satisfies Record<Extract<WebIdentityVerdict, { readonly ok: false }>['reason'], ErrorCode>

function identified(provider: OidcProviderRecord, claims: WebIdentityClaims, region: Region): Identified {
  const { account } = provider
  const arn = iamArn(partitionOf(region), provider.account, 'oidc-provider', '/', provider.name)
  const principalId = `${arn}:${claims.audience}:${claims.subject}`
  const caller: Caller = {
    account,
    arn,
    userId: principalId,
    accessKeyId: undefined,
    subject: {
      kind: 'federated user',
      account,
      // Only a trust policy that names the provider means its bearers.
      names: { direct: [arn], entity: [], account: [] },
      identity: [],
      boundary: undefined,
      session: undefined,
      serviceControl: [],
    },
    context: new WebIdentityContext(claims, provider, arn),
    session: undefined,
  }
  // CloudTrail User Guide, "CloudTrail userIdentity element".
  const userIdentity = JSON.stringify({
    type: 'WebIdentityUser',
    principalId,
    userName: claims.subject,
    identityProvider: arn,
  })
  return { caller, userIdentity }
}
