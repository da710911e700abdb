import type { GrantId, KeyId } from '#base/brand.ts'
import type { Place } from './key.ts'

/** A principal as grants name it: by unique id where it has one, so that a namesake of a deleted one gets nothing. */
export interface GrantPrincipal {
  /** As in policy/subject.ts: a unique id, `<role id>:<session>`, a federated user's ARN, a root ARN, a service's name. */
  readonly name: string
  /** The ARN (or service name) as it was given, shown while the principal exists. */
  readonly given: string
  readonly kind: 'AWS' | 'Service'
}

/** A grant on a key. Immutable: it is added, then retired or revoked. */
export interface GrantRecord extends Place {
  readonly keyId: KeyId
  readonly grantId: GrantId
  readonly grantee: GrantPrincipal
  readonly retiring: GrantPrincipal | undefined
  /** `arn:...:root` of the account of who created it. */
  readonly issuingAccount: string
  readonly operations: readonly string[]
  /** Pairs, in the order in which they were sent; at most one of the two. */
  readonly encryptionContextEquals: readonly (readonly [string, string])[] | undefined
  readonly encryptionContextSubset: readonly (readonly [string, string])[] | undefined
  readonly sourceArn: string | undefined
  /** '' when none was given. */
  readonly name: string
  /**
   * What makes CreateGrant with a name idempotent: a hash of the name and all parameters, unique among the grants of a key.
   * Undefined without a name.
   */
  readonly nameKey: string | undefined
  /** Epoch milliseconds. */
  readonly creationDate: number
}
