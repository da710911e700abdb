import type { AccountId, AliasName, KeyId, KeyMaterialId, Region } from '#base/brand.ts'

/** One account in one region: a partition of everything (keys, aliases, grants, quotas, trail). */
export interface Place {
  readonly region: Region
  readonly account: AccountId
}

/** What is stored, with the revision of the whole database at which it was last written: no row ever has one again. */
export type Stored<T> = T & { readonly rev: number }

/** A key's state with the data that exists only in it. Times are epoch milliseconds. */
export type KeyState =
  | { readonly kind: 'Enabled' }
  | { readonly kind: 'Disabled' }
  | { readonly kind: 'PendingDeletion'; readonly deletionDate: number }

export type KeySpec = 'SYMMETRIC_DEFAULT'
export type KeyUsage = 'ENCRYPT_DECRYPT'
export type KeyOrigin = 'AWS_KMS'
export type KeyManager = 'CUSTOMER'

export interface Tag {
  readonly TagKey: string
  readonly TagValue: string
}

/** A KMS key: the resource without its key material. */
export interface KeyRecord extends Place {
  readonly keyId: KeyId
  /** Epoch milliseconds. */
  readonly creationDate: number
  readonly description: string
  readonly keySpec: KeySpec
  readonly keyUsage: KeyUsage
  readonly origin: KeyOrigin
  readonly keyManager: KeyManager
  readonly state: KeyState
  /** In the order in which they were set. */
  readonly tags: readonly Tag[]
  /** The key policy as text, exactly as GetKeyPolicy returns it. */
  readonly policy: string
  readonly currentMaterialId: KeyMaterialId
}

/** One key material of a KMS key, wrapped: what a key store's backing key looks like at rest. */
export interface KeyMaterialRecord extends Place {
  readonly keyId: KeyId
  readonly materialId: KeyMaterialId
  /** Epoch milliseconds. */
  readonly creationDate: number
  readonly origin: KeyOrigin
  readonly keySpec: KeySpec
  readonly keyUsage: KeyUsage
  readonly exportable: false
  /** Which domain key wraps it. */
  readonly epoch: number
  /** The wrapped material: AES-256-GCM under the domain key, bound to all of the above. Base64. */
  readonly wrapped: string
}

export interface AliasRecord extends Place {
  readonly name: AliasName
  readonly targetKeyId: KeyId
  /** Epoch milliseconds. */
  readonly creationDate: number
  readonly lastUpdatedDate: number
}
