import type { AccountId, AliasName, KeyId, KeyMaterialId, Region } from '#base/brand.ts'
import type { KeySpec, KeyUsage } from '#crypto/key-specs.ts'

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

export type { KeySpec, KeyUsage }
export type KeyOrigin = 'AWS_KMS'
/** `AWS`: AWS managed keys, and AWS owned ones, whose account is `awsAccount`. */
export type KeyManager = 'CUSTOMER' | 'AWS'

export interface Tag {
  readonly TagKey: string
  readonly TagValue: string
}

/** How the material of a key is rotated: by itself, or because somebody asked for it (ListKeyRotations, RotationType). */
export type RotationType = 'AUTOMATIC' | 'ON_DEMAND'

/** When a key gets new material. */
export interface KeyRotation {
  /** Undefined: it is not rotated by itself. `nextDate` (epoch milliseconds) stands still while the key isn't enabled. */
  readonly automatic?: { readonly periodDays: number; readonly nextDate: number } | undefined
  /** How many rotations were asked for since the key was made: their number is limited. */
  readonly onDemand: number
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
  /** The key policy as it was put, but users and roles by unique id (policy/stored-principals.ts). */
  readonly policy: string
  readonly currentMaterialId: KeyMaterialId
  /** Undefined: never set up. */
  readonly rotation?: KeyRotation | undefined
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
  /** When and how it became current (`date`: epoch milliseconds); undefined of the first material of a key. */
  readonly rotated?: { readonly date: number; readonly type: RotationType } | undefined
}

export interface AliasRecord extends Place {
  readonly name: AliasName
  readonly targetKeyId: KeyId
  /** Epoch milliseconds. */
  readonly creationDate: number
  readonly lastUpdatedDate: number
}
