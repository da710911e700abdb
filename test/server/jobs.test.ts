import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { createDeletionJob } from '#server/jobs.ts'
import { cacheName } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { systemRandom } from '../../src/system.ts'
import { aliasName, aliasRecord, commitOf, keyAdded, keyRecord, numberedKeyId, place } from '../storage/fixtures.ts'
import { writerOn } from './fixtures.ts'

const pending = (number: number): KeyRecord =>
  keyRecord({ keyId: numberedKeyId(number), state: { kind: 'PendingDeletion', deletionDate: 100 } })

/** A job on `count` keys that are due. */
function dueKeys(t: TestContext, count: number) {
  const setup = writerOn(t)
  const failures: string[] = []
  const job = createDeletionJob({
    storage: setup.reader,
    writer: setup.writer,
    clock: setup.clock,
    random: systemRandom(),
    report: (what, error) => failures.push(`${what}: ${String(error)}`),
  })
  const keys = Array.from({ length: count }, (_, index) => pending(index + 1))
  setup.storage.commit(commitOf(keys.map(keyAdded)))
  const left = (): readonly string[] => setup.reader.keyIds(place, undefined, 10_000)
  const tamper = (sql: string): void => {
    const db = new DatabaseSync(setup.file, { enableForeignKeyConstraints: false })
    db.exec(sql)
    db.close()
  }
  return { ...setup, job, keys, failures, left, tamper }
}

describe('the deletion job', () => {
  it('deletes all other keys when more rows than a page are damaged, and reports each failure once', async (t) => {
    const { job, keys, failures, left, tamper } = dueKeys(t, 250)
    const ids = keys.map(({ keyId }) => keyId)
    tamper(`UPDATE key_material SET content = '{}' WHERE key_id <= '${ids[119]}'`)
    tamper(`UPDATE key SET content = '{}' WHERE key_id > '${ids[239]}'`)
    assert.equal(await job.run(), 120)
    assert.deepEqual(left(), [...ids.slice(0, 120), ...ids.slice(240)])
    assert.equal(failures.length, 130)
    assert.match(
      failures[0] ?? '',
      /^a key could not be deleted at the end of its waiting period: IntegrityError: The row \S+ of table key_material /,
    )
    assert.equal(await job.run(), 0)
    assert.equal(failures.length, 130)
  })

  it('invalidates the names of the aliases that go with a key, however many', async (t) => {
    const { job, storage, keys, slots, reader } = dueKeys(t, 1)
    const names = Array.from({ length: 250 }, (_, index) => `a${index}`)
    storage.commit(commitOf(names.map((name) => ({ kind: 'alias added', alias: aliasRecord(name, keys[0]!) }))))
    const slot = (name: string): number => slots.slotOf(cacheName.alias(place, aliasName(name)))
    const before = names.map((name) => slots.read(slot(name)))
    assert.equal(await job.run(), 1)
    assert.deepEqual(reader.aliases(place, undefined, 10, undefined), [])
    for (const [index, name] of names.entries()) assert.notEqual(slots.read(slot(name)), before[index], name)
  })

  it('keeps a key with a damaged alias, and deletes the others', async (t) => {
    const { job, storage, keys, failures, left, tamper } = dueKeys(t, 3)
    storage.commit(commitOf([{ kind: 'alias added', alias: aliasRecord('a', keys[0]!) }]))
    tamper(`UPDATE alias SET content = '{}'`)
    assert.equal(await job.run(), 2)
    assert.deepEqual(left(), [keys[0]!.keyId])
    assert.equal(failures.length, 1)
  })

  it('runs once at a time: calls during a run share the next one, which sees the clock as it is then', async (t) => {
    const { job, storage, records, clock, left, writer } = dueKeys(t, 3)
    const later = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: clock.time + 10 } })
    storage.commit(commitOf([keyAdded(later)]))
    const first = job.run()
    clock.time += 10
    const [second, third] = [job.run(), job.run()]
    assert.equal(second, third)
    assert.equal((await first) + (await second), 4)
    assert.deepEqual(left(), [])
    writer.drain()
    assert.equal(records().filter((record) => record.includes('"DeleteKey"')).length, 4)
  })

  it('ends with the writer, and reports nothing of what it was interrupted in', async (t) => {
    const { job, writer, failures, left } = dueKeys(t, 300)
    const running = job.run()
    await new Promise((resolve) => setImmediate(resolve))
    writer.close()
    const deleted = await running
    assert.ok(deleted < 300)
    assert.equal(left().length, 300 - deleted)
    assert.deepEqual(failures, [])
    assert.equal(await job.run(), 0)
  })
})
