/** What a seed file asks for, read and not yet compared with what is there. Times are epoch milliseconds. */
import type { AccessKeyId, AccountId, AliasName, KeyId, Region } from '#base/brand.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { KeySpec, KeyUsage } from '#crypto/key-specs.ts'
import type { GrantRequest } from '#kms/grant/create.ts'
import type { KeyOrigin, RotationType, Tag } from '#records/key.ts'

/** Where something stands: `FILE:3:5: keys[0].id`. Every problem begins with one. */
export type Where = string

export interface Seed {
  readonly accounts: readonly SeedAccount[]
  readonly keys: readonly SeedKey[]
  readonly aliases: readonly SeedAlias[]
}

export interface SeedAccount {
  readonly where: Where
  readonly account: AccountId
  readonly name: string | undefined
  readonly rootAccessKey: { readonly id: AccessKeyId; readonly secret: string } | undefined
}

/** Undefined: the first account of the installation, the first region of the server. */
interface SeedPlace {
  readonly account: AccountId | undefined
  readonly region: Region | undefined
}

/** What a key has for itself, also beside its replicas. What is undefined is left to its default, and not compared. */
export interface SeedOwn {
  readonly where: Where
  readonly created: number | undefined
  readonly description: Given<string>
  readonly tags: Given<readonly Tag[]>
  readonly policy: Given<string>
  readonly state: Given<SeedState>
  readonly grants: readonly SeedGrant[]
}

/** A key; a multi-Region one, by its id, is the primary of its replicas. */
export interface SeedKey extends SeedPlace, SeedOwn {
  readonly keyId: KeyId
  readonly keySpec: KeySpec
  readonly keyUsage: KeyUsage
  readonly origin: KeyOrigin
  readonly rotation: Given<SeedRotation>
  /** Oldest first; empty: one that is made anew, or of a key of origin `EXTERNAL`, none yet. */
  readonly materials: readonly SeedMaterial[]
  readonly replicas: readonly SeedReplica[]
}

/** A replica; one of origin `EXTERNAL` in the state `PendingImport` has the bytes of no material. */
export interface SeedReplica extends SeedOwn {
  readonly region: Region
}

/** A value and where it stands; undefined when it was not given. */
export type Given<T> = { readonly value: T; readonly where: Where } | undefined

export type SeedState =
  | { readonly kind: 'Enabled' | 'Disabled' | 'PendingImport' }
  /** Of primaries that have replicas. */
  | { readonly kind: 'PendingReplicaDeletion'; readonly windowDays: number }
  | { readonly kind: 'PendingDeletion'; readonly until: { readonly date: number } | { readonly days: number } }

export interface SeedRotation {
  readonly periodDays: number
  readonly nextDate: number | undefined
}

export interface SeedMaterial {
  readonly where: Where
  /** Of a symmetric or HMAC key, or a private key as PKCS #8; to be destroyed. Undefined: to be made. */
  readonly bytes: SecretBytes | undefined
  /** Not looked at for the first one. */
  readonly rotated: { readonly date: number | undefined; readonly type: RotationType }
  /** Undefined of material that was not imported. */
  readonly imported: SeedImport | undefined
}

/** What is said of imported key material. */
export interface SeedImport {
  /** Undefined: never. */
  readonly expires: Given<{ readonly date: number } | { readonly days: number }>
  /** KeyMaterialDescription. */
  readonly description: string | undefined
  /** It waits for a rotation. */
  readonly pending: boolean
}

export interface SeedGrant {
  readonly where: Where
  readonly request: GrantRequest
}

export interface SeedAlias extends SeedPlace {
  readonly where: Where
  readonly name: AliasName
  readonly target: KeyId
}
