/**
 * Verifies Signature Version 4 (IAM User Guide, "AWS Signature Version 4 for API requests") in steps, so that the caller
 * can look up the secret in between: `parseAuthorization` reads the request, `checkScope` compares what it claims with
 * the endpoint and the time, `verifySignature` decides. Nothing that a claim says is true before all three agree.
 *
 * Stricter than AWS where leniency only helps an attacker: every x-amz-* header must be signed, and headers or query
 * parameters that must be unique are refused when repeated. S3's forms (UNSIGNED-PAYLOAD, STREAMING-*, the path encoded
 * once) and SigV4a are not spoken here. Message texts are those that AWS services answer.
 */
import { parseAccessKeyId, type AccessKeyId } from '#base/brand.ts'
import { Recent } from '#base/recent.ts'
import { HmacKey, isSha256Hex, sha256Hex } from '#crypto/hmac.ts'
import { refusal, type Refusal } from './errors.ts'
import {
  algorithm,
  headerParts,
  incomplete,
  missingParameters,
  queryParts,
  quoted,
  type SignatureParts,
} from './sigv4-authorization.ts'
import { canonicalPath, isCanonical, parseQuery, type ParsedQuery } from './sigv4-canonical.ts'
import { headerPlan, signedValues, type HeaderFault, type HeaderPlan } from './sigv4-headers.ts'
import type { ClaimedScope } from './sigv4-scope.ts'
import { basicTimeOfDateHeader, parseBasicTime } from './sigv4-time.ts'

export { checkScope, type ScopeExpectation } from './sigv4-scope.ts'

/** A request as it came, before anybody normalised it. Strings are latin1: one character for each byte. */
export interface SignedRequest {
  readonly method: string
  /** The raw path of the request target. */
  readonly path: string
  /** The raw query without its question mark; empty when there is none. */
  readonly query: string
  /** Names and values in turn, as in Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[]
  /** True where whoever read the request knows that all of the above is printable ASCII: then nobody looks again. */
  readonly isPrintable?: boolean | undefined
}

/** What a request says about itself. It holds the session token: don't log it whole. */
export interface SigV4Claim extends ClaimedScope {
  readonly accessKeyId: AccessKeyId
  /** `date/region/service/terminator`, printable ASCII. */
  readonly scope: string
  /** Lower-case, sorted; each is present in the request. */
  readonly signedHeaders: readonly string[]
  /** 64 characters, not yet known to be hex. */
  readonly signature: string
  readonly sessionToken: string | undefined
  /** The x-amz-content-sha256 header. */
  readonly payloadHash: string | undefined
  /** The canonical request up to its last line, the hash of the body; one character for each byte. */
  readonly canonicalHead: string
}

/** The answer to a signature that is wrong. */
export const signatureMismatch: Refusal = refusal(
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
)

/** Reads the claim of a signed request, from the Authorization header or from the query. */
export function parseAuthorization(request: SignedRequest): SigV4Claim | Refusal {
  const { rawHeaders } = request
  let header: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 13 && name.toLowerCase() === 'authorization') {
      if (header !== undefined) return incomplete('The request has more than one Authorization header.')
      header = rawHeaders[index + 1]
    }
  }
  const query = parseQuery(request.query)
  if (query === undefined) return incomplete('The query string is malformed or names a parameter more than once.')
  const inQuery = query.parameters.has('X-Amz-Algorithm') || query.parameters.has('X-Amz-Signature')
  if (header === undefined) {
    if (!inQuery) return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token')
    const parts = queryParts(query)
    return 'refused' in parts ? parts : claim(request, query, parts, '')
  }
  if (inQuery) {
    return refusal(
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )
  }
  const parts = headerParts(header, rawHeaders)
  return 'refused' in parts ? parts : claim(request, query, parts, header)
}

function faultRefusal({ fault, name }: HeaderFault): Refusal {
  switch (fault) {
    case 'must be signed':
      return mustBeSigned(name)
    case 'repeated':
      return incomplete(`The request has more than one '${name}' header.`)
    case 'odd':
      return incomplete('The headers of the request are malformed.')
    case 'absent':
      return signatureMismatch
  }
}

const mustBeSigned = (name: string): Refusal =>
  refusal(
    'InvalidSignatureException',
    name === 'host' || name === ':authority'
      ? "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
      : `'${name}' must be a 'SignedHeader' in the AWS Authorization.`,
  )

const printable = /^[!-~]*$/

type NamedCredential = Pick<SigV4Claim, 'accessKeyId' | 'scope' | 'scopeDate' | 'region' | 'service' | 'terminator'>

// A client's credential changes once a day. The text is no secret, and what it says is still only claimed.
const credentialsKept = 256
const longestKept = 256
const credentials = new Map<string, NamedCredential>()
const recentCredentials = new Recent<NamedCredential>()

