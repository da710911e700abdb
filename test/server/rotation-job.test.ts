import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import type { KeyStore, MaterialOwner } from '#ports/key-store.ts'
import { cacheName, type Change } from '#records/change.ts'
import type { KeyMaterialRecord, KeyRecord } from '#records/key.ts'
import { createRotationJob } from '#server/rotation-job.ts'
import { systemRandom, systemKeyPairs } from '../../src/system.ts'
import { newHierarchy } from '../crypto/key-fixtures.ts'
import { commitOf, keyAdded, keyRecord, numberedKeyId, place } from '../storage/fixtures.ts'
import { writerOn } from './fixtures.ts'

const day = 86_400_000

/** A job on `count` keys whose rotation every 90 days is due; `generate` is called in place of the key store. */
function dueKeys(
  t: TestContext,
  count: number,
  generate?: (owner: MaterialOwner, store: KeyStore) => KeyMaterialRecord | Promise<KeyMaterialRecord>,
) {
  const setup = writerOn(t)
  const random = systemRandom()
  const store = createSoftwareKeyStore({ hierarchy: newHierarchy(), random, keyPairs: systemKeyPairs })
  const failures: string[] = []
  const job = createRotationJob({
    storage: setup.reader,
    writer: setup.writer,
    keyStore: generate === undefined ? store : { ...store, generate: (owner) => generate(owner, store) },
    clock: { now: () => setup.clock.time },
    random,
    report: (what, error) => failures.push(`${what}: ${String(error)}`),
  })
  const keys = Array.from({ length: count }, (_, index) =>
    keyRecord({
      keyId: numberedKeyId(index + 1),
      rotation: { automatic: { periodDays: 90, nextDate: setup.clock.time }, onDemand: 7 },
    }),
  )
  setup.storage.commit(commitOf(keys.map(keyAdded)))
  const find = ({ keyId }: KeyRecord): KeyRecord => {
    const found = setup.reader.key(place, keyId)
    assert.ok(found !== undefined)
    return found
  }
  const materialsOf = ({ keyId }: KeyRecord): readonly KeyMaterialRecord[] => setup.reader.materials(place, keyId)
  const change = (key: KeyRecord): void => {
    const changed: Change = { kind: 'key changed', key }
    assert.equal(setup.storage.commit(commitOf([changed])), 'committed')
  }
  const tamper = (sql: string): void => {
    const db = new DatabaseSync(setup.file, { enableForeignKeyConstraints: false })
    db.exec(sql)
    db.close()
  }
  return { ...setup, job, keys, failures, find, materialsOf, change, tamper }
}

