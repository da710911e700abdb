/** What every back end of the Storage port must do. Each back end's own test file runs this suite. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { WrappedDomainKey } from '#crypto/key-hierarchy.ts'
import type { Commit, CommitOutcome, StorageReader } from '#ports/storage.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import {
  accessKeyId,
  accessKeyRecord,
  accountRecord,
  aliasName,
  aliasRecord,
  commitOf,
  currentMaterialOf,
  keyAdded,
  keyId,
  keyRecord,
  materialId,
  materialOf,
  numberedKeyId,
  otherAccount,
  otherRegion,
  place,
  rootAccessKey,
} from '../storage/fixtures.ts'
import { conflictContract, keyWithAliases } from './storage-conflicts.ts'
import { grantContract } from './storage-grants.ts'
import { iamContract } from './storage-iam.ts'
import { policyTextContract } from './storage-policy-texts.ts'
import { importedContract } from './storage-imported.ts'
import { rotationContract } from './storage-rotation.ts'

/** A storage with the fixtures' installation in it: `account`, `rootAccessKey`, one domain key, one outbox record. */
export interface StorageUnderTest {
  readonly reader: StorageReader
  commit(commit: Commit): MaybeAsync<CommitOutcome>
  commitAll(commits: readonly Commit[]): MaybeAsync<readonly (CommitOutcome | Error)[]>
  head(): MaybeAsync<{ readonly revision: number; readonly digest: string }>
  outbox(afterId: number, limit: number): MaybeAsync<readonly { readonly id: number; readonly record: string }[]>
  removeFromOutbox(uptoId: number): MaybeAsync<void>
  /** What the full scan finds. */
  findings(): MaybeAsync<readonly { readonly kind: string; readonly table?: string; readonly primaryKey?: string }[]>
  forgetPolicyTexts(before: number): MaybeAsync<'more' | 'done'>
}

/** One that keeps what it stores in a database, where others can get at it. */
export interface DatabaseUnderTest extends StorageUnderTest {
  readDomainKeys(): MaybeAsync<readonly WrappedDomainKey[]>
  addDomainKey(domainKey: WrappedDomainKey, created: number): MaybeAsync<void>
  /** Changes one column of one row behind the storage's back. */
  tamper(table: string, column: string, value: string | number | null, where: string): MaybeAsync<void>
}

/** Makes a new storage for a test, and closes it when the test ends. */
export type OpenStorage<S extends StorageUnderTest = StorageUnderTest> = (t: {
  after: (work: () => MaybeAsync<void>) => void
}) => MaybeAsync<S>

/** Commits changes that must not conflict. */
export async function added(storage: StorageUnderTest, ...changes: Change[]): Promise<void> {
  assert.equal(await storage.commit(commitOf(changes)), 'committed')
}

