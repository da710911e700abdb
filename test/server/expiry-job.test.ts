import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { cacheName } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { createExpiryJob } from '#server/expiry-job.ts'
import { systemRandom } from '../../src/system.ts'
import { commitOf, keyRecord, materialId, materialOf, numberedKeyId, place } from '../storage/fixtures.ts'
import { writerOn } from './fixtures.ts'

/** A job on `count` keys, each with one material that is over and one that is not. */
function expiredKeys(t: TestContext, count: number, beforeCommit?: () => void) {
  const setup = writerOn(t)
  const failures: string[] = []
  const { writer } = setup
  const job = createExpiryJob({
    storage: setup.reader,
    writer,
    clock: {
      now: () => {
        beforeCommit?.()
        return setup.clock.time
      },
    },
    random: systemRandom(),
    report: (what, error) => failures.push(`${what}: ${String(error)}`),
  })
  const keys = Array.from({ length: count }, (_, index): KeyRecord => {
    const [over, current] = [materialId(), materialId()]
    return keyRecord({
      keyId: numberedKeyId(index + 1),
      origin: 'EXTERNAL',
      currentMaterialId: current,
      imported: {
        materials: [
          { materialId: over, bytes: { kind: 'imported', validTo: setup.clock.time }, standing: 'permanent' },
          { materialId: current, bytes: { kind: 'imported' }, standing: 'permanent' },
        ],
        nextExpiry: setup.clock.time,
      },
    })
  })
  const secretOf = ({ keyId }: KeyRecord): string => Buffer.from(`expired material of ${keyId}`).toString('base64')
  for (const key of keys) {
    const [over] = key.imported?.materials ?? []
    assert.ok(over !== undefined)
    const expired = { ...materialOf({ ...key, currentMaterialId: over.materialId }), wrapped: secretOf(key) }
    setup.storage.commit(
      commitOf([
        { kind: 'key added', key, material: materialOf(key) },
        { kind: 'key material stored', material: expired },
      ]),
    )
  }
  const find = ({ keyId }: KeyRecord): KeyRecord => {
    const found = setup.reader.key(place, keyId)
    assert.ok(found !== undefined)
    return found
  }
  const change = (key: KeyRecord): void => {
    assert.equal(setup.storage.commit(commitOf([{ kind: 'key changed', key }])), 'committed')
  }
  return { ...setup, job, keys, failures, find, change, secretOf }
}

