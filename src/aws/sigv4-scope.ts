/** Whether a signature's time and scope are those of the endpoint it came to. */
import { refusal, type Refusal } from './errors.ts'
import { basicTime } from './sigv4-time.ts'

/** When, where and for what a request says it was signed. */
export interface ClaimedScope {
  readonly scopeDate: string
  readonly region: string
  readonly service: string
  readonly terminator: string
  /** `YYYYMMDDTHHMMSSZ`, a time that exists. */
  readonly amzDate: string
  /** `amzDate` in milliseconds of the epoch. */
  readonly timeMs: number
  /** Set when the signature came in the query; 1 to 604800. */
  readonly presigned: { readonly expiresSeconds: number } | undefined
}

/** What the endpoint stands for, and when. */
export interface ScopeExpectation {
  readonly service: string
  /** For iam and sts this includes us-east-1: some clients sign for the global endpoint. */
  readonly regions: ReadonlySet<string>
  /** Milliseconds of the epoch. */
  readonly nowMs: number
  /** How far the clocks of client and server may be apart, either way. */
  readonly skewSeconds: number
}

/**
 * Compares the claim's time and scope with what the endpoint stands for. AWS looks at the time first and then names all
 * that is wrong with the scope in one message.
 */
export function checkScope(claimed: ClaimedScope, expected: ScopeExpectation): Refusal | undefined {
  const now = Math.floor(expected.nowMs / 1000) * 1000
  const skew = expected.skewSeconds * 1000
  // STS holds a presigned request good for as long as any other, whatever X-Amz-Expires says. The tokens of
  // aws-iam-authenticator and `aws eks get-token` say 60 seconds and count on the fifteen minutes.
  const { presigned } = claimed
  const lifetime = presigned === undefined || expected.service === 'sts' ? skew : presigned.expiresSeconds * 1000
  if (claimed.timeMs < now - lifetime) {
    return refusal(
      'InvalidSignatureException',
      `Signature expired: ${claimed.amzDate} is now earlier than ${basicTime(now - lifetime)} (${basicTime(now)} - ${lifetime / 60_000} min.)`,
    )
  }
  if (claimed.timeMs > now + skew) {
    return refusal(
      'InvalidSignatureException',
      `Signature not yet current: ${claimed.amzDate} is still later than ${basicTime(now + skew)} (${basicTime(now)} + ${skew / 60_000} min.)`,
    )
  }
  const right =
    claimed.service === expected.service &&
    expected.regions.has(claimed.region) &&
    claimed.terminator === 'aws4_request' &&
    claimed.scopeDate.length === 8 &&
    claimed.amzDate.startsWith(claimed.scopeDate)
  return right ? undefined : refusal('InvalidSignatureException', scopeFaults(claimed, expected))
}

function scopeFaults(claimed: ClaimedScope, expected: ScopeExpectation): string {
  const day = claimed.amzDate.slice(0, 8)
  // The spaces at the ends are AWS's.
  return [
    expected.regions.has(claimed.region)
      ? ''
      : `Credential should be scoped to a valid region, not '${claimed.region}'. `,
    claimed.service === expected.service
      ? ''
      : `Credential should be scoped to correct service: '${expected.service}'. `,
    claimed.terminator === 'aws4_request'
      ? ''
      : `Credential should be scoped with a valid terminator: 'aws4_request', not '${claimed.terminator}'. `,
    claimed.scopeDate === day
      ? ''
      : `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claimed.scopeDate}' != '${day}', from '${claimed.amzDate}'.`,
  ].join('')
}
