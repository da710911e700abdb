import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AccountId, KeyId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { textsIn } from '#records/policy-texts.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { IamRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from '#records/key.ts'
import { iamEntity } from '../iam-entity.ts'
import { accessKeyEntity, accountEntity, userColumn } from '../identity-entities.ts'
import { aliasEntity, grantEntity, keyEntity, keyMaterialEntity } from '../key-entities.ts'
import type { Tally } from '../tally.ts'
import { isConstraintFailure } from './failures.ts'
import type { PolicyTexts } from './policy-texts.ts'
import { rowColumns } from './rows.ts'
import { TableWriter } from './table-writer.ts'

/** Applies changes inside a transaction of the caller. */
export class ChangeWriter {
  readonly #keys: TableWriter<KeyRecord>
  readonly #materials: TableWriter<KeyMaterialRecord>
  readonly #aliases: TableWriter<AliasRecord>
  readonly #grants: TableWriter<GrantRecord>
  readonly #accounts: TableWriter<AccountRecord>
  readonly #iam: TableWriter<IamRecord>
  readonly #accessKeys: TableWriter<AccessKeyRecord>
  readonly #policyTexts: PolicyTexts
  readonly #materialsOfKey: StatementSync
  readonly #grantsOfKey: StatementSync
  readonly #ownerOfAccessKey: StatementSync

