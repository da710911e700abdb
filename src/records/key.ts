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
  /** Of keys with imported key material alone: they have none yet, or some of it is not there any more. */
  | { readonly kind: 'PendingImport' }
  | { readonly kind: 'PendingDeletion'; readonly deletionDate: number }
  /** Of multi-Region primary keys alone: they wait for the end of their replicas, and then `windowDays` more. */
  | { readonly kind: 'PendingReplicaDeletion'; readonly windowDays: number }

export type { KeySpec, KeyUsage }
/** `EXTERNAL`: its owner imports its key material. */
export type KeyOrigin = 'AWS_KMS' | 'EXTERNAL'
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

/**
 * Where the bytes of an imported key material are. `validTo` (epoch milliseconds): when they expire; undefined: never. What
 * has expired may not be used, and stays until it is deleted.
 */
export type ImportedBytes =
  | { readonly kind: 'imported'; readonly validTo?: number | undefined }
  | { readonly kind: 'expired'; readonly validTo: number }
  | { readonly kind: 'absent' }

/** A key material that was imported into a key: it stays associated with the key when its bytes are gone. */
export interface ImportedMaterial {
  readonly materialId: KeyMaterialId
  readonly bytes: ImportedBytes
  /** Only of symmetric keys: KeyMaterialDescription as it was last set. */
  readonly description?: string | undefined
  /** `pending`: not in use before a rotation makes it the current one, and forgotten when its bytes go before that. */
  readonly standing: 'permanent' | 'pending'
  /** When it became current; undefined of the first material of a key, and while it is pending. */
  readonly rotated?: { readonly date: number; readonly type: RotationType } | undefined
}

/** What was imported into a key (kms/key/imported.ts makes it). */
export interface ImportedMaterials {
  /** In the order in which they became current; a pending one is the last. */
  readonly materials: readonly ImportedMaterial[]
  /**
   * The earliest `validTo` of bytes that are still there: by it the job that deletes what has expired finds the key. Undefined:
   * nothing expires.
   */
  readonly nextExpiry?: number | undefined
}

/**
 * Where the keys of a multi-Region key are: the same in the record of each of them. They have account, key id, key material and
 * all that follows from it in common, and their rotation; everything else is each one's own.
 */
export interface MultiRegion {
  readonly primaryRegion: Region
  /** In the order in which they came to be. */
  readonly replicaRegions: readonly Region[]
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
  /** Undefined: nothing was imported yet. */
  readonly currentMaterialId?: KeyMaterialId | undefined
  /** Undefined: never set up. */
  readonly rotation?: KeyRotation | undefined
  /** Of keys of origin `EXTERNAL` alone. */
  readonly imported?: ImportedMaterials | undefined
  /** Undefined: a single-Region key. */
  readonly multiRegion?: MultiRegion | undefined
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
