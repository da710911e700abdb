import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { FreeSpace } from '#audit/free-space.ts'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { createLog } from '#server/log.ts'
import { startUpkeep } from '#server/upkeep.ts'
import { pageOf, recordAt } from '../audit/records.ts'
import { commitOf } from '../storage/fixtures.ts'
import { writerOn, type Setup } from './fixtures.ts'

function upkeepOn(t: TestContext): Setup {
  const setup = writerOn(t)
  const { writer, keyUses, trail, clock, directory } = setup
  const guarded = new GuardedTrail({
    trail,
    clock,
    freeSpace: new FreeSpace({ directory, floorBytes: 0, clock }),
    spool: undefined,
  })
  t.mock.timers.enable({ apis: ['setInterval'] })
  const upkeep = startUpkeep({
    writer,
    guarded,
    keyUses,
    lastRecord: () => trail.head().seq,
    settings: {
      onFailure: 'refuse',
      spoolBytes: 0,
      minFreeBytes: 0,
      retentionDays: 90,
      retentionBytes: 1_000_000_000,
    },
    readiness: new Int32Array(1),
    runJobs: () => Promise.resolve(),
    renewTls: () => Promise.resolve(),
    log: createLog('silent', {}),
  })
  t.after(() => upkeep.stop())
  return setup
}

it('empties the log of the trail in a quiet minute, and leaves it alone while records come', (t) => {
  const { trail } = upkeepOn(t)
  for (let second = 0; second < 60; second += 1) {
    trail.append([pageOf([recordAt(second, 7 + second)], second)])
    t.mock.timers.tick(1000)
  }
  assert.ok(trail.logBytes() > 0)
  for (let second = 0; second < 60; second += 1) t.mock.timers.tick(1000)
  assert.equal(trail.logBytes(), 0)
})

it('forgets policy texts after a minute, and again once a day', async (t) => {
  const { writer, storage, reader } = upkeepOn(t)
  const keep = async (hash: string): Promise<void> => {
    const kept = { kind: 'policy text kept', hash, text: hash, keptAt: 1 } as const
    storage.commitAll([commitOf([kept], [], `"${hash}"`)])
    writer.drain()
    await settled()
  }
  // Its steps follow each other by setImmediate.
  const settled = async (): Promise<void> => {
    for (let step = 0; step < 20; step += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  await keep('first')
  t.mock.timers.tick(60_000)
  await settled()
  assert.equal(reader.policyText('first'), undefined)
  await keep('second')
  for (let minute = 0; minute < 1_439; minute += 1) t.mock.timers.tick(60_000)
  await settled()
  assert.equal(reader.policyText('second'), 'second')
  t.mock.timers.tick(60_000)
  await settled()
  assert.equal(reader.policyText('second'), undefined)
})
