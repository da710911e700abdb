/**
 * Who asks: verifies a request's signature over its raw bytes (IAM User Guide, "AWS Signature Version 4"). Signing keys are
 * cached by the Identities port; verdicts never are. An unknown access key goes through the same
 * computation as a known one (and costs a look into the database each time, which a known one does not).
 */
import { refusal, type Refusal } from '#aws/errors.ts'
import { checkScope } from '#aws/sigv4-scope.ts'
import { parseAuthorization, signatureMismatch, verifySignature, type SigV4Claim } from '#aws/sigv4.ts'
import { parseRegion, type Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { IncomingRequest } from './request.ts'

export interface Authenticated {
  readonly authentic: true
  readonly credential: Credential
  readonly region: Region
}

/** Refused before a caller is known; what was claimed goes to the security log. */
export interface Unauthenticated {
  readonly authentic: false
  readonly refusal: Refusal
  readonly claimedAccessKeyId: string | undefined
}

export interface AuthenticationRules {
  /** The signing name of the service. */
  readonly service: string
  /** The regions in which a signature may be scoped. */
  readonly regions: ReadonlySet<string>
  /** How far the signer's clock may be off, seconds. */
  readonly skewSeconds: number
}

const unknownToken = refusal('UnrecognizedClientException', 'The security token included in the request is invalid.')
const expiredToken = refusal('ExpiredTokenException', 'The security token included in the request is expired')

/** Authenticates `request` at `machineNow` (epoch milliseconds of the machine, which no test profile moves). */
export function authenticate(
  request: IncomingRequest,
  rules: AuthenticationRules,
  identities: Identities<HmacKey>,
  machineNow: number,
): MaybeAsync<Authenticated | Unauthenticated> {
  const claim = parseAuthorization(request)
  if ('refused' in claim) return { authentic: false, refusal: claim, claimedAccessKeyId: undefined }
  const scope = checkScope(claim, {
    service: rules.service,
    regions: rules.regions,
    nowMs: machineNow,
    skewSeconds: rules.skewSeconds,
  })
  if (scope !== undefined) return { authentic: false, refusal: scope, claimedAccessKeyId: claim.accessKeyId }
  return after(identities.credential(claim.accessKeyId, claim.sessionToken), (credential) =>
    judge(request.body, claim, credential, identities, machineNow),
  )
}

function judge(
  body: Buffer,
  claim: SigV4Claim,
  credential: Credential | undefined,
  identities: Identities<HmacKey>,
  machineNow: number,
): Authenticated | Unauthenticated {
  const unauthenticated = (refused: Refusal): Unauthenticated => ({
    authentic: false,
    refusal: refused,
    claimedAccessKeyId: claim.accessKeyId,
  })
  const key = identities.signingKey(credential, claim.scopeDate, claim.region, claim.service)
  const matches = verifySignature(claim, body, key)
  if (credential?.status !== 'Active') return unauthenticated(unknownToken)
  const region = parseRegion(claim.region)
  if (!matches || region === undefined) return unauthenticated(signatureMismatch)
  // Only who knows the secret is told that it was one.
  if (credential.expiresAt !== undefined && credential.expiresAt <= machineNow) return unauthenticated(expiredToken)
  return { authentic: true, credential, region }
}
