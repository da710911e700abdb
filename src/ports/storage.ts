import type { AccessKeyId, AliasName, KeyId } from '#base/brand.ts'
import type { IntegrityError } from '#base/integrity-error.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import type { Change, Expectation } from '#records/change.ts'

/**
 * Reading what is stored. Every row is verified (its MAC, and that the columns it was found by say what its content says)
 * before it is returned; a row that fails throws IntegrityError: whatever needs that object is refused, the rest goes on.
 */
export interface StorageReader {
  key(place: Place, keyId: KeyId): MaybeAsync<Stored<KeyRecord> | undefined>
  /** The material of a key whose id begins with `prefix` (16 lower-case hex digits, as a ciphertext blob carries them). */
  material(place: Place, keyId: KeyId, prefix: string): MaybeAsync<Stored<KeyMaterialRecord> | undefined>
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
  accessKey(id: AccessKeyId): MaybeAsync<Stored<AccessKeyRecord> | undefined>
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
  close(): MaybeAsync<void>
}

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
