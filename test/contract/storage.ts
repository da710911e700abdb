/** What every back end of the Storage port must do. Each back end's own test file runs this suite. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { WrappedDomainKey } from '#crypto/key-hierarchy.ts'
import type { Commit, CommitOutcome, StorageReader } from '#ports/storage.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import {
  accessKeyId,
  accessKeyRecord,
  aliasName,
  aliasRecord,
  commitOf,
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

/** A storage with the fixtures' installation in it: `account`, `rootAccessKey`, one domain key, one outbox record. */
export interface StorageUnderTest {
  readonly reader: StorageReader
  commit(commit: Commit): MaybeAsync<CommitOutcome>
  commitAll(commits: readonly Commit[]): MaybeAsync<readonly (CommitOutcome | Error)[]>
  head(): MaybeAsync<{ readonly revision: number; readonly digest: string }>
  outbox(afterId: number, limit: number): MaybeAsync<readonly { readonly id: number; readonly record: string }[]>
  removeFromOutbox(uptoId: number): MaybeAsync<void>
  readDomainKeys(): MaybeAsync<readonly WrappedDomainKey[]>
  addDomainKey(domainKey: WrappedDomainKey, created: number): MaybeAsync<void>
  /** Changes one column of one row behind the storage's back. */
  tamper(table: string, column: string, value: string | number | null, where: string): MaybeAsync<void>
  /** What the full scan finds. */
  findings(): MaybeAsync<readonly { readonly kind: string; readonly table?: string; readonly primaryKey?: string }[]>
}

/** Makes a new storage for a test, and closes it when the test ends. */
export type OpenStorage = (t: { after: (work: () => MaybeAsync<void>) => void }) => MaybeAsync<StorageUnderTest>

