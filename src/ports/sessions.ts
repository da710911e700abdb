import type { AccessKeyId, AccountId } from '#base/brand.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { Tag } from '#records/key.ts'

/** Whom temporary credentials speak for. */
export type SessionPrincipal =
  | { readonly kind: 'role'; readonly roleId: string; readonly sessionName: string }
  /** GetSessionToken: the principal stays the user. */
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'root' }
  /** GetFederationToken by a user (`userId`) or by the root user (undefined). */
  | { readonly kind: 'federated'; readonly userId: string | undefined; readonly name: string }

/** What temporary credentials carry in their token: nothing of it is stored. */
export interface Session {
  readonly account: AccountId
  readonly principal: SessionPrincipal
  /** Epoch milliseconds, of the machine's clock. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Session policies: documents, and ARNs of managed policies. Undefined: none were passed. */
  readonly policies: { readonly documents: readonly string[]; readonly arns: readonly string[] } | undefined
  readonly tags: readonly Tag[]
  /** Keys of the tags that chained sessions inherit. */
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity: string | undefined
  /** Condition keys for the life of the session: `<provider>:sub`, `aws:FederatedProvider`... by lower-cased name. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>
}

/** Temporary credentials as they are handed out. */
export interface SessionCredentials {
  readonly accessKeyId: AccessKeyId
  /** 40 characters; the caller's to destroy. */
  readonly secretAccessKey: SecretBytes
  readonly sessionToken: string
}

/** Makes temporary credentials. Every worker can verify them without asking anybody. */
export interface SessionIssuer {
  issue(session: Session): SessionCredentials
}

/** What a session token stands for. */
export interface OpenedSession {
  readonly accessKeyId: AccessKeyId
  /** The holder's to destroy. */
  readonly secretAccessKey: SecretBytes
  readonly session: Session
}
