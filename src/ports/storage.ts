import type { AccessKeyId, AliasName, KeyId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import type { Change, Expectation } from '#records/change.ts'

/**
 * Reading what is stored. Every row is verified (its MAC, and that the columns it was found by say what its content says)
 * before it is returned; a row that fails throws IntegrityError: that object is refused, the rest goes on.
 */
export interface StorageReader {
  key(place: Place, keyId: KeyId): MaybeAsync<Stored<KeyRecord> | undefined>
  /** The material of a key whose id begins with `prefix` (16 lower-case hex digits, as a ciphertext blob carries them). */
  material(place: Place, keyId: KeyId, prefix: string): MaybeAsync<Stored<KeyMaterialRecord> | undefined>
  alias(place: Place, name: AliasName): MaybeAsync<Stored<AliasRecord> | undefined>
  /** At most `limit` key ids after `after`, ascending. */
  keyIds(place: Place, after: KeyId | undefined, limit: number): MaybeAsync<readonly KeyId[]>
  /** At most `limit` aliases after `after` by name, ascending; only those of `target` when it is given. */
  aliases(
    place: Place,
    after: AliasName | undefined,
    limit: number,
    target: KeyId | undefined,
  ): MaybeAsync<readonly Stored<AliasRecord>[]>
  accessKey(id: AccessKeyId): MaybeAsync<Stored<AccessKeyRecord> | undefined>
  /** At most `limit` keys of any place whose deletion date is not after `now` (epoch milliseconds). */
  keysDueForDeletion(now: number, limit: number): MaybeAsync<readonly Stored<KeyRecord>[]>
  close(): MaybeAsync<void>
}

/** A change set: all of it and its audit record become durable together, or nothing does. */
export interface Commit {
  readonly changes: readonly Change[]
  readonly expectations: readonly Expectation[]
  /** The audit record (JSON text of one CloudTrail record). */
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