describe('the job that deletes expired key material', () => {
  it('deletes what has expired of each key and nothing else, and takes the key out of use', async (t) => {
    const { job, keys, find, reader, failures, clock } = expiredKeys(t, 150)
    clock.time -= 1
    assert.equal(await job.run(), 0)
    clock.time += 1
    assert.equal(await job.run(), 150)
    assert.deepEqual(failures, [])
    for (const key of keys) {
      const [over, current] = key.imported?.materials ?? []
      const found = find(key)
      assert.deepEqual(found.state, { kind: 'PendingImport' })
      assert.deepEqual(found.imported, { materials: [{ ...over, bytes: { kind: 'absent' } }, current] })
      assert.deepEqual(
        reader.materials(place, key.keyId).map((material) => material.materialId),
        [key.currentMaterialId],
      )
    }
    assert.equal(await job.run(), 0)
  })

  it('leaves nothing of the bytes in the files of the database', async (t) => {
    const { job, keys, file, secretOf } = expiredKeys(t, 3)
    const onDisk = (key: KeyRecord): boolean =>
      [file, `${file}-wal`].some((path) => readFileSync(path, 'latin1').includes(secretOf(key)))
    assert.ok(keys.every(onDisk))
    await job.run()
    assert.ok(!keys.some(onDisk))
  })

  it('records each deletion as AWS does, and invalidates the key in every worker', async (t) => {
    const { job, keys, records, writer, slots, clock } = expiredKeys(t, 1)
    const [key] = keys
    assert.ok(key !== undefined)
    const slot = slots.slotOf(cacheName.key(place, key.keyId))
    const before = slots.read(slot)
    await job.run()
    assert.notEqual(slots.read(slot), before)
    writer.drain()
    const [record, ...more] = records().filter((each) => each.includes('DeleteExpiredKeyMaterial'))
    assert.deepEqual(more, [])
    const { eventID, ...rest } = JSON.parse(record ?? '{}') as Record<string, unknown>
    assert.match(String(eventID), /^[0-9a-f-]{36}$/)
    assert.deepEqual(rest, {
      eventVersion: '1.11',
      userIdentity: { accountId: place.account, invokedBy: 'AWS Internal' },
      eventTime: `${new Date(clock.time).toISOString().slice(0, 19)}Z`,
      eventSource: 'kms.amazonaws.com',
      eventName: 'DeleteExpiredKeyMaterial',
      awsRegion: place.region,
      sourceIPAddress: 'AWS Internal',
      userAgent: 'AWS Internal',
      requestParameters: null,
      responseElements: null,
      readOnly: false,
      resources: [
        {
          accountId: place.account,
          type: 'AWS::KMS::Key',
          ARN: `arn:aws:kms:${place.region}:${place.account}:key/${key.keyId}`,
        },
      ],
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: place.account,
      serviceEventDetails: { keyId: key.keyId, keyMaterialId: key.imported?.materials[0]?.materialId },
      eventCategory: 'Management',
    })
  })

  it('takes the bytes from a key that is pending deletion, which it stays', async (t) => {
    const { job, keys, find, change, clock } = expiredKeys(t, 1)
    const [key] = keys
    assert.ok(key !== undefined)
    change({ ...key, state: { kind: 'PendingDeletion', deletionDate: clock.time + 1000 } })
    assert.equal(await job.run(), 1)
    assert.equal(find(key).state.kind, 'PendingDeletion')
  })

  it('tries again on what the key is by then when it was changed meanwhile', async (t) => {
    let meanwhile: (() => void) | undefined
    const setup = expiredKeys(t, 1, () => meanwhile?.())
    const { job, keys, change, find, clock } = setup
    const [key] = keys
    assert.ok(key?.imported !== undefined)
    let calls = 0
    // The first look at the clock finds the keys, the second judges one.
    meanwhile = () => {
      calls += 1
      if (calls === 2) change({ ...key, description: 'changed meanwhile' })
    }
    assert.equal(await job.run(), 1)
    assert.equal(find(key).description, 'changed meanwhile')

    const [over, current] = key.imported.materials
    assert.ok(over !== undefined && current !== undefined)
    change({ ...key, description: 'imported again, and over again' })
    calls = 0
    meanwhile = () => {
      calls += 1
      const bytes = { kind: 'imported', validTo: clock.time + 1000 } as const
      const imported = { materials: [{ ...over, bytes }, current], nextExpiry: clock.time + 1000 }
      if (calls === 2) change({ ...key, imported })
    }
    assert.equal(await job.run(), 0)
    assert.equal(find(key).state.kind, 'Enabled')
  })

  it('goes on with the others when a row is damaged, and reports it once', async (t) => {
    const { job, keys, file, failures, find } = expiredKeys(t, 3)
    const [damaged, ...others] = keys
    assert.ok(damaged !== undefined)
    const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    db.exec(`UPDATE key SET rev = rev + 1 WHERE key_id = '${damaged.keyId}'`)
    db.close()
    assert.equal(await job.run(), 2)
    assert.equal(failures.length, 1)
    for (const key of others) assert.equal(find(key).state.kind, 'PendingImport')
    assert.equal(await job.run(), 0)
    assert.equal(failures.length, 1)
  })

  it('ends with the writer', async (t) => {
    const { job, writer, failures } = expiredKeys(t, 300)
    const running = job.run()
    await new Promise((resolve) => setImmediate(resolve))
    writer.close()
    assert.ok((await running) < 300)
    assert.deepEqual(failures, [])
    assert.equal(await job.run(), 0)
  })
})
