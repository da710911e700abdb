/** Rotation of keys: part of the suite in storage.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeyMaterialId } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import type { RotationPlace } from '#ports/storage.ts'
import type { KeyMaterialRecord, KeyRecord, KeyRotation } from '#records/key.ts'
import {
  commitOf,
  currentMaterialOf,
  keyAdded,
  keyRecord,
  materialId,
  materialOf,
  numberedKeyId,
  otherAccount,
  otherRegion,
  place,
} from '../storage/fixtures.ts'
import { keyWithAliases } from './storage-conflicts.ts'
import { added, type DatabaseUnderTest, type OpenStorage } from './storage.ts'

const due = (nextDate: number, where = place): KeyRecord =>
  keyRecord({ ...where, rotation: { automatic: { periodDays: 90, nextDate }, onDemand: 0 } })

const numberedMaterialId = (number: number): KeyMaterialId => materialId(number.toString(16).padStart(64, '0'))

/** A material of `key` that a rotation at `date` brought. */
const rotatedTo = (key: KeyRecord, number: number, date: number): KeyMaterialRecord => ({
  ...materialOf({ ...key, currentMaterialId: numberedMaterialId(number) }),
  rotated: { date, type: 'AUTOMATIC' },
})

/** Also of what only a database can show. */
export function damagedRotationContract(backEnd: string, open: OpenStorage<DatabaseUnderTest>): void {
  describe(`${backEnd}: many key materials of a key`, () => {
    it('are read a page at a time: a damaged one fails the page that it is on, and no other', async (t) => {
      const storage = await open(t)
      const key = keyRecord()
      const count = 3000
      await added(
        storage,
        keyAdded(key),
        ...Array.from(
          { length: count },
          (_, index) => ({ kind: 'key material stored', material: rotatedTo(key, index, 1000 + index) }) as const,
        ),
      )
      const { reader } = storage
      const read = async (after: RotationPlace): Promise<readonly KeyMaterialRecord[]> =>
        reader.materialsByRotation(place, key.keyId, after, 101)
      const middle = rotatedTo(key, 1499, 2499)
      const whole = await read(middle)
      assert.equal(whole.length, 101)
      assert.equal(whole[0]?.materialId, numberedMaterialId(1500))
      // On both sides of the page, and what vouches for the row alone: its place in the list stays.
      for (const number of [0, 1499, 1650, count - 1]) {
        await storage.tamper('key_material', 'rev', 999_999, `material_id = '${numberedMaterialId(number)}'`)
      }
      await assert.rejects(async () => reader.materials(place, key.keyId), IntegrityError)
      assert.deepEqual(await read(middle), whole)
      await assert.rejects(read('the first'), IntegrityError)
      await assert.rejects(read(rotatedTo(key, 1600, 2600)), IntegrityError)
      // A row that says it is of another time is found by its MAC as well.
      const where = `material_id = '${numberedMaterialId(1550)}'`
      await storage.tamper('key_material', 'content', '{"rotated":{"date":1}}', where)
      assert.ok(!(await read(middle)).some(({ materialId: id }) => id === numberedMaterialId(1550)))
      await assert.rejects(read('the first'), IntegrityError)
    })
  })
}

