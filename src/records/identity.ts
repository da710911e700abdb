import type { AccessKeyId, AccountId } from '#base/brand.ts'

export interface AccountRecord {
  readonly account: AccountId
  /** Epoch milliseconds. */
  readonly creationDate: number
}

/** Who an access key speaks for. Users, roles and sessions join this union. */
export type PrincipalRecord = { readonly kind: 'root' }

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
