import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CoherentCache } from '#cache/coherent-cache.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'

describe('a coherent cache', () => {
  it('does not answer what was loaded while a change committed', async () => {
    const slots = new RevisionSlots(allocateSlots())
    const cache = new CoherentCache<{ version: number }>(slots, 10)
    const loading = cache.load('a', 'name', async () => {
      await Promise.resolve()
      slots.raise('name')
      return { version: 1 }
    })
    assert.deepEqual(await loading, { version: 1 })
    assert.equal(cache.fresh('a'), undefined)
    const loaded = cache.load('a', 'name', () => ({ version: 2 }))
    assert.equal(cache.fresh('a'), loaded)
  })

  it('forgets what is gone', async () => {
    const slots = new RevisionSlots(allocateSlots())
    const cache = new CoherentCache<object>(slots, 10)
    await cache.load('a', 'name', () => ({}))
    assert.equal(
      cache.load('a', 'name', () => undefined),
      undefined,
    )
    assert.equal(cache.fresh('a'), undefined)
  })

  it('holds no more than it has room for, and nothing that takes more than a tenth of it', async () => {
    const left: number[][] = []
    const cache = new CoherentCache<number[]>(new RevisionSlots(allocateSlots()), 30, {
      weigh: (list) => list.length + 1,
      dispose: (list) => left.push(list),
    })
    const lists = Array.from({ length: 12 }, (_, index) => [index, index])
    for (const [index, list] of lists.entries()) await cache.load(String(index), 'name', () => list)
    assert.deepEqual(left, [
      [0, 0],
      [1, 1],
    ])
    assert.deepEqual(
      cache.load('long', 'name', () => [1, 2, 3]),
      [1, 2, 3],
    )
    assert.equal(cache.fresh('long'), undefined)
    assert.equal(cache.fresh('11'), lists[11])
  })
})
