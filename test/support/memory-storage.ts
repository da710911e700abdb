/** A storage that keeps everything in memory and has the same contract as the others, but for what a database can suffer. */
import type { AccessKeyId, AccountId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { Commit, CommitOutcome, IamOf, StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { IamKind, IamRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'

interface PolicyText {
  readonly text: string
  readonly keptAt: number
}

/** Rows by their primary keys, the parts of which are joined. */
type Rows<T> = Map<string, T>

export class MemoryStorage {
  readonly keys: Rows<Stored<KeyRecord>> = new Map()
  readonly materials: Rows<Stored<KeyMaterialRecord>> = new Map()
  readonly aliases: Rows<Stored<AliasRecord>> = new Map()
  readonly grants: Rows<Stored<GrantRecord>> = new Map()
  readonly accounts: Rows<Stored<AccountRecord>> = new Map()
  readonly iam: Rows<Stored<IamRecord>> = new Map()
  readonly accessKeys: Rows<Stored<AccessKeyRecord>> = new Map()
  readonly policyTexts: Rows<PolicyText> = new Map()
  /** How many rows of key material were answered where several are asked for. */
  materialsListed = 0
  /** The audit records of all commits. */
  readonly records: string[] = []
  revision = 0
  readonly reader: StorageReader

  /** `later`: answers as a remote database does. */
  constructor(answers: 'at once' | 'later' = 'at once') {
    this.reader = this.#reader((value) => (answers === 'later' ? Promise.resolve(value) : value))
  }

  commit({ changes, expectations, record }: Commit): CommitOutcome {
    const tables: readonly Rows<unknown>[] = [
      this.keys,
      this.materials,
      this.aliases,
      this.grants,
      this.accounts,
      this.iam,
      this.accessKeys,
      this.policyTexts,
    ]
    if (!expectations.every((expectation) => this.#holds(expectation))) return 'conflict'
    const before = tables.map((rows) => [...rows])
    this.revision += 1
    if (changes.every((change) => this.#apply(change)) && changes.every((change) => this.#touch(change))) {
      this.records.push(
        record,
        ...changes.flatMap((change) => (change.kind === 'event recorded' ? [change.record] : [])),
      )
      return 'committed'
    }
    this.revision -= 1
    tables.forEach((rows, index) => {
      rows.clear()
      for (const [name, row] of before[index] ?? []) rows.set(name, row)
    })
    return 'conflict'
  }

  forgetPolicyTexts(before: number): 'done' {
    const documents = (record: IamRecord): readonly string[] => {
      if (record.kind === 'oidc-provider') return []
      if (record.kind === 'policy') return record.versions.map(({ document }) => document)
      const inline = record.inline.map(({ document }) => document)
      return record.kind === 'role' ? [...inline, record.trustPolicy] : inline
    }
    const inForce = new Set([
      ...[...this.keys.values()].map(({ policy }) => policy),
      ...[...this.iam.values()].flatMap(documents),
      ...[...this.accounts.values()].flatMap((each) => [...each.serviceControl, ...each.resourceControl].flat()),
    ])
    for (const [hash, { text, keptAt }] of this.policyTexts) {
      if (keptAt < before && !inForce.has(text)) this.policyTexts.delete(hash)
    }
    return 'done'
  }

  #holds(expectation: Expectation): boolean {
    return this.#expected(expectation)?.rev === expectation.rev
  }

  #expected(expectation: Expectation): { readonly rev: number } | undefined {
    switch (expectation.kind) {
      case 'key':
        return this.keys.get(inPlace(expectation.place, expectation.keyId))
      case 'alias':
        return this.aliases.get(inPlace(expectation.place, expectation.name))
      case 'grant':
        return this.grants.get(inPlace(expectation.place, expectation.keyId, expectation.grantId))
      case 'account':
        return this.accounts.get(expectation.account)
      default:
        return exhaustive(expectation)
    }
  }

  #apply(change: Change): boolean {
    switch (change.kind) {
      case 'key added': {
        const { key, material } = change
        if (!this.#add(this.keys, inPlace(key, key.keyId), key)) return false
        return (
          material === undefined ||
          (this.keys.has(inPlace(material, material.keyId)) &&
            this.#add(this.materials, inPlace(material, material.keyId, material.materialId), material))
        )
      }
      case 'key changed':
        return this.#change(this.keys, inPlace(change.key, change.key.keyId), change.key)
      case 'key rotated':
        return (
          this.#change(this.keys, inPlace(change.key, change.key.keyId), change.key) &&
          this.#add(
            this.materials,
            inPlace(change.material, change.material.keyId, change.material.materialId),
            change.material,
          )
        )
      case 'key material stored': {
        const { material } = change
        const name = inPlace(material, material.keyId, material.materialId)
        if (!this.keys.has(inPlace(material, material.keyId))) return false
        return this.#change(this.materials, name, material) || this.#add(this.materials, name, material)
      }
      case 'key material removed':
        return this.materials.delete(inPlace(change.place, change.keyId, change.materialId))
      case 'key deleted': {
        const { place, keyId } = change
        if (this.#aliasesOf(place, keyId).length > 0) return false
        for (const rows of [this.materials, this.grants]) {
          for (const name of rows.keys()) if (name.startsWith(`${inPlace(place, keyId)} `)) rows.delete(name)
        }
        return this.keys.delete(inPlace(place, keyId))
      }
      case 'alias added':
        return this.#hasTarget(change.alias) && this.#add(this.aliases, aliasKey(change.alias), change.alias)
      case 'alias changed':
        return this.#hasTarget(change.alias) && this.#change(this.aliases, aliasKey(change.alias), change.alias)
      case 'alias removed':
        return this.aliases.delete(inPlace(change.place, change.name))
      case 'grant added': {
        const { grant } = change
        const { keyId, nameKey } = grant
        if (!this.keys.has(inPlace(grant, keyId))) return false
        if (nameKey !== undefined && this.#grantsOf(grant, keyId).some((each) => each.nameKey === nameKey)) return false
        return this.#add(this.grants, inPlace(grant, keyId, grant.grantId), grant)
      }
      case 'grant removed':
        return this.grants.delete(inPlace(change.place, change.keyId, change.grantId))
      case 'account added':
        return this.#add(this.accounts, change.account.account, change.account)
      case 'account changed':
        return this.#change(this.accounts, change.account.account, change.account)
      case 'iam added':
        return this.#isFree(change.entity) && this.#add(this.iam, iamKey(change.entity), change.entity)
      case 'iam changed':
        return this.#isFree(change.entity) && this.#change(this.iam, iamKey(change.entity), change.entity)
      case 'iam removed':
        return this.iam.delete(iamKey({ account: change.account, kind: change.of, id: change.id }))
      case 'policy text kept': {
        const kept = this.policyTexts.get(change.hash)
        const { text, keptAt } = kept ?? change
        this.policyTexts.set(change.hash, { text, keptAt: Math.max(keptAt, change.keptAt) })
        return true
      }
      case 'event recorded':
        return true
      case 'access key added':
        return (
          this.accounts.has(change.accessKey.account) &&
          this.#add(this.accessKeys, change.accessKey.accessKeyId, change.accessKey)
        )
      case 'access key changed': {
        const { accessKey } = change
        const before = this.#accessKeyOf(accessKey.account, accessKey.accessKeyId)
        if (before === undefined || userOf(before) !== userOf(accessKey)) return false
        return this.#change(this.accessKeys, accessKey.accessKeyId, accessKey)
      }
      case 'access key removed':
        return (
          this.#accessKeyOf(change.account, change.accessKeyId) !== undefined &&
          this.accessKeys.delete(change.accessKeyId)
        )
      default:
        return exhaustive(change)
    }
  }

  /** A change of IAM's gives its account a new revision. */
  #touch(change: Change): boolean {
    if (change.kind !== 'iam added' && change.kind !== 'iam changed' && change.kind !== 'iam removed') return true
    const id = change.kind === 'iam removed' ? change.account : change.entity.account
    const account = this.accounts.get(id)
    return account !== undefined && this.#change(this.accounts, id, account)
  }

  #add<T extends object>(rows: Rows<Stored<T>>, name: string, record: T): boolean {
    if (rows.has(name)) return false
    rows.set(name, { ...record, rev: this.revision })
    return true
  }

  #change<T extends object>(rows: Rows<Stored<T>>, name: string, record: T): boolean {
    return rows.delete(name) && this.#add(rows, name, record)
  }

  #hasTarget(alias: AliasRecord): boolean {
    return this.keys.has(inPlace(alias, alias.targetKeyId))
  }

  #isFree({ account, kind, id, name }: IamRecord): boolean {
    const holder = this.#iamNamed(account, kind, name)
    return holder === undefined || holder.id === id
  }

  #iamNamed(account: AccountId, kind: IamKind, name: string): Stored<IamRecord> | undefined {
    return [...this.iam.values()].find(
      (each) => each.account === account && each.kind === kind && each.name.toLowerCase() === name.toLowerCase(),
    )
  }

  #accessKeyOf(account: AccountId, id: AccessKeyId): AccessKeyRecord | undefined {
    const found = this.accessKeys.get(id)
    return found?.account === account ? found : undefined
  }

  #aliasesOf(place: Place, keyId: string): readonly Stored<AliasRecord>[] {
    return inOrder(this.aliases).filter((alias) => isIn(place, alias) && alias.targetKeyId === keyId)
  }

  #grantsOf(place: Place, keyId: string): readonly Stored<GrantRecord>[] {
    return inOrder(this.grants).filter((grant) => isIn(place, grant) && grant.keyId === keyId)
  }

  #due(
    dateOf: (key: KeyRecord) => number,
    now: number,
    limit: number,
    after: KeyRecord | undefined,
  ): readonly Stored<KeyRecord>[] {
    const name = (key: KeyRecord): string => inPlace(key, key.keyId)
    const order = (left: KeyRecord, right: KeyRecord): number => {
      const later = dateOf(left) - dateOf(right)
      if (later !== 0 || name(left) === name(right)) return later
      return name(left) < name(right) ? -1 : 1
    }
    return [...this.keys.values()]
      .filter((key) => dateOf(key) <= now && (after === undefined || order(key, after) > 0))
      .sort(order)
      .slice(0, limit)
  }

  #listed<T>(materials: readonly T[]): readonly T[] {
    this.materialsListed += materials.length
    return materials
  }

  #reader(answer: <T>(value: T) => MaybeAsync<T>): StorageReader {
    const materialsOf = (place: Place, keyId: string): Stored<KeyMaterialRecord>[] =>
      inOrder(this.materials).filter((each) => isIn(place, each) && each.keyId === keyId)
    return {
      key: (place, keyId) => answer(this.keys.get(inPlace(place, keyId))),
      material: (place, keyId, prefix) =>
        answer(
          inOrder(this.materials).find(
            (each) => isIn(place, each) && each.keyId === keyId && each.materialId.startsWith(prefix),
          ),
        ),
      materials: (place, keyId) => answer(this.#listed(materialsOf(place, keyId))),
      materialsByRotation: (place, keyId, after, limit) => {
        const isFirst = ({ rotated }: KeyMaterialRecord): boolean => rotated === undefined
        const isBehind = (each: KeyMaterialRecord): boolean => {
          if (typeof after !== 'object') return after === 'nothing' || !isFirst(each)
          return rotationOrder(after, each) < 0
        }
        return answer(this.#listed(materialsOf(place, keyId).filter(isBehind).sort(rotationOrder).slice(0, limit)))
      },
      alias: (place, name) => answer(this.aliases.get(inPlace(place, name))),
      keyIds: (place, after, limit) =>
        answer(
          inOrder(this.keys)
            .filter((key) => isIn(place, key) && key.keyId > (after ?? ''))
            .map(({ keyId }) => keyId)
            .slice(0, limit),
        ),
      aliases: (place, after, limit, target) =>
        answer(
          inOrder(this.aliases)
            .filter((alias) => isIn(place, alias) && alias.name > (after ?? ''))
            .filter(({ targetKeyId }) => target === undefined || targetKeyId === target)
            .slice(0, limit),
        ),
      accountOfKey: (region, keyId) =>
        answer(inOrder(this.keys).find((key) => key.region === region && key.keyId === keyId)?.account),
      aliasNamesOf: (place, keyId) => answer(this.#aliasesOf(place, keyId).map(({ name }) => name)),
      grant: (place, keyId, grantId) => answer(this.grants.get(inPlace(place, keyId, grantId))),
      grants: (place, keyId, after, limit, grantee) =>
        answer(
          this.#grantsOf(place, keyId)
            .filter(({ grantId }) => grantId > (after ?? ''))
            .filter((grant) => grantee === undefined || grant.grantee.name === grantee)
            .slice(0, limit),
        ),
      grantCount: (place, keyId) => answer(this.#grantsOf(place, keyId).length),
      grantNamed: (place, keyId, nameKey) =>
        answer(this.#grantsOf(place, keyId).find((grant) => grant.nameKey === nameKey)),
      retirableGrants: (region, retiring, after, limit) => {
        const last = after === undefined ? '' : inPlace({ region, account: after.account }, after.keyId, after.grantId)
        return answer(
          inOrder(this.grants)
            .filter((grant) => grant.region === region && grant.retiring?.name === retiring)
            .filter((grant) => inPlace(grant, grant.keyId, grant.grantId) > last)
            .slice(0, limit),
        )
      },
      account: (id) => answer(this.accounts.get(id)),
      accounts: () => answer(inOrder(this.accounts)),
      accessKey: (id) => answer(this.accessKeys.get(id)),
      accessKeysOf: (account, userId) =>
        answer(
          inOrder(this.accessKeys)
            .filter((each) => each.account === account && userOf(each) === userId)
            .sort((left, right) => left.creationDate - right.creationDate),
        ),
      iamById: (kind, id) => answer(ofKind(kind, inOrder(this.iam)).find((each) => each.id === id)),
      iamByName: (account, kind, name) => {
        const found = this.#iamNamed(account, kind, name)
        return answer(found === undefined ? undefined : ofKind(kind, [found])[0])
      },
      iamList: (account, kind, after, limit) => {
        const nameOf = ({ name }: { readonly name: string }): string => name.toLowerCase()
        return answer(
          ofKind(kind, [...this.iam.values()])
            .filter((each) => each.account === account && nameOf(each) > (after ?? '').toLowerCase())
            .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
            .slice(0, limit),
        )
      },
      policyText: (hash) => answer(this.policyTexts.get(hash)?.text),
      keysDueForDeletion: (now, limit, after) => answer(this.#due(deletionAt, now, limit, after)),
      keysDueForRotation: (now, limit, after) => answer(this.#due(rotationAt, now, limit, after)),
      keysWithExpiredMaterial: (now, limit, after) => answer(this.#due(expiryAt, now, limit, after)),
      close: () => undefined,
    }
  }
}

/** A primary key as the name of a row. Spaces sort before all that stands in ids and names. */
function inPlace({ region, account }: Place, ...parts: readonly string[]): string {
  return [region, account, ...parts].join(' ')
}

const aliasKey = (alias: AliasRecord): string => inPlace(alias, alias.name)
const iamKey = ({ account, kind, id }: Pick<IamRecord, 'account' | 'kind' | 'id'>): string => `${account} ${kind} ${id}`
const isIn = (place: Place, row: Place): boolean => row.region === place.region && row.account === place.account

function userOf({ principal }: AccessKeyRecord): string | undefined {
  return principal.kind === 'user' ? principal.userId : undefined
}

/** The rows by primary key, ascending. */
function inOrder<T>(rows: Rows<T>): T[] {
  return [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row)
}

function ofKind<K extends IamKind>(kind: K, records: readonly Stored<IamRecord>[]): Stored<IamOf<K>>[] {
  return records.filter((record): record is Stored<IamOf<K>> => record.kind === kind)
}

function deletionAt({ state }: KeyRecord): number {
  return state.kind === 'PendingDeletion' ? state.deletionDate : Number.POSITIVE_INFINITY
}

function expiryAt({ imported }: KeyRecord): number {
  return imported?.nextExpiry ?? Number.POSITIVE_INFINITY
}

function rotationAt({ state, rotation }: KeyRecord): number {
  return state.kind === 'Enabled'
    ? (rotation?.automatic?.nextDate ?? Number.POSITIVE_INFINITY)
    : Number.POSITIVE_INFINITY
}

/** By the time of rotation, behind the first material, which has none. */
function rotationOrder(
  left: Pick<KeyMaterialRecord, 'materialId' | 'rotated'>,
  right: Pick<KeyMaterialRecord, 'materialId' | 'rotated'>,
): number {
  const dates = [left, right].map(({ rotated }) => rotated?.date ?? -Infinity)
  if (dates[0] !== dates[1]) return (dates[0] ?? 0) < (dates[1] ?? 0) ? -1 : 1
  return left.materialId < right.materialId ? -1 : Number(left.materialId > right.materialId)
}
