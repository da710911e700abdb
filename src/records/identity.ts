import type { AccessKeyId, AccountId } from '#base/brand.ts'

export interface AccountRecord {
  readonly account: AccountId
  /** Epoch milliseconds. */
  readonly creationDate: number
  /** What operators call it; '' when it has no name. */
  readonly name: string
  /**
   * Service and resource control policies as documents, by level (organization root first, the account last), as an operator
   * set them. Empty: none, which limits nobody.
   */
  readonly serviceControl: readonly (readonly string[])[]
  readonly resourceControl: readonly (readonly string[])[]
  /** Epoch milliseconds: temporary credentials of the root user issued before are dead. */
  readonly rootSessionsValidFrom: number
}

/** Who an access key speaks for: the root user of its account, or a user of it by unique id. */
export type PrincipalRecord = { readonly kind: 'root' } | { readonly kind: 'user'; readonly userId: string }

export interface AccessKeyRecord {
  readonly accessKeyId: AccessKeyId
  readonly account: AccountId
  readonly principal: PrincipalRecord
  readonly status: 'Active' | 'Inactive'
  /** Epoch milliseconds. */
  readonly creationDate: number
  /** Which domain key wraps the secret. */
  readonly epoch: number
  /** The secret access key, wrapped as key material is (SigV4 needs the secret itself, not a hash). Base64. */
  readonly wrappedSecret: string
}
