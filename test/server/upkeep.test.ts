import assert from 'node:assert/strict'
import { it } from 'node:test'
import { FreeSpace } from '#audit/free-space.ts'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { createLog } from '#server/log.ts'
import { startUpkeep } from '#server/upkeep.ts'
import { pageOf, recordAt } from '../audit/records.ts'
import { writerOn } from './fixtures.ts'

it('empties the log of the trail in a quiet minute, and leaves it alone while records come', (t) => {
  const { writer, trail, clock, directory } = writerOn(t)
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
  for (let second = 0; second < 60; second += 1) {
    trail.append([pageOf([recordAt(second, 7 + second)], second)])
    t.mock.timers.tick(1000)
  }
  assert.ok(trail.logBytes() > 0)
  for (let second = 0; second < 60; second += 1) t.mock.timers.tick(1000)
  assert.equal(trail.logBytes(), 0)
})
