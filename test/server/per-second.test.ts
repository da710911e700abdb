import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RequestMetrics, allocateMetrics } from '#metrics/request-metrics.ts'
import { perSecond } from '#server/per-second.ts'

it('lets one through each second, and says how many it kept back', () => {
  let now = 10_000
  const log = perSecond(() => now)
  assert.deepEqual(
    [1, 2, 3].map(() => log.take()),
    [0, undefined, undefined],
  )
  now += 1000
  assert.deepEqual(
    [1, 2].map(() => log.take()),
    [2, undefined],
  )
  now += 5000
  assert.equal(log.take(), 1)
})

it('counts decisions that failed, of all workers together', async () => {
  const shared = allocateMetrics(2, ['Encrypt'])
  const [first, second] = [0, 1].map((worker) => new RequestMetrics(shared, ['Encrypt'], worker))
  assert.ok(first !== undefined && second !== undefined)
  first.countUndecided()
  second.countUndecided()
  second.count('Encrypt', 'success', 1)
  const text = await first.render()
  assert.match(text, /^trent_undecided_total 2$/m)
  assert.match(text, /^trent_requests_total\{operation="Encrypt",outcome="success"\} 1$/m)
})
