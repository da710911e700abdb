/** Imported key material: part of the suite in storage.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ImportedMaterial, KeyMaterialRecord, KeyRecord } from '#records/key.ts'
import {
  commitOf,
  keyAdded,
  keyRecord,
  materialId,
  materialOf,
  numberedKeyId,
  otherAccount,
  otherRegion,
  place,
} from '../storage/fixtures.ts'
import { added, type OpenStorage } from './storage.ts'

function external(changes: Partial<KeyRecord> = {}): KeyRecord {
  const { currentMaterialId, ...key } = keyRecord({ origin: 'EXTERNAL', state: { kind: 'PendingImport' }, ...changes })
  return {
    imported: { materials: [] },
    ...key,
    ...(changes.currentMaterialId === undefined ? {} : { currentMaterialId }),
  }
}

const expiring = (nextExpiry: number, where = place): KeyRecord =>
  external({
    ...where,
    imported: {
      materials: [
        { materialId: materialId(), bytes: { kind: 'imported', validTo: nextExpiry }, standing: 'permanent' },
      ],
      nextExpiry,
    },
  })

export function importedContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: imported key material`, () => {
    it('adds a key without material, and stores, replaces and removes the bytes that are imported', async (t) => {
      const storage = await open(t)
      const key = external()
      await added(storage, { kind: 'key added', key })
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.key(place, key.keyId), { ...key, rev })
      assert.deepEqual(await storage.reader.materials(place, key.keyId), [])
      const material: KeyMaterialRecord = { ...materialOf({ ...key, currentMaterialId: materialId() }), epoch: 1 }
      await added(storage, { kind: 'key material stored', material })
      const again = { ...material, creationDate: material.creationDate + 1, wrapped: 'YWdhaW4=' }
      await added(storage, { kind: 'key material stored', material: again })
      const stored = await storage.reader.materials(place, key.keyId)
      assert.deepEqual(stored, [{ ...again, rev: rev + 2 }])
      const removal = {
        kind: 'key material removed',
        place,
        keyId: key.keyId,
        materialId: material.materialId,
      } as const
      await added(storage, removal)
      assert.deepEqual(await storage.reader.materials(place, key.keyId), [])
      assert.equal(await storage.commit(commitOf([removal])), 'conflict')
      // In one commit, as an import does that finds the same material expired.
      await added(storage, { kind: 'key material stored', material })
      await added(storage, removal, { kind: 'key material stored', material: again })
      assert.equal((await storage.reader.materials(place, key.keyId)).length, 1)
      const orphan = materialOf(keyRecord())
      assert.equal(await storage.commit(commitOf([{ kind: 'key material stored', material: orphan }])), 'conflict')
      await added(storage, { kind: 'key deleted', place, keyId: key.keyId })
      assert.deepEqual(await storage.findings(), [])
    })

    it('keeps what a key knows of each of its materials', async (t) => {
      const storage = await open(t)
      const materials: readonly ImportedMaterial[] = [
        { materialId: materialId(), bytes: { kind: 'absent' }, standing: 'permanent' },
        {
          materialId: materialId(),
          bytes: { kind: 'expired', validTo: 7 },
          standing: 'permanent',
          rotated: { date: 5, type: 'ON_DEMAND' },
        },
        {
          materialId: materialId(),
          bytes: { kind: 'imported' },
          description: 'the current one',
          standing: 'permanent',
          rotated: { date: 6, type: 'ON_DEMAND' },
        },
        { materialId: materialId(), bytes: { kind: 'imported', validTo: 9 }, standing: 'pending' },
      ]
      const key = external({ imported: { materials, nextExpiry: 7 }, currentMaterialId: materialId() })
      await added(storage, { kind: 'key added', key })
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.key(place, key.keyId), { ...key, rev })
      assert.deepEqual(await storage.findings(), [])
    })

    it('finds the keys with material that has expired, earliest first, wherever they are', async (t) => {
      const storage = await open(t)
      const keys = [expiring(300), expiring(100, otherRegion), expiring(200, otherAccount), expiring(301), external()]
      await added(storage, ...keys.map((key) => ({ kind: 'key added', key }) as const), keyAdded(keyRecord()))
      const { reader } = storage
      const found = await reader.keysWithExpiredMaterial(300, 10, undefined, assert.ifError)
      assert.deepEqual(
        found.map(({ keyId }) => keyId),
        [keys[1], keys[2], keys[0]].map((key) => key?.keyId),
      )
      const first = await reader.keysWithExpiredMaterial(300, 2, undefined, assert.ifError)
      assert.deepEqual(first, found.slice(0, 2))
      assert.deepEqual(await reader.keysWithExpiredMaterial(300, 2, first[1], assert.ifError), found.slice(2))
      assert.deepEqual(await reader.keysWithExpiredMaterial(99, 10, undefined, assert.ifError), [])
      const [, earliest] = keys
      assert.ok(earliest !== undefined)
      await added(storage, { kind: 'key changed', key: { ...earliest, imported: { materials: [] } } })
      assert.equal((await reader.keysWithExpiredMaterial(300, 10, undefined, assert.ifError)).length, 2)
    })

    it('pages through keys whose material expired at the same moment', async (t) => {
      const storage = await open(t)
      const keys = [place, otherRegion, otherAccount].flatMap((where) =>
        [1, 2, 3].map((number) => ({ ...expiring(100, where), keyId: numberedKeyId(number) })),
      )
      await added(storage, ...keys.map((key) => ({ kind: 'key added', key }) as const))
      const name = (key: KeyRecord): string => `${key.region} ${key.account} ${key.keyId}`
      const found: string[] = []
      let last: KeyRecord | undefined
      for (;;) {
        const page = await storage.reader.keysWithExpiredMaterial(100, 2, last, assert.ifError)
        found.push(...page.map(name))
        last = page.at(-1)
        if (page.length < 2) break
      }
      assert.deepEqual(found, keys.map(name).sort())
    })
  })
}