/** Runs the part of the suite that every storage passes, be it in memory. */
export function storageContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: reading`, () => {
    it('answers undefined for what is not there', async (t) => {
      const { reader } = await open(t)
      assert.equal(await reader.key(place, keyId()), undefined)
      assert.equal(await reader.material(place, keyId(), '0123456789abcdef'), undefined)
      assert.equal(await reader.alias(place, aliasName('none')), undefined)
      assert.equal(await reader.accessKey(accessKeyId('AKIANONE')), undefined)
      assert.deepEqual(await reader.keyIds(place, undefined, 10), [])
      assert.deepEqual(await reader.aliases(place, undefined, 10, undefined), [])
      assert.deepEqual(await reader.keysDueForDeletion(Number.MAX_SAFE_INTEGER, 10, undefined, assert.ifError), [])
      assert.deepEqual(await reader.keysDueForRotation(Number.MAX_SAFE_INTEGER, 10, undefined, assert.ifError), [])
      assert.deepEqual(await reader.materials(place, keyId()), [])
    })

    it('returns every record exactly as it was added, with its revision', async (t) => {
      const storage = await open(t)
      const key = keyRecord()
      const alias = aliasRecord('a', key)
      await added(storage, keyAdded(key), { kind: 'alias added', alias })
      const { revision: rev } = await storage.head()
      const { reader } = storage
      assert.deepEqual(await reader.key(place, key.keyId), { ...key, rev })
      assert.deepEqual(await reader.material(place, key.keyId, currentMaterialOf(key).slice(0, 16)), {
        ...materialOf(key),
        rev,
      })
      assert.deepEqual(await reader.alias(place, alias.name), { ...alias, rev })
      assert.deepEqual(await reader.accessKey(rootAccessKey.accessKeyId), { ...rootAccessKey, rev: 1 })
    })

    it('tells materials of one key apart by the first 16 digits', async (t) => {
      const storage = await open(t)
      const key = keyRecord({ currentMaterialId: materialId(`00000000000000ff${'0'.repeat(48)}`) })
      await added(storage, keyAdded(key))
      assert.equal(await storage.reader.material(place, key.keyId, '00000000000000fe'), undefined)
      assert.equal(await storage.reader.material(place, key.keyId, '00000000000000f0'), undefined)
      const found = await storage.reader.material(place, key.keyId, '00000000000000ff')
      assert.equal(found?.materialId, key.currentMaterialId)
    })

    it('keeps regions and accounts apart', async (t) => {
      const storage = await open(t)
      const id = keyId()
      for (const where of [place, otherRegion, otherAccount]) {
        const key = keyRecord({ ...where, keyId: id, description: `${where.region} ${where.account}` })
        await added(storage, keyAdded(key), { kind: 'alias added', alias: aliasRecord('same', key) })
      }
      for (const where of [place, otherRegion, otherAccount]) {
        const key = await storage.reader.key(where, id)
        assert.equal(key?.description, `${where.region} ${where.account}`)
        assert.deepEqual(await storage.reader.keyIds(where, undefined, 10), [id])
        assert.equal((await storage.reader.aliases(where, undefined, 10, undefined)).length, 1)
      }
    })

    it('pages through key ids in ascending order', async (t) => {
      const storage = await open(t)
      const ids = [5, 1, 4, 2, 3].map(numberedKeyId)
      await added(storage, ...ids.map((id) => keyAdded(keyRecord({ keyId: id }))))
      const sorted = [1, 2, 3, 4, 5].map(numberedKeyId)
      assert.deepEqual(await storage.reader.keyIds(place, undefined, 2), sorted.slice(0, 2))
      assert.deepEqual(await storage.reader.keyIds(place, sorted[1], 2), sorted.slice(2, 4))
      assert.deepEqual(await storage.reader.keyIds(place, sorted[3], 2), sorted.slice(4))
      assert.deepEqual(await storage.reader.keyIds(place, sorted[4], 2), [])
    })

    it('goes on after a key id that is gone', async (t) => {
      const storage = await open(t)
      await added(storage, keyAdded(keyRecord({ keyId: numberedKeyId(3) })))
      assert.deepEqual(await storage.reader.keyIds(place, numberedKeyId(2), 2), [numberedKeyId(3)])
    })

    it('orders aliases by the bytes of their names', async (t) => {
      const storage = await open(t)
      await keyWithAliases(storage, 'b', 'a_b', 'B', 'a-b', 'a/b', 'aa', 'A', '1')
      const aliases = await storage.reader.aliases(place, undefined, 100, undefined)
      assert.deepEqual(
        aliases.map(({ name }) => name.slice(6)),
        ['1', 'A', 'B', 'a-b', 'a/b', 'a_b', 'aa', 'b'],
      )
      const page = await storage.reader.aliases(place, aliasName('B'), 2, undefined)
      assert.deepEqual(
        page.map(({ name }) => name.slice(6)),
        ['a-b', 'a/b'],
      )
    })

    it('pages through the aliases of one key', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage, 'a', 'c', 'e')
      await keyWithAliases(storage, 'b', 'd')
      const first = await storage.reader.aliases(place, undefined, 2, key.keyId)
      assert.deepEqual(
        first.map(({ name }) => name),
        ['alias/a', 'alias/c'],
      )
      const second = await storage.reader.aliases(place, first[1]?.name, 2, key.keyId)
      assert.deepEqual(
        second.map(({ name }) => name),
        ['alias/e'],
      )
    })

    it('names the aliases of a key in order', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage, 'b', 'a', 'C')
      await keyWithAliases(storage, 'd')
      assert.deepEqual(await storage.reader.aliasNamesOf(place, key.keyId), ['alias/C', 'alias/a', 'alias/b'])
      assert.deepEqual(await storage.reader.aliasNamesOf(otherRegion, key.keyId), [])
      assert.deepEqual(await storage.reader.aliasNamesOf(place, keyId()), [])
    })

    it('tells whose key it is by its id and region, the first by number', async (t) => {
      const storage = await open(t)
      const shared = numberedKeyId(1)
      await added(storage, keyAdded(keyRecord({ ...otherAccount, keyId: shared })))
      const { reader } = storage
      assert.equal(await reader.accountOfKey(place.region, shared), otherAccount.account)
      await added(storage, keyAdded(keyRecord({ keyId: shared })))
      assert.equal(await reader.accountOfKey(place.region, shared), place.account)
      assert.equal(await reader.accountOfKey(otherRegion.region, shared), undefined)
      assert.equal(await reader.accountOfKey(place.region, numberedKeyId(2)), undefined)
    })

    it('finds the keys whose waiting period is over, earliest first, wherever they are', async (t) => {
      const storage = await open(t)
      const pending = (deletionDate: number, where = place): KeyRecord =>
        keyRecord({ ...where, state: { kind: 'PendingDeletion', deletionDate } })
      const keys = [pending(300), pending(100, otherRegion), pending(200), pending(301), keyRecord()]
      await added(storage, ...keys.map(keyAdded))
      const due = await storage.reader.keysDueForDeletion(300, 10, undefined, assert.ifError)
      assert.deepEqual(
        due.map(({ keyId: id }) => id),
        [keys[1], keys[2], keys[0]].map((key) => key?.keyId),
      )
      const first = await storage.reader.keysDueForDeletion(300, 2, undefined, assert.ifError)
      assert.deepEqual(first, due.slice(0, 2))
      assert.deepEqual(await storage.reader.keysDueForDeletion(300, 2, first[1], assert.ifError), due.slice(2))
      assert.deepEqual(await storage.reader.keysDueForDeletion(99, 10, undefined, assert.ifError), [])
    })

    it('pages through keys whose waiting period ends at the same moment', async (t) => {
      const storage = await open(t)
      const places = [place, otherRegion, otherAccount]
      const keys = places.flatMap((where) =>
        [1, 2, 3].map((number) =>
          keyRecord({ ...where, keyId: numberedKeyId(number), state: { kind: 'PendingDeletion', deletionDate: 100 } }),
        ),
      )
      await added(storage, ...keys.map(keyAdded))
      const name = (key: KeyRecord): string => `${key.region} ${key.account} ${key.keyId}`
      const found: string[] = []
      let last: KeyRecord | undefined
      for (;;) {
        const page = await storage.reader.keysDueForDeletion(100, 2, last, assert.ifError)
        found.push(...page.map(name))
        last = page.at(-1)
        if (page.length < 2) break
      }
      assert.deepEqual(found, keys.map(name).sort())
    })

    it('no longer lists a key whose deletion was cancelled', async (t) => {
      const storage = await open(t)
      const key = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: 100 } })
      await added(storage, keyAdded(key))
      await added(storage, { kind: 'key changed', key: { ...key, state: { kind: 'Disabled' } } })
      assert.deepEqual(await storage.reader.keysDueForDeletion(1_000, 10, undefined, assert.ifError), [])
    })
  })

  describe(`${backEnd}: committing`, () => {
    it('changes a key and leaves its material alone', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage)
      const stored = await storage.reader.key(place, key.keyId)
      assert.ok(stored)
      const changed = { ...stored, state: { kind: 'Disabled' }, description: 'other', tags: [] } as const
      await added(storage, { kind: 'key changed', key: changed })
      assert.deepEqual(await storage.reader.key(place, key.keyId), { ...changed, rev: stored.rev + 1 })
      const material = await storage.reader.material(place, key.keyId, currentMaterialOf(key).slice(0, 16))
      assert.equal(material?.rev, stored.rev)
    })

    it('deletes a key with its materials, after its aliases, and nothing else', async (t) => {
      const storage = await open(t)
      const doomed = await keyWithAliases(storage, 'a', 'b')
      const other = await keyWithAliases(storage, 'c')
      const deleted: Change = { kind: 'key deleted', place, keyId: doomed.keyId }
      const removed = (name: string): Change => ({ kind: 'alias removed', place, name: aliasName(name) })
      assert.equal(await storage.commit(commitOf([removed('a'), deleted])), 'conflict')
      await added(storage, removed('a'), removed('b'), deleted)
      const { reader } = storage
      assert.equal(await reader.key(place, doomed.keyId), undefined)
      assert.equal(await reader.material(place, doomed.keyId, currentMaterialOf(doomed).slice(0, 16)), undefined)
      assert.equal(await reader.alias(place, aliasName('a')), undefined)
      assert.deepEqual(await reader.keyIds(place, undefined, 10), [other.keyId])
      assert.equal((await reader.aliases(place, undefined, 10, undefined)).length, 1)
      assert.deepEqual(await storage.findings(), [])
    })

    it('points an alias at another key and removes it', async (t) => {
      const storage = await open(t)
      const first = await keyWithAliases(storage, 'a')
      const second = await keyWithAliases(storage)
      const alias = { ...aliasRecord('a', second), lastUpdatedDate: 5 }
      await added(storage, { kind: 'alias changed', alias })
      assert.equal((await storage.reader.alias(place, alias.name))?.targetKeyId, second.keyId)
      assert.deepEqual(await storage.reader.aliases(place, undefined, 10, first.keyId), [])
      await added(storage, { kind: 'alias removed', place, name: alias.name })
      assert.equal(await storage.reader.alias(place, alias.name), undefined)
      assert.deepEqual(await storage.findings(), [])
    })

    it('adds, changes and removes access keys and accounts', async (t) => {
      const storage = await open(t)
      const accessKey = accessKeyRecord('AKIAOTHER', { account: otherAccount.account })
      await added(
        storage,
        { kind: 'account added', account: accountRecord(otherAccount.account) },
        { kind: 'access key added', accessKey },
      )
      await added(storage, { kind: 'access key changed', accessKey: { ...accessKey, status: 'Inactive' } })
      assert.equal((await storage.reader.accessKey(accessKey.accessKeyId))?.status, 'Inactive')
      await added(storage, {
        kind: 'access key removed',
        accessKeyId: accessKey.accessKeyId,
        account: accessKey.account,
      })
      assert.equal(await storage.reader.accessKey(accessKey.accessKeyId), undefined)
      assert.deepEqual(await storage.findings(), [])
    })

    it('never uses a revision twice, not even for an alias that was removed and added again', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage, 'a')
      const before = await storage.reader.alias(place, aliasName('a'))
      await added(storage, { kind: 'alias removed', place, name: aliasName('a') })
      await added(storage, { kind: 'alias added', alias: aliasRecord('a', key) })
      const now = await storage.reader.alias(place, aliasName('a'))
      assert.ok(before && now && now.rev > before.rev)
      const { revision } = await storage.head()
      await added(storage)
      assert.equal((await storage.head()).revision, revision + 1)
    })

    it('commits an empty group', async (t) => {
      const storage = await open(t)
      assert.deepEqual(await storage.commitAll([]), [])
    })
  })

  conflictContract(backEnd, open)
  rotationContract(backEnd, open)
  importedContract(backEnd, open)
  grantContract(backEnd, open)
  iamContract(backEnd, open)
  policyTextContract(backEnd, open)

  describe(`${backEnd}: the outbox`, () => {
    it('hands out audit records in the order of their commits, by ids that are never used again', async (t) => {
      const storage = await open(t)
      for (const record of ['"a"', '"b"', '"c"']) await storage.commit(commitOf([], [], record))
      const entries = await storage.outbox(0, 100)
      assert.deepEqual(
        entries.map(({ record }) => record),
        ['{"eventName":"CreateInstallation"}', '"a"', '"b"', '"c"'],
      )
      const ids = entries.map(({ id }) => id)
      assert.deepEqual(await storage.outbox(ids[1]!, 1), [entries[2]])
      await storage.removeFromOutbox(ids[2]!)
      assert.deepEqual(await storage.outbox(0, 100), [entries[3]])
      await storage.removeFromOutbox(ids[3]!)
      await storage.commit(commitOf([], [], '"d"'))
      const [next] = await storage.outbox(0, 100)
      assert.ok(next && next.id > ids[3]!)
    })
  })
}
