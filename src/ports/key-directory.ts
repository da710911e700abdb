import type { AliasName, KeyArn, KeyId, Region } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { Grant } from '#policy/grant.ts'
import type { AliasRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import type { MaterialKind, MaterialOf, OpenedMaterial, SymmetricMaterial } from './key-store.ts'

/** A key as requests use it: its record and what is derived from it once per load. */
export interface LiveKey {
  readonly record: Stored<KeyRecord>
  readonly arn: KeyArn
  readonly policy: CompiledPolicy
  readonly opened: OpenedMaterials
}

/**
 * The material that was opened since the key was loaded: the directory's own, nobody else looks into it. Nearly all keys have
 * one, and an array with one element takes the room of seventeen.
 */
export interface OpenedMaterials {
  first: OpenedMaterial | undefined
  more: OpenedMaterial[] | undefined
}

/**
 * Keys, aliases and opened key material by name, cached and never stale: what was committed before an answer left is seen
 * by every later lookup, in any worker.
 */
export interface KeyDirectory {
  key(place: Place, keyId: KeyId): MaybeAsync<LiveKey | undefined>
  /**
   * The key in whatever account of the region: a ciphertext blob names its key and no account. The account is remembered, for
   * a key never moves.
   */
  keyAnywhere(region: Region, keyId: KeyId): MaybeAsync<LiveKey | undefined>
  alias(place: Place, name: AliasName): MaybeAsync<Stored<AliasRecord> | undefined>
  /** The grants of a key whose grantee is `name` (policy/subject.ts). */
  grants(place: Place, keyId: KeyId, name: string): MaybeAsync<readonly Grant[]>
  /** The names of the aliases that point at a key. */
  aliasNamesOf(place: Place, keyId: KeyId): MaybeAsync<readonly AliasName[]>
  /**
   * The key's current material, which is of `kind` because the key's usage was looked at before. Throws IntegrityError when it
   * is missing, not what was wrapped or of another kind.
   */
  currentMaterial<K extends MaterialKind>(key: LiveKey, kind: K): MaybeAsync<MaterialOf<K>>
  /** The key's symmetric material whose id begins with `prefix` (16 hex digits), or undefined when the key has none such. */
  material(key: LiveKey, prefix: string): MaybeAsync<SymmetricMaterial | undefined>
}
