/** The `userIdentity` element of a record, as JSON text ("CloudTrail userIdentity element"). Made once for each credential. */
import { exhaustive } from '#base/exhaustive.ts'
import { secondText } from './record.ts'

const dateText = secondText()

/** Whose right a session has: the element's `sessionIssuer`. */
export interface SessionIssuerIdentity {
  readonly type: 'Role' | 'IAMUser' | 'Root'
  readonly principalId: string
  readonly arn: string
  readonly account: string
  /** Undefined for root users. */
  readonly userName: string | undefined
}

/** The element's `sessionContext`: of temporary credentials. */
export interface SessionIdentity {
  /** Undefined when the principal stayed who it was (GetSessionToken). */
  readonly issuer: SessionIssuerIdentity | undefined
  /** Epoch milliseconds. */
  readonly issuedAt: number
  readonly sourceIdentity: string | undefined
  readonly webIdentity:
    | {
        readonly provider: string
        /** What the provider has said, by condition key. */
        readonly attributes: Readonly<Record<string, string | readonly string[]>>
      }
    | undefined
}

/** A caller with an account. */
export interface CallerIdentity {
  readonly type: 'Root' | 'IAMUser' | 'AssumedRole' | 'FederatedUser'
  /** What STS calls UserId. */
  readonly principalId: string
  readonly arn: string
  readonly account: string
  readonly accessKeyId: string
  /** Of users. */
  readonly userName: string | undefined
  /** Undefined for long-term credentials. */
  readonly session: SessionIdentity | undefined
}

/** A service that acts as itself. */
export interface ServiceIdentity {
  readonly type: 'AWSService'
  /** e.g. `s3.amazonaws.com` */
  readonly service: string
}

/** The element for `identity`. */
export function userIdentityText(identity: CallerIdentity | ServiceIdentity): string {
  switch (identity.type) {
    case 'AWSService':
      return JSON.stringify({ type: identity.type, invokedBy: identity.service })
    case 'Root':
    case 'IAMUser':
    case 'AssumedRole':
    case 'FederatedUser': {
      const { type, principalId, arn, account, accessKeyId, userName, session } = identity
      const sessionContext = session === undefined ? undefined : contextOf(session)
      // Members that are undefined are left out.
      return JSON.stringify({ type, principalId, arn, accountId: account, accessKeyId, userName, sessionContext })
    }
    default:
      return exhaustive(identity)
  }
}

function contextOf({ issuer, issuedAt, sourceIdentity, webIdentity }: SessionIdentity): object {
  return {
    sessionIssuer: issuer === undefined ? undefined : issuerOf(issuer),
    webIdFederationData:
      webIdentity === undefined
        ? undefined
        : { federatedProvider: webIdentity.provider, attributes: texts(webIdentity.attributes) },
    // Multi-factor authentication happens at identity providers, which don't say so here.
    attributes: { creationDate: dateText(issuedAt), mfaAuthenticated: 'false' },
    sourceIdentity,
  }
}

// Readers of the element expect texts only.
function texts(attributes: Readonly<Record<string, string | readonly string[]>>): object {
  const entries = Object.entries(attributes)
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? value : value.join(',')]))
}

function issuerOf({ type, principalId, arn, account, userName }: SessionIssuerIdentity): object {
  return { type, principalId, arn, accountId: account, userName }
}
