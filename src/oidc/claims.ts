/**
 * The claims of an ID token whose signature holds: is it from this issuer, for this audience, of this time (OpenID Connect
 * Core 1.0 section 3.1.3.7)? Messages are those of AWS where they are known.
 */
import type { OidcProviderRecord } from '#records/iam.ts'
import type { WebIdentityVerdict } from '#ports/web-identity.ts'

/** How far the clocks of issuer and server may be apart, seconds. */
const skewSeconds = 300
// AWS's limit of SubjectFromWebIdentityToken; it has none for the others, but they stand in the session's token.
const longestValue = 255
const mostValues = 20
const longestTogether = 2048

type Refused = Extract<WebIdentityVerdict, { readonly ok: false }>

const refuse = (reason: Refused['reason'], message: string): Refused => ({ ok: false, reason, message })

/** Judges `payload`, the JSON text of the claims, at `machineNow` (epoch milliseconds). */
export function judgeClaims(
  payload: string,
  provider: Pick<OidcProviderRecord, 'url' | 'clientIds'>,
  machineNow: number,
): WebIdentityVerdict {
  const claims = objectIn(payload)
  if (claims === undefined) return refuse('invalid', 'The ID Token provided is not a valid JWT.')
  for (const name of ['iss', 'sub', 'aud', 'exp', 'iat']) {
    if (claims[name] === undefined) return refuse('invalid', `Missing a required claim: ${name}`)
  }
  if (claims['iss'] !== provider.url) return refuse('invalid', 'Incorrect token issuer')
  const untimely = judgeTimes(claims, machineNow / 1000)
  if (untimely !== undefined) return untimely
  const audiences = stringsIn(claims['aud'])
  const authorized = claims['azp'] === undefined ? undefined : textIn(claims['azp'])
  if (audiences === undefined || (claims['azp'] !== undefined && authorized === undefined)) {
    return refuse('invalid', 'Incorrect token audience')
  }
  const audience = audienceOf(audiences, authorized, provider.clientIds)
  if (audience === undefined) return refuse('invalid', 'Incorrect token audience')
  const subject = textIn(claims['sub'])
  if (subject === undefined) return refuse('invalid', 'The subject of the token is not 1 to 255 characters long')
  const methods = claims['amr'] === undefined ? undefined : stringsIn(claims['amr'])
  if (claims['amr'] !== undefined && methods === undefined) return refuse('invalid', 'The claim amr is not understood')
  const conditions = {
    sub: subject,
    aud: audience,
    ...(authorized === undefined ? {} : { oaud: audiences }),
    ...(methods === undefined ? {} : { amr: methods }),
  }
  if (JSON.stringify(conditions).length > longestTogether) {
    return refuse('invalid', 'The claims of the token are too long')
  }
  return { ok: true, claims: { issuer: provider.url, subject, audience, conditions } }
}

function judgeTimes(claims: Claims, now: number): Refused | undefined {
  const expires = timeIn(claims['exp'])
  const issued = timeIn(claims['iat'])
  const notBefore = claims['nbf'] === undefined ? undefined : timeIn(claims['nbf'])
  if (expires === undefined || issued === undefined || (claims['nbf'] !== undefined && notBefore === undefined)) {
    return refuse('invalid', 'The times of the token are not understood')
  }
  if (expires + skewSeconds <= now) {
    return refuse(
      'expired',
      `Token expired: current date/time ${Math.floor(now)} must be before the expiration date/time ${expires}`,
    )
  }
  if (issued - skewSeconds > now) return refuse('rejected', 'The token was issued in the future')
  if (notBefore !== undefined && notBefore - skewSeconds > now) return refuse('rejected', 'The token is not yet valid')
  return undefined
}

/**
 * Whom the token was issued to: `azp` where it has one, for then `aud` names whom its bearer may talk to ("Available keys for
 * AWS OIDC federation", IAM User Guide); otherwise an audience. It has to be one of the provider's client ids.
 */
function audienceOf(
  audiences: readonly string[],
  authorized: string | undefined,
  clientIds: readonly string[],
): string | undefined {
  const candidates = authorized === undefined ? audiences : [authorized]
  return candidates.find((candidate) => clientIds.includes(candidate))
}

type Claims = { readonly [name: string]: unknown }

/** The JSON object in `text`; undefined when it is none. */
export function objectIn(text: string): Claims | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  return isClaims(value) ? value : undefined
}

const isClaims = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.length >= 1 && value.length <= longestValue ? value : undefined
}

/** One string or a list of them, as `aud` may be either (RFC 7519 section 4.1.3). */
function stringsIn(value: unknown): readonly string[] | undefined {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = listed.map(textIn).filter((text) => text !== undefined)
  return texts.length === listed.length && texts.length > 0 && texts.length <= mostValues ? texts : undefined
}

/** A NumericDate (RFC 7519 section 2): epoch seconds, with or without a fraction. */
function timeIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