/** Runs the suite. */
export function storageContract(backEnd: string, open: OpenStorage): void {
  const added = async (storage: StorageUnderTest, ...changes: Change[]): Promise<void> => {
    assert.equal(await storage.commit(commitOf(changes)), 'committed')
  }

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
    })

    it('returns every record exactly as it was added, with its revision', async (t) => {
      const storage = await open(t)
      const key = keyRecord()
      const alias = aliasRecord('a', key)
      await added(storage, keyAdded(key), { kind: 'alias added', alias })
      const { revision: rev } = await storage.head()
      const { reader } = storage
      assert.deepEqual(await reader.key(place, key.keyId), { ...key, rev })
      assert.deepEqual(await reader.material(place, key.keyId, key.currentMaterialId.slice(0, 16)), {
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
      const material = await storage.reader.material(place, key.keyId, key.currentMaterialId.slice(0, 16))
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
      assert.equal(await reader.material(place, doomed.keyId, doomed.currentMaterialId.slice(0, 16)), undefined)
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
        { kind: 'account added', account: { account: otherAccount.account, creationDate: 7 } },
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

    it('commits a group in its order, leaving out what conflicts or fails', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage)
      const broken = keyRecord()
      await added(storage, keyAdded(broken))
      await storage.tamper('key', 'content', '{}', `key_id = '${broken.keyId}'`)
      const alias = aliasRecord('a', key)
      const outcomes = await storage.commitAll([
        commitOf([{ kind: 'alias added', alias }], [], '"first"'),
        commitOf([{ kind: 'alias added', alias }], [], '"second"'),
        commitOf([{ kind: 'key changed', key: broken }], [], '"third"'),
        commitOf([{ kind: 'alias removed', place, name: alias.name }], [], '"fourth"'),
        commitOf([{ kind: 'alias added', alias: { ...alias, creationDate: 9 } }], [], '"fifth"'),
      ])
      assert.deepEqual(
        outcomes.map((outcome) => (outcome instanceof Error ? outcome.name : outcome)),
        ['committed', 'conflict', 'IntegrityError', 'committed', 'committed'],
      )
      assert.equal((await storage.reader.alias(place, alias.name))?.creationDate, 9)
      const records = (await storage.outbox(0, 100)).map(({ record }) => record)
      assert.deepEqual(records.slice(-3), ['"first"', '"fourth"', '"fifth"'])
      assert.deepEqual(await storage.findings(), [
        { kind: 'row', table: 'key', primaryKey: `us-east-1/111122223333/${broken.keyId}` },
      ])
    })

    it('commits an empty group', async (t) => {
      const storage = await open(t)
      assert.deepEqual(await storage.commitAll([]), [])
    })
  })

  conflictContract(backEnd, open)

  describe(`${backEnd}: outbox and domain keys`, () => {
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

    it('keeps domain keys by epoch and refuses a second one of the same', async (t) => {
      const storage = await open(t)
      await storage.addDomainKey({ epoch: 2, wrapped: 'c2Vjb25k' }, 5)
      const expected = [
        { epoch: 1, wrapped: 'd3JhcHBlZA==' },
        { epoch: 2, wrapped: 'c2Vjb25k' },
      ]
      assert.deepEqual(await storage.readDomainKeys(), expected)
      await assert.rejects(async () => storage.addDomainKey({ epoch: 2, wrapped: 'b3RoZXI=' }, 6))
      assert.deepEqual(await storage.readDomainKeys(), expected)
    })
  })

  describe(`${backEnd}: rows that somebody else changed`, () => {
    const edits: Readonly<Record<string, readonly [column: string, value: string | number | null]>> = {
      content: ['content', '{"keyId":"other"}'],
      'a revision': ['rev', 1],
      'a revision beyond all numbers': ['rev', 9007199254740993],
      'a negative revision': ['rev', -5],
      'an indexed column': ['deletion_date', 5],
      'an indexed column, removing its value,': ['deletion_date', null],
    }
    for (const [what, [column, value]] of Object.entries(edits)) {
      it(`refuses the key with ${what} edited, and only that one`, async (t) => {
        const storage = await open(t)
        const key = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: 100 } })
        const other = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: 101 } })
        await added(storage, keyAdded(key), keyAdded(other))
        await storage.tamper('key', column, value, `key_id = '${key.keyId}'`)
        const { reader } = storage
        await assert.rejects(
          async () => reader.key(place, key.keyId),
          (error) =>
            error instanceof IntegrityError &&
            error.message ===
              `The row us-east-1/111122223333/${key.keyId} of table key is not what was written: it was changed by another program, or damaged.`,
        )
        assert.equal((await reader.key(place, other.keyId))?.keyId, other.keyId)
        assert.equal((await reader.keyIds(place, undefined, 10)).length, 2)
        const damaged: string[] = []
        // A page of one: the damaged row, which comes first, takes nobody's place.
        const due = await reader.keysDueForDeletion(1_000, 1, undefined, ({ message }) => damaged.push(message))
        assert.deepEqual(
          due.map(({ keyId: id }) => id),
          [other.keyId],
        )
        if (value !== null)
          assert.match(damaged.join(), /^The row us-east-1\/111122223333\/\S+ of table key is not what/)
        await assert.rejects(async () => storage.commit(commitOf([{ kind: 'key changed', key }])), IntegrityError)
        await assert.rejects(
          async () => storage.commit(commitOf([{ kind: 'key deleted', place, keyId: key.keyId }])),
          IntegrityError,
        )
        assert.deepEqual(await storage.findings(), [
          { kind: 'row', table: 'key', primaryKey: `us-east-1/111122223333/${key.keyId}` },
          // Only a row whose columns and revision are what they were says what it was in the sum.
          ...(column === 'content' ? [] : [{ kind: 'undecided', table: 'key' }]),
        ])
      })
    }

    it('refuses an alias that was pointed at another key', async (t) => {
      const storage = await open(t)
      await keyWithAliases(storage, 'a')
      const other = await keyWithAliases(storage)
      await storage.tamper('alias', 'target_key_id', other.keyId, `name = 'alias/a'`)
      await assert.rejects(async () => storage.reader.alias(place, aliasName('a')), IntegrityError)
      await assert.rejects(async () => storage.reader.aliases(place, undefined, 10, other.keyId), IntegrityError)
    })

    it('refuses an access key that was renamed or moved', async (t) => {
      const storage = await open(t)
      await added(storage, { kind: 'access key added', accessKey: accessKeyRecord('AKIAOTHER') })
      await storage.tamper('access_key', 'access_key_id', 'AKIATHIRD', `access_key_id = 'AKIAOTHER'`)
      await assert.rejects(async () => storage.reader.accessKey(accessKeyId('AKIATHIRD')), IntegrityError)
      assert.ok(await storage.reader.accessKey(rootAccessKey.accessKeyId))
    })
  })
}
