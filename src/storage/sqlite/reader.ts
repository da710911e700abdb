import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { AccessKeyId, AccountId, AliasName, GrantId, KeyId, Region } from '#base/brand.ts'
import { parseAccountId, parseKeyId } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { IamOf, RotationPlace, StorageReader } from '#ports/storage.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { IamKind, IamRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'
import type { Entity } from '../entity.ts'
import { iamEntity, nameKey } from '../iam-entity.ts'
import { accessKeyEntity, accountEntity } from '../identity-entities.ts'
import { aliasEntity, grantEntity, keyEntity, keyMaterialEntity, nextRotation } from '../key-entities.ts'
import { policyTextEntity } from '../policy-text-entity.ts'
import { fromRow } from '../stored-row.ts'
import { openForReading } from './connection.ts'
import { guarded } from './failures.ts'
import { refuseNewer } from './migrate.ts'
import { beforeAllRotations, statements } from './reader-statements.ts'
import { storedRow } from './rows.ts'

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
  readonly #statements: ReturnType<typeof statements>

  constructor(file: string, rowKey: HmacKey) {
    this.#file = file
    this.#rowKey = rowKey
    this.#db = openForReading(file)
    try {
      refuseNewer(this.#db, file)
      this.#statements = guarded(file, 'read', () => statements(this.#db))
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

  materials(place: Place, keyId: KeyId): readonly Stored<KeyMaterialRecord>[] {
    return this.#all(keyMaterialEntity, this.#statements.materials, place.region, place.account, keyId)
  }

  materialsByRotation(
    place: Place,
    keyId: KeyId,
    after: RotationPlace,
    limit: number,
  ): readonly Stored<KeyMaterialRecord>[] {
    const { region, account } = place
    const date = (typeof after === 'object' ? after.rotated?.date : undefined) ?? beforeAllRotations
    // Ids are hex digits: `g` follows them all.
    const id = after === 'nothing' ? '' : after === 'the first' ? 'g' : after.materialId
    const { materialsByRotation } = this.#statements
    return this.#all(keyMaterialEntity, materialsByRotation, region, account, keyId, date, date, id, limit)
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
    return target === undefined
      ? this.#all(aliasEntity, aliases, place.region, place.account, after ?? '', limit)
      : this.#all(aliasEntity, aliasesOf, place.region, place.account, target, after ?? '', limit)
  }

  accountOfKey(region: Region, keyId: KeyId): AccountId | undefined {
    const row = guarded(this.#file, 'read', () => this.#statements.accountOfKey.get(keyId, region))
    if (row === undefined) return undefined
    const account = typeof row['account'] === 'string' ? parseAccountId(row['account']) : undefined
    if (account === undefined) throw new IntegrityError('A row of table key has an account that no key can have.')
    return account
  }

  aliasNamesOf(place: Place, keyId: KeyId): readonly AliasName[] {
    // The names alone would be found in an index, but what vouches for where an alias points is the row.
    return this.#all(aliasEntity, this.#statements.aliasesOf, place.region, place.account, keyId, '', -1).map(
      ({ name }) => name,
    )
  }

  grant(place: Place, keyId: KeyId, grantId: GrantId): Stored<GrantRecord> | undefined {
    return this.#one(grantEntity, this.#statements.grant, place.region, place.account, keyId, grantId)
  }

  grants(
    place: Place,
    keyId: KeyId,
    after: GrantId | undefined,
    limit: number,
    grantee: string | undefined,
  ): readonly Stored<GrantRecord>[] {
    const { grants, grantsOf } = this.#statements
    return grantee === undefined
      ? this.#all(grantEntity, grants, place.region, place.account, keyId, after ?? '', limit)
      : this.#all(grantEntity, grantsOf, place.region, place.account, keyId, grantee, after ?? '', limit)
  }

  /** Counts in an index: rows that were made up, or taken away, are found by the full scan alone. */
  grantCount(place: Place, keyId: KeyId): number {
    const row = guarded(this.#file, 'read', () => this.#statements.grantCount.get(place.region, place.account, keyId))
    return Number(row?.['count'])
  }

  grantNamed(place: Place, keyId: KeyId, nameKey: string): Stored<GrantRecord> | undefined {
    return this.#one(grantEntity, this.#statements.grantNamed, place.region, place.account, keyId, nameKey)
  }

  retirableGrants(
    region: Region,
    retiring: string,
    after: { readonly account: AccountId; readonly keyId: KeyId; readonly grantId: GrantId } | undefined,
    limit: number,
  ): readonly Stored<GrantRecord>[] {
    const { account, keyId, grantId } = after ?? { account: '', keyId: '', grantId: '' }
    return this.#all(grantEntity, this.#statements.retirable, region, retiring, account, keyId, grantId, limit)
  }

  account(id: AccountId): Stored<AccountRecord> | undefined {
    return this.#one(accountEntity, this.#statements.account, id)
  }

  accounts(): readonly Stored<AccountRecord>[] {
    return this.#all(accountEntity, this.#statements.accounts)
  }

  accessKey(id: AccessKeyId): Stored<AccessKeyRecord> | undefined {
    return this.#one(accessKeyEntity, this.#statements.accessKey, id)
  }

  accessKeysOf(account: AccountId, userId: string | undefined): readonly Stored<AccessKeyRecord>[] {
    const found = this.#all(accessKeyEntity, this.#statements.accessKeysOf, account, userId ?? '')
    // There are two at most, as IAM has it; made in the same millisecond they stay in the order of their ids.
    return found.toSorted((left, right) => left.creationDate - right.creationDate)
  }

  iamById<K extends IamKind>(kind: K, id: string): Stored<IamOf<K>> | undefined {
    return ofKind(kind, this.#all(iamEntity, this.#statements.iamById, id, kind))[0]
  }

  iamByName<K extends IamKind>(account: AccountId, kind: K, name: string): Stored<IamOf<K>> | undefined {
    return ofKind(kind, this.#all(iamEntity, this.#statements.iamByName, account, kind, nameKey(name)))[0]
  }

  iamList<K extends IamKind>(
    account: AccountId,
    kind: K,
    after: string | undefined,
    limit: number,
  ): readonly Stored<IamOf<K>>[] {
    return ofKind(kind, this.#all(iamEntity, this.#statements.iamList, account, kind, nameKey(after ?? ''), limit))
  }

  policyText(hash: string): string | undefined {
    return this.#one(policyTextEntity, this.#statements.policyText, hash)?.text
  }

  keysDueForDeletion(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): readonly Stored<KeyRecord>[] {
    const date = after?.state.kind === 'PendingDeletion' ? after.state.deletionDate : undefined
    return this.#due(this.#statements.dueForDeletion, now, limit, after, date, damaged)
  }

  keysDueForRotation(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): readonly Stored<KeyRecord>[] {
    const date = after === undefined ? undefined : nextRotation(after)
    return this.#due(this.#statements.dueForRotation, now, limit, after, date, damaged)
  }

  keysWithExpiredMaterial(
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    damaged: (error: IntegrityError) => void,
  ): readonly Stored<KeyRecord>[] {
    return this.#due(this.#statements.withExpiredMaterial, now, limit, after, after?.imported?.nextExpiry, damaged)
  }

  #due(
    statement: StatementSync,
    now: number,
    limit: number,
    after: KeyRecord | undefined,
    date: number | undefined,
    damaged: (error: IntegrityError) => void,
  ): readonly Stored<KeyRecord>[] {
    // What precedes every date, and no key.
    const { region, account, keyId } = after ?? { region: '', account: '', keyId: '' }
    return guarded(this.#file, 'read', () => {
      const due: Stored<KeyRecord>[] = []
      for (const row of statement.iterate(now, date ?? Number.MIN_SAFE_INTEGER, region, account, keyId)) {
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

  #all<T extends object>(
    entity: Entity<T>,
    statement: StatementSync,
    ...parameters: SQLInputValue[]
  ): readonly Stored<T>[] {
    const rows = guarded(this.#file, 'read', () => statement.all(...parameters))
    return rows.map((row) => fromRow(this.#rowKey, entity, storedRow(entity, row)))
  }
}

/** Those of one kind, which are all of them: the kind is a column by which they were found. */
function ofKind<K extends IamKind>(kind: K, records: readonly Stored<IamRecord>[]): readonly Stored<IamOf<K>>[] {
  return records.filter((record): record is Stored<IamOf<K>> => record.kind === kind)
}