/** The parts of a Credential parameter. */
function namedIn(credential: string): NamedCredential | Refusal {
  const recent = recentCredentials.get(credential)
  if (recent !== undefined) return recent
  const known = credentials.get(credential)
  if (known !== undefined) {
    recentCredentials.set(credential, known)
    return known
  }
  const first = credential.indexOf('/')
  const second = credential.indexOf('/', first + 1)
  const third = credential.indexOf('/', second + 1)
  const fourth = credential.indexOf('/', third + 1)
  const scope = credential.slice(first + 1)
  if (first < 0 || second <= first || third <= second || fourth <= third || credential.includes('/', fourth + 1)) {
    return incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    )
  }
  if (!printable.test(scope)) return incomplete('The credential scope holds characters that are not printable.')
  const accessKeyId = parseAccessKeyId(credential.slice(0, first))
  if (accessKeyId === undefined) {
    return refusal('UnrecognizedClientException', 'The security token included in the request is invalid.')
  }
  const named = {
    accessKeyId,
    scope,
    scopeDate: credential.slice(first + 1, second),
    region: credential.slice(second + 1, third),
    service: credential.slice(third + 1, fourth),
    terminator: credential.slice(fourth + 1),
  }
  if (credential.length <= longestKept) {
    if (credentials.size >= credentialsKept) credentials.clear()
    credentials.set(credential, named)
  }
  return named
}

function claim(
  request: SignedRequest,
  query: ParsedQuery,
  parts: SignatureParts,
  header: string,
): SigV4Claim | Refusal {
  const plan = headerPlan(parts.signedHeaders)
  if (plan === undefined) return incomplete("The list 'SignedHeaders' is malformed or names a header twice.")
  const values = signedValues(plan, request.rawHeaders)
  if (!Array.isArray(values)) return faultRefusal(values)
  if (!plan.slots.has('host')) return mustBeSigned('host')

  const { credential, presigned } = parts
  const named = namedIn(credential)
  if ('refused' in named) return named

  const slotted = (name: string): string | undefined => valueOf(plan, values, name)
  const signedToken = slotted('x-amz-security-token')
  if (presigned !== undefined && signedToken !== undefined) {
    return incomplete('The security token must be either in the query string or in a header.')
  }
  const amzDate = presigned === undefined ? requestDate(plan, values) : presigned.amzDate
  if (amzDate === undefined) {
    const absent = missingParameters(credential, parts.signature, parts.signedHeaders, request.rawHeaders)
    return absent === '' ? mustBeSigned('date') : incomplete(absent + quoted(header))
  }
  const timeMs = parseBasicTime(amzDate)
  if (timeMs === undefined) {
    return incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  }

  const path = canonicalPath(request.path)
  if (path === undefined) return incomplete('The path of the request is malformed.')
  let canonicalHead = `${request.method}\n${path}\n${query.canonical}\n`
  for (let slot = 0; slot < values.length; slot++) canonicalHead += (plan.heads[slot] ?? '') + (values[slot] ?? '')
  canonicalHead += plan.tail
  // Else a value could hold the line feed that ends it, and pose as further headers.
  if (request.isPrintable !== true && !isCanonical(canonicalHead, values.length + 5))
    return incomplete('The request holds control characters.')
  if (parts.signature.length !== 64) return signatureMismatch

  return {
    accessKeyId: named.accessKeyId,
    scope: named.scope,
    scopeDate: named.scopeDate,
    region: named.region,
    service: named.service,
    terminator: named.terminator,
    amzDate,
    timeMs,
    signedHeaders: plan.names,
    signature: parts.signature,
    sessionToken: presigned === undefined ? signedToken : presigned.token,
    presigned: presigned === undefined ? undefined : { expiresSeconds: presigned.expiresSeconds },
    payloadHash: slotted('x-amz-content-sha256'),
    canonicalHead,
  }
}

function valueOf(plan: HeaderPlan, values: readonly string[], name: string): string | undefined {
  const slot = plan.slots.get(name)
  return slot === undefined ? undefined : values[slot]
}

function requestDate(plan: HeaderPlan, values: readonly string[]): string | undefined {
  const amzDate = valueOf(plan, values, 'x-amz-date')
  if (amzDate !== undefined) return amzDate
  const date = valueOf(plan, values, 'date')
  return date === undefined ? undefined : basicTimeOfDateHeader(date)
}

/**
 * Whether `body` (the raw bytes) and the request that the claim was read from were signed with `key`, which must be the
 * signing key of the claim's scope. A stated x-amz-content-sha256 must be the hash of the body.
 */
export function verifySignature(claimed: SigV4Claim, body: Buffer, key: HmacKey): boolean {
  // A stated hash is known to the client, so its comparison may take its time.
  const stated = claimed.payloadHash
  if (stated !== undefined && !isSha256Hex(body, stated)) return false
  const start = `${algorithm}\n${claimed.amzDate}\n${claimed.scope}\n`
  return key.matchesHexOverDigest(start, claimed.canonicalHead, stated ?? sha256Hex(body), claimed.signature)
}

/** Derives the key of one day, region and service; `secret` stays the caller's. Keep the result, it costs four MACs. */
export function signingKey(secret: Buffer, date: string, region: string, service: string): HmacKey {
  const start = Buffer.alloc(4 + secret.length)
  start.write('AWS4', 0, 'latin1')
  secret.copy(start, 4)
  let key = new HmacKey('sha256', start)
  start.fill(0)
  const link = Buffer.alloc(32)
  for (const part of [date, region, service, 'aws4_request']) {
    key.into(Buffer.from(part, 'utf8'), link)
    key.destroy()
    key = new HmacKey('sha256', link)
  }
  link.fill(0)
  return key
}