export function rotationContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: rotation`, () => {
    it('adds the new material of a key that is rotated, and keeps what it had', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage)
      const rotated = { ...key, currentMaterialId: materialId() }
      const material = materialOf(rotated)
      await added(storage, { kind: 'key rotated', key: rotated, material })
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.key(place, key.keyId), { ...rotated, rev })
      for (const each of [materialOf(key), material]) {
        const found = await storage.reader.material(place, key.keyId, each.materialId.slice(0, 16))
        assert.equal(found?.materialId, each.materialId)
      }
      for (const conflict of [
        { key: rotated, material },
        { key: keyRecord(), material: materialOf(keyRecord()) },
      ]) {
        assert.equal(await storage.commit(commitOf([{ kind: 'key rotated', ...conflict }])), 'conflict')
      }
      await added(storage, { kind: 'key deleted', place, keyId: key.keyId })
      assert.deepEqual(await storage.findings(), [])
    })

    it('keeps when and how a key is rotated, and what each rotation made', async (t) => {
      const storage = await open(t)
      const rotations: readonly KeyRotation[] = [
        { automatic: { periodDays: 2560, nextDate: 1_800_000_000_123 }, onDemand: 0 },
        { onDemand: 25 },
        { automatic: { periodDays: 90, nextDate: 1 }, onDemand: 1 },
      ]
      for (const rotation of rotations) {
        const key = keyRecord({ rotation })
        await added(storage, keyAdded(key))
        assert.deepEqual((await storage.reader.key(place, key.keyId))?.rotation, rotation)
      }
      const key = await keyWithAliases(storage)
      const never = await storage.reader.key(place, key.keyId)
      assert.ok(never !== undefined && !('rotation' in never))
      const rotated = { ...key, currentMaterialId: materialId() }
      const material = { ...materialOf(rotated), rotated: { date: 1_800_000_000_456, type: 'ON_DEMAND' } } as const
      await added(storage, { kind: 'key rotated', key: rotated, material })
      const { revision: rev } = await storage.head()
      const found = [...(await storage.reader.materials(place, key.keyId))]
      assert.deepEqual(
        found.sort((left, right) => left.rev - right.rev),
        [
          { ...materialOf(key), rev: rev - 1 },
          { ...material, rev },
        ],
      )
      assert.deepEqual(await storage.findings(), [])
    })

    it('has the materials of no other key, and none once the key is deleted', async (t) => {
      const storage = await open(t)
      const shared = numberedKeyId(1)
      const keys = [keyRecord({ keyId: shared }), keyRecord({ ...otherRegion, keyId: shared }), keyRecord()]
      await added(storage, ...keys.map(keyAdded))
      const found = await storage.reader.materials(place, shared)
      assert.deepEqual(
        found.map(({ materialId: id }) => id),
        [keys[0]?.currentMaterialId],
      )
      await added(storage, { kind: 'key deleted', place, keyId: shared })
      assert.deepEqual(await storage.reader.materials(place, shared), [])
    })

    it('lists the materials of a key in the order of their rotations, page by page', async (t) => {
      const storage = await open(t)
      const [key, ...others] = [keyRecord(), keyRecord(), keyRecord(otherRegion)]
      // Two of one moment, and one from before the days that clocks count from.
      const dates = [300, 100, 200, 200, -5]
      const later = [key, ...others].flatMap((each) => dates.map((date, index) => rotatedTo(each, index, date)))
      await added(
        storage,
        ...[key, ...others].map(keyAdded),
        ...later.map((material) => ({ kind: 'key material stored', material }) as const),
      )
      const idsOf = (materials: readonly KeyMaterialRecord[]): readonly string[] =>
        materials.map(({ materialId: id }) => id)
      const expected = [currentMaterialOf(key), ...[4, 1, 2, 3, 0].map(numberedMaterialId)]
      const { reader } = storage
      assert.deepEqual(idsOf(await reader.materialsByRotation(place, key.keyId, 'nothing', 10)), expected)
      assert.deepEqual(idsOf(await reader.materialsByRotation(place, key.keyId, 'the first', 10)), expected.slice(1))
      const found: string[] = []
      let behind: RotationPlace = 'nothing'
      for (;;) {
        const page: readonly KeyMaterialRecord[] = await reader.materialsByRotation(place, key.keyId, behind, 2)
        const last = page.at(-1)
        if (last === undefined) break
        found.push(...idsOf(page))
        behind = last
      }
      assert.deepEqual(found, expected)
      assert.deepEqual(await reader.materialsByRotation(place, numberedKeyId(1), 'nothing', 10), [])
    })

    it('finds the enabled keys whose rotation is due, earliest first, wherever they are', async (t) => {
      const storage = await open(t)
      const never = keyRecord({ rotation: { onDemand: 3 } })
      const disabled: KeyRecord = { ...due(100), state: { kind: 'Disabled' } }
      const keys = [due(300), due(100, otherRegion), due(200, otherAccount), due(301), keyRecord(), never, disabled]
      await added(storage, ...keys.map(keyAdded))
      const { reader } = storage
      const found = await reader.keysDueForRotation(300, 10, undefined, assert.ifError)
      assert.deepEqual(
        found.map(({ keyId: id }) => id),
        [keys[1], keys[2], keys[0]].map((key) => key?.keyId),
      )
      const first = await reader.keysDueForRotation(300, 2, undefined, assert.ifError)
      assert.deepEqual(first, found.slice(0, 2))
      assert.deepEqual(await reader.keysDueForRotation(300, 2, first[1], assert.ifError), found.slice(2))
      assert.deepEqual(await reader.keysDueForRotation(99, 10, undefined, assert.ifError), [])
    })

    it('pages through keys whose rotation is due at the same moment', async (t) => {
      const storage = await open(t)
      const keys = [place, otherRegion, otherAccount].flatMap((where) =>
        [1, 2, 3].map((number) => ({ ...due(100, where), keyId: numberedKeyId(number) })),
      )
      await added(storage, ...keys.map(keyAdded))
      const name = (key: KeyRecord): string => `${key.region} ${key.account} ${key.keyId}`
      const found: string[] = []
      let last: KeyRecord | undefined
      for (;;) {
        const page = await storage.reader.keysDueForRotation(100, 2, last, assert.ifError)
        found.push(...page.map(name))
        last = page.at(-1)
        if (page.length < 2) break
      }
      assert.deepEqual(found, keys.map(name).sort())
    })

    it('finds a key again when it is enabled again, and not once it is no longer rotated', async (t) => {
      const storage = await open(t)
      const key = due(100)
      const dueNow = async (): Promise<number> =>
        (await storage.reader.keysDueForRotation(1_000, 10, undefined, assert.ifError)).length
      await added(storage, keyAdded(key))
      assert.equal(await dueNow(), 1)
      await added(storage, { kind: 'key changed', key: { ...key, state: { kind: 'Disabled' } } })
      assert.equal(await dueNow(), 0)
      await added(storage, { kind: 'key changed', key })
      assert.equal(await dueNow(), 1)
      await added(storage, { kind: 'key changed', key: { ...key, rotation: { onDemand: 0 } } })
      assert.equal(await dueNow(), 0)
      assert.deepEqual(await storage.findings(), [])
    })

    it('keeps records of events behind that of their commit, in one order, and none of a conflict', async (t) => {
      const storage = await open(t)
      const event = (record: string) => ({ kind: 'event recorded', record }) as const
      assert.deepEqual(
        await storage.commitAll([
          commitOf([event('"event 1"'), event('"event 2"')], [], '"request 1"'),
          commitOf([event('"never"'), { kind: 'key changed', key: keyRecord() }], [], '"refused"'),
          commitOf([event('"event 3"')], [], '"request 2"'),
        ]),
        ['committed', 'conflict', 'committed'],
      )
      const entries = await storage.outbox(0, 100)
      assert.deepEqual(entries.map(({ record }) => record).slice(1), [
        '"request 1"',
        '"event 1"',
        '"event 2"',
        '"request 2"',
        '"event 3"',
      ])
      const [first] = entries
      assert.ok(first !== undefined)
      assert.deepEqual(
        entries.map(({ id }) => id - first.id),
        [0, 1, 2, 3, 4, 5],
      )
      assert.deepEqual(await storage.findings(), [])
    })
  })
}