describe('the rotation job', () => {
  it('gives each key that is due new material, sets the next date, and leaves the rest of it alone', async (t) => {
    const { job, keys, clock, find, materialsOf, failures } = dueKeys(t, 250)
    const date = clock.time
    assert.equal(await job.run(), 250)
    assert.deepEqual(failures, [])
    for (const key of keys) {
      const found = find(key)
      const { currentMaterialId } = found
      assert.notEqual(currentMaterialId, key.currentMaterialId)
      assert.deepEqual(
        { ...found, rev: undefined },
        {
          ...key,
          currentMaterialId,
          rotation: { automatic: { periodDays: 90, nextDate: date + 90 * day }, onDemand: 7 },
          rev: undefined,
        },
      )
      const materials = materialsOf(key)
      assert.equal(materials.length, 2)
      const current = materials.find(({ materialId }) => materialId === currentMaterialId)
      assert.deepEqual(current?.rotated, { date, type: 'AUTOMATIC' })
    }
    assert.equal(await job.run(), 0)
    clock.time += 90 * day - 1
    assert.equal(await job.run(), 0)
    clock.time += 1
    assert.equal(await job.run(), 250)
  })

  it('records each rotation and invalidates the key in every worker', async (t) => {
    const { job, keys, records, writer, slots, find } = dueKeys(t, 1)
    const [key] = keys
    assert.ok(key !== undefined)
    const slot = slots.slotOf(cacheName.key(place, key.keyId))
    const before = slots.read(slot)
    assert.equal(await job.run(), 1)
    assert.notEqual(slots.read(slot), before)
    writer.drain()
    const [record, ...more] = records().filter((each) => each.includes('"eventName":"RotateKey"'))
    assert.deepEqual(more, [])
    const { eventType, resources, serviceEventDetails } = JSON.parse(record ?? '{}') as Record<string, unknown>
    assert.deepEqual(
      [eventType, resources, serviceEventDetails],
      [
        'AwsServiceEvent',
        [
          {
            accountId: place.account,
            type: 'AWS::KMS::Key',
            ARN: `arn:aws:kms:${place.region}:${place.account}:key/${key.keyId}`,
          },
        ],
        {
          rotationType: 'AUTOMATIC',
          keyOrigin: 'AWS_KMS',
          previousKeyMaterialId: key.currentMaterialId,
          currentKeyMaterialId: find(key).currentMaterialId,
        },
      ],
    )
  })

  it('leaves disabled keys alone, and rotates one that was due meanwhile as soon as it is enabled again', async (t) => {
    const { job, keys, change, clock, find } = dueKeys(t, 2)
    const [disabled, doomed] = keys
    assert.ok(disabled !== undefined && doomed !== undefined)
    change({ ...disabled, state: { kind: 'Disabled' } })
    change({ ...doomed, state: { kind: 'PendingDeletion', deletionDate: clock.time + 30 * day } })
    clock.time += 5 * day
    assert.equal(await job.run(), 0)
    change(disabled)
    assert.equal(await job.run(), 1)
    assert.equal(find(disabled).rotation?.automatic?.nextDate, clock.time + 90 * day)
    assert.equal(find(doomed).currentMaterialId, doomed.currentMaterialId)
  })

  it('tries again on what the key is by then when it was changed meanwhile', async (t) => {
    let meanwhile: (() => void) | undefined
    const setup = dueKeys(t, 1, (owner, store) => {
      meanwhile?.()
      meanwhile = undefined
      return store.generate(owner)
    })
    const { job, keys, change, find, materialsOf } = setup
    const [key] = keys
    assert.ok(key !== undefined)
    meanwhile = () => change({ ...key, description: 'changed meanwhile' })
    assert.equal(await job.run(), 1)
    assert.equal(find(key).description, 'changed meanwhile')
    assert.equal(materialsOf(key).length, 2)
  })

  it('does not rotate a key whose rotation was ended meanwhile', async (t) => {
    const meanwhile: { now?: () => void } = {}
    const setup = dueKeys(t, 1, (owner, store) => {
      meanwhile.now?.()
      return store.generate(owner)
    })
    const { job, keys, change, find, materialsOf, failures } = setup
    const [key] = keys
    assert.ok(key !== undefined)
    meanwhile.now = () => change({ ...key, rotation: { onDemand: 7 } })
    assert.equal(await job.run(), 0)
    assert.equal(find(key).currentMaterialId, key.currentMaterialId)
    assert.equal(materialsOf(key).length, 1)
    assert.deepEqual(failures, [])
  })

  it('rotates all other keys when rows are damaged or no material can be had, and reports each failure once', async (t) => {
    const stuck = numberedKeyId(120)
    const { job, keys, failures, tamper, find } = dueKeys(t, 250, (owner, store) => {
      if (owner.keyId === stuck) throw new Error('no random bytes')
      return store.generate(owner)
    })
    const ids = keys.map(({ keyId }) => keyId)
    tamper(`UPDATE key SET content = '{}' WHERE key_id <= '${ids[109]}'`)
    assert.equal(await job.run(), 139)
    assert.equal(failures.length, 111)
    assert.match(failures[0] ?? '', /^a key could not be rotated: IntegrityError: The row \S+ of table key /)
    assert.ok(failures.includes('a key could not be rotated: Error: no random bytes'))
    for (const key of keys.slice(110)) {
      assert.equal(find(key).currentMaterialId === key.currentMaterialId, key.keyId === stuck)
    }
    assert.equal(await job.run(), 0)
    assert.equal(failures.length, 111)
  })

  it('runs once at a time: calls during a run share the next one', async (t) => {
    const { job, keys, materialsOf } = dueKeys(t, 3)
    const first = job.run()
    const [second, third] = [job.run(), job.run()]
    assert.equal(second, third)
    assert.deepEqual([await first, await second], [3, 0])
    for (const key of keys) assert.equal(materialsOf(key).length, 2)
  })

  it('ends with the writer, and reports nothing of what it was interrupted in', async (t) => {
    const { job, writer, failures, keys, find } = dueKeys(t, 300)
    const running = job.run()
    await new Promise((resolve) => setImmediate(resolve))
    writer.close()
    const rotated = await running
    assert.ok(rotated < 300)
    const changed = keys.filter((key) => find(key).currentMaterialId !== key.currentMaterialId)
    assert.equal(changed.length, rotated)
    assert.deepEqual(failures, [])
    assert.equal(await job.run(), 0)
  })
})