  constructor(db: DatabaseSync, rowKey: HmacKey, policyTexts: PolicyTexts) {
    this.#keys = new TableWriter(db, rowKey, keyEntity)
    this.#materials = new TableWriter(db, rowKey, keyMaterialEntity)
    this.#aliases = new TableWriter(db, rowKey, aliasEntity)
    this.#grants = new TableWriter(db, rowKey, grantEntity)
    this.#accounts = new TableWriter(db, rowKey, accountEntity)
    this.#iam = new TableWriter(db, rowKey, iamEntity)
    this.#accessKeys = new TableWriter(db, rowKey, accessKeyEntity)
    this.#policyTexts = policyTexts
    this.#materialsOfKey = db.prepare(
      `SELECT rowid, ${rowColumns(keyMaterialEntity)} FROM key_material WHERE region = ? AND account = ? AND key_id = ?`,
    )
    this.#grantsOfKey = db.prepare(
      `SELECT rowid, ${rowColumns(grantEntity)} FROM key_grant WHERE region = ? AND account = ? AND key_id = ?`,
    )
    this.#ownerOfAccessKey = db.prepare('SELECT account, user_id FROM access_key WHERE access_key_id = ?')
  }

  /** Whether the row is still as the operation saw it. */
  holds(expectation: Expectation): boolean {
    return this.#revision(expectation) === expectation.rev
  }

  #revision(expectation: Expectation): number | undefined {
    switch (expectation.kind) {
      case 'key':
        return this.#keys.revision([...placeColumns(expectation.place), expectation.keyId])
      case 'alias':
        return this.#aliases.revision([...placeColumns(expectation.place), expectation.name])
      case 'grant':
        return this.#grants.revision([...placeColumns(expectation.place), expectation.keyId, expectation.grantId])
      case 'account':
        return this.#accounts.revision([expectation.account])
      default:
        return exhaustive(expectation)
    }
  }

  /**
   * Applies the changes of one commit. False when what is to be added exists, what is to be changed or removed doesn't, or
   * what it refers to doesn't; rows may have been written by then. Throws IntegrityError when a row to be changed or removed
   * is not what was written.
   */
  apply(tally: Tally, changes: readonly Change[]): boolean {
    try {
      if (!changes.every((change) => this.#apply(tally, change))) return false
      // After the others: what is written to an account itself has the revision already.
      return changes.every((change) => {
        const account = accountOfIamChange(change)
        return account === undefined || this.#accounts.touch(tally, [account])
      })
    } catch (error) {
      // A foreign key: the key of an alias, a grant or material, or the account of an access key, is not there. Or a name
      // that another row has.
      if (isConstraintFailure(error)) return false
      throw error
    }
  }

  #apply(tally: Tally, change: Change): boolean {
    switch (change.kind) {
      case 'key added':
        this.#policyTexts.inForce(textsIn.key(change.key))
        return (
          this.#keys.add(tally, change.key) &&
          (change.material === undefined || this.#materials.add(tally, change.material))
        )
      case 'key changed':
        this.#policyTexts.inForce(textsIn.key(change.key))
        return this.#keys.change(tally, change.key)
      case 'key rotated':
        this.#policyTexts.inForce(textsIn.key(change.key))
        return this.#keys.change(tally, change.key) && this.#materials.add(tally, change.material)
      case 'key material stored':
        return this.#materials.change(tally, change.material) || this.#materials.add(tally, change.material)
      case 'key material removed':
        return this.#materials.remove(tally, [...placeColumns(change.place), change.keyId, change.materialId])
      case 'key deleted':
        return this.#deleteKey(tally, change.place, change.keyId)
      case 'alias added':
        return this.#aliases.add(tally, change.alias)
      case 'alias changed':
        return this.#aliases.change(tally, change.alias)
      case 'alias removed':
        return this.#aliases.remove(tally, [...placeColumns(change.place), change.name])
      case 'grant added':
        return this.#grants.add(tally, change.grant)
      case 'grant removed':
        return this.#grants.remove(tally, [...placeColumns(change.place), change.keyId, change.grantId])
      case 'account added':
        this.#policyTexts.inForce(textsIn.account(change.account))
        return this.#accounts.add(tally, change.account)
      case 'account changed':
        this.#policyTexts.inForce(textsIn.account(change.account))
        return this.#accounts.change(tally, change.account)
      case 'iam added':
        this.#policyTexts.inForce(textsIn.iam(change.entity))
        return this.#iam.add(tally, change.entity)
      case 'iam changed':
        this.#policyTexts.inForce(textsIn.iam(change.entity))
        return this.#iam.change(tally, change.entity)
      case 'iam removed':
        return this.#iam.remove(tally, [change.account, change.of, change.id])
      case 'policy text kept':
        return this.#policyTexts.keep(tally, { hash: change.hash, keptAt: change.keptAt, text: change.text })
      case 'event recorded':
        // The writer's, like the record of the commit.
        return true
      case 'access key added':
        return this.#accessKeys.add(tally, change.accessKey)
      case 'access key changed':
        return this.#isOwner(change.accessKey) && this.#accessKeys.change(tally, change.accessKey)
      case 'access key removed':
        return (
          this.#ownerOf(change.accessKeyId)?.account === change.account &&
          this.#accessKeys.remove(tally, [change.accessKeyId])
        )
      default:
        return exhaustive(change)
    }
  }

  #deleteKey(tally: Tally, place: Place, keyId: KeyId): boolean {
    const key = [...placeColumns(place), keyId]
    this.#grants.removeAll(tally, this.#grantsOfKey, ...key)
    this.#materials.removeAll(tally, this.#materialsOfKey, ...key)
    return this.#keys.remove(tally, key)
  }

  /** An access key never begins to speak for somebody else. */
  #isOwner({ accessKeyId, account, principal }: AccessKeyRecord): boolean {
    const owner = this.#ownerOf(accessKeyId)
    return owner?.account === account && owner.userId === userColumn(principal)
  }

  #ownerOf(accessKeyId: string): { readonly account: unknown; readonly userId: unknown } | undefined {
    const row = this.#ownerOfAccessKey.get(accessKeyId)
    return row === undefined ? undefined : { account: row['account'], userId: row['user_id'] }
  }
}

function placeColumns({ region, account }: Place): [string, string] {
  return [region, account]
}

/** The account whose row a change of IAM's gives a new revision. */
function accountOfIamChange(change: Change): AccountId | undefined {
  if (change.kind === 'iam added' || change.kind === 'iam changed') return change.entity.account
  return change.kind === 'iam removed' ? change.account : undefined
}
