import type { AccessKeyId, AccountId, AliasName, GrantId, KeyId, Region } from '#base/brand.ts'
import type { IntegrityError } from '#base/integrity-error.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { IamKind, IamRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import type { Change, Expectation } from '#records/change.ts'

/** A place among the materials of a key by rotation: before all, behind the first one, which no rotation made, or behind another. */
export type RotationPlace = 'nothing' | 'the first' | Pick<KeyMaterialRecord, 'materialId' | 'rotated'>

/**
 * Reading what is stored. Every row is verified (its MAC, and that the columns it was found by say what its content says)
 * before it is returned; a row that fails throws IntegrityError: whatever needs that object is refused, the rest goes on.
 */
export interface StorageReader {
  key(place: Place, keyId: KeyId): MaybeAsync<Stored<KeyRecord> | undefined>
  /**
   * The account that owns the key with this id in the region: the first by number, should several have chosen the same id
   * (only a test profile lets them). It is a hint from an index: reading the key itself verifies it.
   */
  accountOfKey(region: Region, keyId: KeyId): MaybeAsync<AccountId | undefined>
  /** The material of a key whose id begins with `prefix` (16 lower-case hex digits, as a ciphertext blob carries them, or all). */
  material(place: Place, keyId: KeyId, prefix: string): MaybeAsync<Stored<KeyMaterialRecord> | undefined>
  /** All materials of a key in no order: few, for each is the work of a rotation. One that fails fails them all. */
  materials(place: Place, keyId: KeyId): MaybeAsync<readonly Stored<KeyMaterialRecord>[]>
  /**
   * At most `limit` materials of a key behind `after`, in the order of their rotations; those of the same moment by id. One of
   * them that fails fails them all.
   */
  materialsByRotation(
    place: Place,
    keyId: KeyId,
    after: RotationPlace,
    limit: number,
  ): MaybeAsync<readonly Stored<KeyMaterialRecord>[]>
  alias(place: Place, name: AliasName): MaybeAsync<Stored<AliasRecord> | undefined>
  /** At most `limit` key ids after `after`, ascending. */
  keyIds(place: Place, after: KeyId | undefined, limit: number): MaybeAsync<readonly KeyId[]>
  /**
   * At most `limit` aliases after `after` by name, ascending; only those of `target` when it is given. One row that fails
   * among them fails the whole page, and with it every listing that passes it: a list that leaves out an alias without
   * saying so would be a lie, and its callers have no place to say it.
   */
  aliases(
    place: Place,
    after: AliasName | undefined,
    limit: number,
    target: KeyId | undefined,
  ): MaybeAsync<readonly Stored<AliasRecord>[]>
  /** The names of the aliases that point at a key, ascending. */
  aliasNamesOf(place: Place, keyId: KeyId): MaybeAsync<readonly AliasName[]>
  grant(place: Place, keyId: KeyId, grantId: GrantId): MaybeAsync<Stored<GrantRecord> | undefined>
  /** At most `limit` grants of a key after `after` by grant id, ascending; only those of `grantee` when it is given. */
  grants(
    place: Place,
    keyId: KeyId,
    after: GrantId | undefined,
    limit: number,
    grantee: string | undefined,
  ): MaybeAsync<readonly Stored<GrantRecord>[]>
  /** How many grants a key has. */
  grantCount(place: Place, keyId: KeyId): MaybeAsync<number>
  /** The grant of the key with this `nameKey`. */
  grantNamed(place: Place, keyId: KeyId, nameKey: string): MaybeAsync<Stored<GrantRecord> | undefined>
  /** At most `limit` grants in `region` with this retiring principal's name, after `after` by (key id, grant id). */
  retirableGrants(
    region: Region,
    retiring: string,
    after: { readonly account: AccountId; readonly keyId: KeyId; readonly grantId: GrantId } | undefined,
    limit: number,
  ): MaybeAsync<readonly Stored<GrantRecord>[]>
  account(id: AccountId): MaybeAsync<Stored<AccountRecord> | undefined>
  /** All accounts, by id. */
  accounts(): MaybeAsync<readonly Stored<AccountRecord>[]>
  accessKey(id: AccessKeyId): MaybeAsync<Stored<AccessKeyRecord> | undefined>
  /** The access keys of a user by its id, or of the root user of an account (`undefined`), by creation date. */
  accessKeysOf(account: AccountId, userId: string | undefined): MaybeAsync<readonly Stored<AccessKeyRecord>[]>
  /** By unique id, in whatever account. */
  iamById<K extends IamKind>(kind: K, id: string): MaybeAsync<Stored<IamOf<K>> | undefined>
  /** By name, without regard to case. */
  iamByName<K extends IamKind>(account: AccountId, kind: K, name: string): MaybeAsync<Stored<IamOf<K>> | undefined>
  /** At most `limit` after `after` by lower-cased name, ascending. */
  iamList<K extends IamKind>(
    account: AccountId,
    kind: K,
    after: string | undefined,
    limit: number,
  ): MaybeAsync<readonly Stored<IamOf<K>>[]>
  /** A policy's text by its hash. */
  policyText(hash: string): MaybeAsync<string | undefined>
  /**
   * At most `limit` keys of any place whose deletion date is not after `now` (epoch milliseconds), in one order, behind
   * `after`. Fewer than `limit` are the last. A row that fails is passed to `damaged` and takes nobody's place.
   */
  keysDueForDeletion(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): MaybeAsync<readonly Stored<KeyRecord>[]>
  /** The same of enabled keys whose next rotation is not after `now`. */
  keysDueForRotation(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): MaybeAsync<readonly Stored<KeyRecord>[]>
  /** The same of keys with imported key material that expired not after `now` and is still to be deleted. */
  keysWithExpiredMaterial(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): MaybeAsync<readonly Stored<KeyRecord>[]>
  close(): MaybeAsync<void>
}

/** The record of one kind. */
export type IamOf<K extends IamKind> = Extract<IamRecord, { readonly kind: K }>

/** A change set: all of it and its audit record become durable together, or nothing does. */
export interface Commit {
  readonly changes: readonly Change[]
  readonly expectations: readonly Expectation[]
  /** The audit record (JSON text of one CloudTrail record). */
  readonly record: string
}

/** An audit record that is durable with its change and not yet in the trail. */
export interface OutboxEntry {
  /** Ascending in the order of the commits, from 1, without gaps; never used twice. */
  readonly id: number
  /** JSON text of one CloudTrail record. */
  readonly record: string
}

/**
 * `conflict`: an expectation no longer holds, or something to be added exists, or something to be changed is gone; nothing
 * was stored. Any other failure rejects and stores nothing.
 */
export type CommitOutcome = 'committed' | 'conflict'

/** The committing side as an operation sees it. Resolves when the change is durable and every worker will see it. */
export interface Committer {
  commit(commit: Commit): Promise<CommitOutcome>
}
