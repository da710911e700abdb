import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { AccessKeyId, AliasName, KeyId } from '#base/brand.ts'
import { parseKeyId } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import { accessKeyEntity, accountEntity, aliasEntity, keyEntity, keyMaterialEntity } from '../entity.ts'
import type { Entity } from '../entity.ts'
import { fromRow } from '../stored-row.ts'
import { openForReading } from './connection.ts'
import { guarded } from './failures.ts'
import { refuseNewer } from './migrate.ts'
import { rowColumns, selectRow, storedRow } from './rows.ts'

/**
 * A read-only connection of its own, for one thread; it sees each commit from the moment it is durable. `rowKey` stays the
 * caller's and must outlive the reader. Throws StorageError; the writer must have brought the schema up to date.
 */
export function openReader(file: string, rowKey: HmacKey): SqliteReader {
  return new SqliteReader(file, rowKey)
}

/** The narrowest answer of each method: SQLite never makes a caller wait for a promise. */
export class SqliteReader implements StorageReader {
  readonly #file: string
  readonly #rowKey: HmacKey
  readonly #db: DatabaseSync
  readonly #statements: ReturnType<typeof prepare>

  constructor(file: string, rowKey: HmacKey) {
    this.#file = file
    this.#rowKey = rowKey
    this.#db = openForReading(file)
    try {
      refuseNewer(this.#db, file)
      this.#statements = guarded(file, 'read', () => prepare(this.#db))
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  key(place: Place, keyId: KeyId): Stored<KeyRecord> | undefined {
    return this.#one(keyEntity, this.#statements.key, place.region, place.account, keyId)
  }

  material(place: Place, keyId: KeyId, prefix: string): Stored<KeyMaterialRecord> | undefined {
    // `g` follows the hex digits: the range is what begins with the prefix.
    return this.#one(
      keyMaterialEntity,
      this.#statements.material,
      place.region,
      place.account,
      keyId,
      prefix,
      `${prefix}g`,
    )
  }

  alias(place: Place, name: AliasName): Stored<AliasRecord> | undefined {
    return this.#one(aliasEntity, this.#statements.alias, place.region, place.account, name)
  }

  keyIds(place: Place, after: KeyId | undefined, limit: number): readonly KeyId[] {
    const rows = guarded(this.#file, 'read', () =>
      this.#statements.keyIds.all(place.region, place.account, after ?? '', limit),
    )
    return rows.map(({ key_id: text }) => {
      const keyId = typeof text === 'string' ? parseKeyId(text) : undefined
      if (keyId === undefined) throw new IntegrityError('A row of table key has an id that no key can have.')
      return keyId
    })
  }

  aliases(
    place: Place,
    after: AliasName | undefined,
    limit: number,
    target: KeyId | undefined,
  ): readonly Stored<AliasRecord>[] {
    const { aliases, aliasesOf } = this.#statements
    const rows = guarded(this.#file, 'read', () =>
      target === undefined
        ? aliases.all(place.region, place.account, after ?? '', limit)
        : aliasesOf.all(place.region, place.account, target, after ?? '', limit),
    )
    return rows.map((row) => fromRow(this.#rowKey, aliasEntity, storedRow(aliasEntity, row)))
  }

  accessKey(id: AccessKeyId): Stored<AccessKeyRecord> | undefined {
    return this.#one(accessKeyEntity, this.#statements.accessKey, id)
  }

  /** All accounts of the installation, by id. */
  accounts(): readonly Stored<AccountRecord>[] {
    const rows = guarded(this.#file, 'read', () => this.#statements.accounts.all())
    return rows.map((row) => fromRow(this.#rowKey, accountEntity, storedRow(accountEntity, row)))
  }

  keysDueForDeletion(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): readonly Stored<KeyRecord>[] {
    // What precedes every date, and no key.
    const { state, region, account, keyId } = after ?? { state: undefined, region: '', account: '', keyId: '' }
    const date = state?.kind === 'PendingDeletion' ? state.deletionDate : Number.MIN_SAFE_INTEGER
    return guarded(this.#file, 'read', () => {
      const due: Stored<KeyRecord>[] = []
      for (const row of this.#statements.due.iterate(now, date, region, account, keyId)) {
        if (due.length >= limit) break
        try {
          due.push(fromRow(this.#rowKey, keyEntity, storedRow(keyEntity, row)))
        } catch (error) {
          if (!(error instanceof IntegrityError)) throw error
          damaged(error)
        }
      }
      return due
    })
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #one<T extends object>(
    entity: Entity<T>,
    statement: StatementSync,
    ...parameters: SQLInputValue[]
  ): Stored<T> | undefined {
    const row = guarded(this.#file, 'read', () => statement.get(...parameters))
    return row === undefined ? undefined : fromRow(this.#rowKey, entity, storedRow(entity, row))
  }
}

// Listing key ids reads the index of the primary key alone.
function prepare(db: DatabaseSync) {
  return {
    key: selectRow(db, keyEntity),
    alias: selectRow(db, aliasEntity),
    accessKey: selectRow(db, accessKeyEntity),
    material: db.prepare(
      `SELECT ${rowColumns(keyMaterialEntity)} FROM key_material
       WHERE region = ? AND account = ? AND key_id = ? AND material_id >= ? AND material_id < ?
       ORDER BY material_id LIMIT 1`,
    ),
    keyIds: db.prepare(
      `SELECT key_id FROM key WHERE region = ? AND account = ? AND key_id > ? ORDER BY key_id LIMIT ?`,
    ),
    aliases: db.prepare(
      `SELECT ${rowColumns(aliasEntity)} FROM alias
       WHERE region = ? AND account = ? AND name > ? ORDER BY name LIMIT ?`,
    ),
    aliasesOf: db.prepare(
      `SELECT ${rowColumns(aliasEntity)} FROM alias
       WHERE region = ? AND account = ? AND target_key_id = ? AND name > ? ORDER BY name LIMIT ?`,
    ),
    accounts: db.prepare(`SELECT ${rowColumns(accountEntity)} FROM account ORDER BY account`),
    // In an order that no two keys share, so that a page goes on where the one before it ended.
    due: db.prepare(
      `SELECT ${rowColumns(keyEntity)} FROM key
       WHERE key.deletion_date <= ? AND (key.deletion_date, region, account, key_id) > (?, ?, ?, ?)
       ORDER BY key.deletion_date, region, account, key_id`,
    ),
  }
}
