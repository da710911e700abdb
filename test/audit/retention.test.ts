import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { TrailReader } from '#audit/reader.ts'
import type { Retention } from '#audit/retention.ts'
import type { Trail } from '#audit/trail.ts'
import { chainKey, clockAt, openTrail, pageOf, temporaryDirectory } from './fixtures.ts'

const day = 86_400_000
// Random, so that packing leaves the pages as large as they are.
const text = (): string => `{"text":"${randomBytes(7_485).toString('base64')}"}`

/** A trail of `days` days with ten pages of ten records (about a megabyte) each. */
function trailOf(directory: string, days: number): Trail {
  const trail = openTrail(directory, { clock: clockAt(days * day) })
  for (let page = 0; page < days * 10; page++) {
    trail.append([pageOf(Array.from({ length: 10 }, text), (page * day) / 10)])
  }
  return trail
}

function retain(trail: Trail, rule: Retention): number {
  let calls = 1
  while (trail.retain(rule) === 'more') calls++
  return calls
}

async function intact(directory: string): Promise<number> {
  const reader = new TrailReader(join(directory, 'trail.db'))
  const verdict = await reader.verify(chainKey())
  reader.close()
  if (!verdict.ok) assert.fail(verdict.problem)
  return verdict.removedUpTo
}

describe('retention', () => {
  it('removes what is older than its days, and no more', async () => {
    const directory = temporaryDirectory()
    const trail = trailOf(directory, 10)
    retain(trail, { maxDays: 4, maxBytes: undefined, minDays: 0 })
    assert.equal(await intact(directory), 600)
    assert.equal(retain(trail, { maxDays: 4, maxBytes: undefined, minDays: 0 }), 1)
    trail.close()
  })

  it('removes the oldest until the size fits, and makes the file smaller', async () => {
    const directory = temporaryDirectory()
    const trail = trailOf(directory, 10)
    trail.idle()
    const before = statSync(join(directory, 'trail.db')).size
    const calls = retain(trail, { maxDays: undefined, maxBytes: 3_000_000, minDays: 0 })
    trail.idle()
    const after = statSync(join(directory, 'trail.db')).size
    assert.equal(before > 10_000_000 && after < 4_500_000, true, `${before} -> ${after}`)
    assert.equal(trail.usedBytes() < 3_200_000, true)
    assert.equal(calls > 2, true, 'in more than one step')
    const removed = await intact(directory)
    assert.equal(removed > 600 && removed < 800, true, String(removed))
    trail.close()
  })

  it('never removes what is younger than the minimum', async () => {
    const directory = temporaryDirectory()
    const trail = trailOf(directory, 5)
    retain(trail, { maxDays: 1, maxBytes: 10, minDays: 3 })
    assert.equal(await intact(directory), 200)
    trail.close()
  })

  it('keeps the newest page, and goes on behind it after a restart', async () => {
    const directory = temporaryDirectory()
    const trail = trailOf(directory, 1)
    const later = { maxDays: 0, maxBytes: undefined, minDays: 0 }
    retain(trail, later)
    const head = trail.head()
    trail.close()
    assert.equal(await intact(directory), 90)
    const again = openTrail(directory, { clock: clockAt(9 * day), anchor: head })
    assert.equal(again.append([pageOf(['{}'], 8 * day)]).seq, 101)
    retain(again, later)
    assert.equal(again.appendFromOutbox([{ id: 1, record: '{}' }]).seq, 102)
    again.close()
    assert.equal(await intact(directory), 100)
  })

  it('removes nothing without a rule', async () => {
    const directory = temporaryDirectory()
    const trail = trailOf(directory, 2)
    assert.equal(retain(trail, { maxDays: undefined, maxBytes: undefined, minDays: 0 }), 1)
    assert.equal(await intact(directory), 0)
    trail.close()
  })
})
