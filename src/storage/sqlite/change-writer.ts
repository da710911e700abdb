import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { KeyId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from '#records/key.ts'
import { accessKeyEntity, accountEntity, aliasEntity, keyEntity, keyMaterialEntity } from '../entity.ts'
import type { Tally } from '../tally.ts'
import { isConstraintFailure } from './failures.ts'
import { rowColumns } from './rows.ts'
import { TableWriter } from './table-writer.ts'

/** Applies changes inside a transaction of the caller. */
export class ChangeWriter {
  readonly #keys: TableWriter<KeyRecord>
  readonly #materials: TableWriter<KeyMaterialRecord>
  readonly #aliases: TableWriter<AliasRecord>
  readonly #accounts: TableWriter<AccountRecord>
  readonly #accessKeys: TableWriter<AccessKeyRecord>
  readonly #materialsOfKey: StatementSync
  readonly #accountOfAccessKey: StatementSync

  constructor(db: DatabaseSync, rowKey: HmacKey) {
    this.#keys = new TableWriter(db, rowKey, keyEntity)
    this.#materials = new TableWriter(db, rowKey, keyMaterialEntity)
    this.#aliases = new TableWriter(db, rowKey, aliasEntity)
    this.#accounts = new TableWriter(db, rowKey, accountEntity)
    this.#accessKeys = new TableWriter(db, rowKey, accessKeyEntity)
    this.#materialsOfKey = db.prepare(
      `SELECT rowid, ${rowColumns(keyMaterialEntity)} FROM key_material WHERE region = ? AND account = ? AND key_id = ?`,
    )
    this.#accountOfAccessKey = db.prepare('SELECT account FROM access_key WHERE access_key_id = ?')
  }

  /** Whether the row is still as the operation saw it. */
  holds(expectation: Expectation): boolean {
    const { place, rev } = expectation
    switch (expectation.kind) {
      case 'key':
        return this.#keys.revision([place.region, place.account, expectation.keyId]) === rev
      case 'alias':
        return this.#aliases.revision([place.region, place.account, expectation.name]) === rev
      default:
        return exhaustive(expectation)
    }
  }

  /**
   * False when what is to be added exists, what is to be changed or removed doesn't, or what it refers to doesn't; rows
   * may have been written by then. Throws IntegrityError when a row to be changed or removed is not what was written.
   */
  apply(tally: Tally, change: Change): boolean {
    try {
      return this.#apply(tally, change)
    } catch (error) {
      // A foreign key: the key of an alias or of material, or the account of an access key, is not there.
      if (isConstraintFailure(error)) return false
      throw error
    }
  }

  #apply(tally: Tally, change: Change): boolean {
    switch (change.kind) {
      case 'key added':
        return this.#keys.add(tally, change.key) && this.#materials.add(tally, change.material)
      case 'key changed':
        return this.#keys.change(tally, change.key)
      case 'key deleted':
        return this.#deleteKey(tally, change.place, change.keyId)
      case 'alias added':
        return this.#aliases.add(tally, change.alias)
      case 'alias changed':
        return this.#aliases.change(tally, change.alias)
      case 'alias removed':
        return this.#aliases.remove(tally, [change.place.region, change.place.account, change.name])
      case 'account added':
        return this.#accounts.add(tally, change.account)
      case 'access key added':
        return this.#accessKeys.add(tally, change.accessKey)
      case 'access key changed':
        return (
          this.#isOf(change.accessKey.account, change.accessKey.accessKeyId) &&
          this.#accessKeys.change(tally, change.accessKey)
        )
      case 'access key removed':
        return this.#isOf(change.account, change.accessKeyId) && this.#accessKeys.remove(tally, [change.accessKeyId])
      default:
        return exhaustive(change)
    }
  }

  #deleteKey(tally: Tally, place: Place, keyId: KeyId): boolean {
    const key = [place.region, place.account, keyId]
    this.#materials.removeAll(tally, this.#materialsOfKey, ...key)
    return this.#keys.remove(tally, key)
  }

  #isOf(account: string, accessKeyId: string): boolean {
    return this.#accountOfAccessKey.get(accessKeyId)?.['account'] === account
  }
}
