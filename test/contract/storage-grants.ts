/** The part of the storage contract about grants. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Change } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { KeyRecord, Place } from '#records/key.ts'
import {
  commitOf,
  grantId,
  grantRecord,
  keyAdded,
  keyRecord,
  numberedKeyId,
  otherAccount,
  otherRegion,
  place,
} from '../storage/fixtures.ts'
import type { DatabaseUnderTest, OpenStorage, StorageUnderTest } from './storage.ts'

const granted = (grant: GrantRecord): Change => ({ kind: 'grant added', grant })
const removed = (grant: GrantRecord): Change => ({
  kind: 'grant removed',
  place: { region: grant.region, account: grant.account },
  keyId: grant.keyId,
  grantId: grant.grantId,
})
const principal = (name: string) => ({ name, given: `arn:aws:iam::111122223333:user/${name}`, kind: 'AWS' }) as const

async function committed(storage: StorageUnderTest, ...changes: Change[]): Promise<void> {
  assert.equal(await storage.commit(commitOf(changes)), 'committed')
}

async function keyWithGrants(
  storage: StorageUnderTest,
  grants: (key: KeyRecord) => readonly GrantRecord[],
): Promise<KeyRecord> {
  const key = keyRecord()
  await committed(storage, keyAdded(key), ...grants(key).map(granted))
  return key
}

/** Runs this part of the suite. */
export function grantContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: grants`, () => {
    it('answers undefined and nothing for a key without grants', async (t) => {
      const { reader } = await open(t)
      const keyId = numberedKeyId(1)
      assert.equal(await reader.grant(place, keyId, grantId(1)), undefined)
      assert.equal(await reader.grantNamed(place, keyId, 'hash'), undefined)
      assert.equal(await reader.grantCount(place, keyId), 0)
      assert.deepEqual(await reader.grants(place, keyId, undefined, 10, undefined), [])
      assert.deepEqual(await reader.retirableGrants(place.region, 'AIDANONE', undefined, 10), [])
    })

    it('returns a grant exactly as it was added, whether it has all members or as few as can be', async (t) => {
      const storage = await open(t)
      const key = keyRecord()
      const bare = grantRecord(key, 1)
      const full = grantRecord(key, 2, {
        retiring: { name: 'service.amazonaws.com', given: 'service.amazonaws.com', kind: 'Service' },
        encryptionContextEquals: [
          ['b', 'é'],
          ['a', '1'],
        ],
        sourceArn: 'arn:aws:s3:::bucket',
        name: 'a name',
        nameKey: 'hash of name and parameters',
      })
      const subset = grantRecord(key, 3, { encryptionContextSubset: [] })
      await committed(storage, keyAdded(key), granted(bare), granted(full), granted(subset))
      const { revision: rev } = await storage.head()
      for (const grant of [bare, full, subset]) {
        assert.deepEqual(await storage.reader.grant(place, key.keyId, grant.grantId), { ...grant, rev })
      }
      assert.deepEqual(await storage.reader.grantNamed(place, key.keyId, 'hash of name and parameters'), {
        ...full,
        rev,
      })
      assert.deepEqual(await storage.findings(), [])
    })

    it('pages through the grants of a key by grant id, and through those of one grantee', async (t) => {
      const storage = await open(t)
      const key = await keyWithGrants(storage, (of) =>
        [5, 1, 4, 2, 3].map((number) => grantRecord(of, number, { grantee: principal(`AIDA${number % 2}`) })),
      )
      await keyWithGrants(storage, (of) => [grantRecord(of, 9, { grantee: principal('AIDA1') })])
      const page = async (after: number | undefined, limit: number, grantee?: string): Promise<readonly number[]> => {
        const from = after === undefined ? undefined : grantId(after)
        const grants = await storage.reader.grants(place, key.keyId, from, limit, grantee)
        return grants.map((each) => Number.parseInt(each.grantId, 16))
      }
      assert.deepEqual(await page(undefined, 2), [1, 2])
      assert.deepEqual(await page(2, 2), [3, 4])
      assert.deepEqual(await page(4, 2), [5])
      assert.deepEqual(await page(5, 2), [])
      assert.deepEqual(await page(undefined, 2, 'AIDA1'), [1, 3])
      assert.deepEqual(await page(3, 2, 'AIDA1'), [5])
      // After one that is gone, and for a name of which another one is the beginning.
      assert.deepEqual(await page(4, 10, 'AIDA1'), [5])
      assert.deepEqual(await page(undefined, 10, 'AIDA'), [])
      assert.equal(await storage.reader.grantCount(place, key.keyId), 5)
    })

    it('finds the few grants of a grantee among a thousand', async (t) => {
      const storage = await open(t)
      const key = await keyWithGrants(storage, (of) =>
        Array.from({ length: 1_000 }, (_, number) =>
          grantRecord(of, number, { grantee: principal(`AIDA${number % 100}`) }),
        ),
      )
      assert.equal(await storage.reader.grantCount(place, key.keyId), 1_000)
      const grants = await storage.reader.grants(place, key.keyId, undefined, 2_000, 'AIDA7')
      assert.deepEqual(
        grants.map((grant) => Number.parseInt(grant.grantId, 16)),
        [7, 107, 207, 307, 407, 507, 607, 707, 807, 907],
      )
      assert.equal((await storage.reader.grants(place, key.keyId, undefined, 2_000, undefined)).length, 1_000)
    })

    it('finds what a principal may retire in a region, in all accounts and keys', async (t) => {
      const storage = await open(t)
      const retiring = principal('AIDARETIRES')
      const places: readonly Place[] = [otherAccount, place]
      for (const where of places) {
        for (const number of [2, 1]) {
          const key = keyRecord({ ...where, keyId: numberedKeyId(number) })
          const grants = [3, 1, 2].map((each) => grantRecord(key, each, { retiring }))
          await committed(storage, keyAdded(key), ...grants.map(granted), granted(grantRecord(key, 4)))
        }
      }
      const abroad = keyRecord(otherRegion)
      await committed(storage, keyAdded(abroad), granted(grantRecord(abroad, 1, { retiring })))
      const found: string[] = []
      let last: GrantRecord | undefined
      for (;;) {
        const page = await storage.reader.retirableGrants(place.region, 'AIDARETIRES', last, 5)
        found.push(...page.map((each) => `${each.account} ${each.keyId.slice(7, 8)} ${each.grantId.slice(-1)}`))
        last = page.at(-1)
        if (page.length < 5) break
      }
      const expected = ['111122223333', '444455556666'].flatMap((account) =>
        ['1', '2'].flatMap((key) => ['1', '2', '3'].map((grant) => `${account} ${key} ${grant}`)),
      )
      assert.deepEqual(found, expected)
      assert.deepEqual(await storage.reader.retirableGrants(place.region, 'AIDAGRANTEE', undefined, 10), [])
    })

    it('removes a grant, and all grants of a key that is deleted', async (t) => {
      const storage = await open(t)
      const key = await keyWithGrants(storage, (of) => [1, 2, 3].map((number) => grantRecord(of, number)))
      const other = await keyWithGrants(storage, (of) => [grantRecord(of, 1)])
      await committed(storage, removed(grantRecord(key, 2)))
      assert.equal(await storage.reader.grant(place, key.keyId, grantId(2)), undefined)
      assert.equal(await storage.reader.grantCount(place, key.keyId), 2)
      assert.equal(await storage.commit(commitOf([removed(grantRecord(key, 2))])), 'conflict')
      await committed(storage, { kind: 'key deleted', place, keyId: key.keyId })
      assert.equal(await storage.reader.grantCount(place, key.keyId), 0)
      assert.equal(await storage.reader.grantCount(place, other.keyId), 1)
      assert.deepEqual(await storage.findings(), [])
    })

    it('answers conflict and stores nothing for a grant that is there, whose name is taken, or whose key is gone', async (t) => {
      const storage = await open(t)
      const key = await keyWithGrants(storage, (of) => [grantRecord(of, 1, { name: 'n', nameKey: 'taken' })])
      const other = await keyWithGrants(storage, () => [])
      const conflicts = [
        granted(grantRecord(key, 1)),
        granted(grantRecord(key, 2, { name: 'n', nameKey: 'taken' })),
        granted(grantRecord(keyRecord(), 1)),
        granted(grantRecord(keyRecord({ ...key, ...otherRegion }), 1)),
        removed(grantRecord(other, 1)),
      ]
      const head = await storage.head()
      for (const conflict of conflicts) {
        const commit = commitOf([granted(grantRecord(key, 7)), conflict])
        assert.equal(await storage.commit(commit), 'conflict', JSON.stringify(conflict))
      }
      assert.deepEqual(await storage.head(), head)
      assert.equal(await storage.reader.grantCount(place, key.keyId), 1)
      // The same on another key, and without a name twice on this one, is no conflict.
      await committed(
        storage,
        granted(grantRecord(other, 1, { name: 'n', nameKey: 'taken' })),
        granted(grantRecord(key, 2)),
        granted(grantRecord(key, 3)),
      )
      assert.deepEqual(await storage.findings(), [])
    })

    it('refuses a commit whose grant is no longer as the operation saw it', async (t) => {
      const storage = await open(t)
      const key = await keyWithGrants(storage, (of) => [grantRecord(of, 1)])
      const { revision: rev } = await storage.head()
      const expected = { kind: 'grant', place, keyId: key.keyId, grantId: grantId(1), rev } as const
      assert.equal(await storage.commit(commitOf([], [{ ...expected, rev: rev - 1 }])), 'conflict')
      assert.equal(await storage.commit(commitOf([], [{ ...expected, grantId: grantId(2) }])), 'conflict')
      assert.equal(await storage.commit(commitOf([removed(grantRecord(key, 1))], [expected])), 'committed')
      await committed(storage, granted(grantRecord(key, 1)))
      assert.equal(await storage.commit(commitOf([], [expected])), 'conflict')
    })
  })
}

/** The same for grants that somebody else changed. */
export function damagedGrantContract(backEnd: string, open: OpenStorage<DatabaseUnderTest>): void {
  describe(`${backEnd}: grants that somebody else changed`, () => {
    const edits: Readonly<Record<string, string | number | null>> = {
      content: '{}',
      rev: 1,
      grantee: 'AIDAOTHER',
      retiring: 'AIDAOTHER',
      name_key: null,
    }
    for (const [column, value] of Object.entries(edits)) {
      it(`are refused when ${column} was edited, and keep their key from being deleted`, async (t) => {
        const storage = await open(t)
        const key = await keyWithGrants(storage, (of) => [
          grantRecord(of, 1, { name: 'n', nameKey: 'hash' }),
          grantRecord(of, 2),
        ])
        await storage.tamper('key_grant', column, value, `grant_id = '${grantId(1)}'`)
        const { reader } = storage
        await assert.rejects(async () => reader.grant(place, key.keyId, grantId(1)), IntegrityError)
        await assert.rejects(async () => reader.grants(place, key.keyId, undefined, 10, undefined), IntegrityError)
        assert.equal((await reader.grant(place, key.keyId, grantId(2)))?.grantId, grantId(2))
        if (value === 'AIDAOTHER') {
          const found = async (): Promise<unknown> =>
            column === 'grantee'
              ? reader.grants(place, key.keyId, undefined, 10, 'AIDAOTHER')
              : reader.retirableGrants(place.region, 'AIDAOTHER', undefined, 10)
          await assert.rejects(found, IntegrityError)
        }
        for (const change of [
          removed(grantRecord(key, 1)),
          { kind: 'key deleted', place, keyId: key.keyId } as const,
        ]) {
          await assert.rejects(async () => storage.commit(commitOf([change])), IntegrityError)
        }
        const primaryKey = `us-east-1/111122223333/${key.keyId}/${grantId(1)}`
        assert.deepEqual(await storage.findings(), [
          { kind: 'row', table: 'key_grant', primaryKey },
          ...(column === 'content' ? [] : [{ kind: 'undecided', table: 'key_grant' }]),
        ])
      })
    }
  })
}
