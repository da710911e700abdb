/** When the outcomes of slow operations are told: alone while few are under way, by the dozen while many are. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { Together } from '#crypto/together.ts'

type Done = (error: Error | null, outcome: number) => void

/** `count` operations under way, and the numbers of those that were told. */
function started(count: number): { readonly together: Together; readonly dones: Done[]; readonly told: number[] } {
  const together = new Together()
  const dones: Done[] = []
  const told: number[] = []
  for (let number = 0; number < count; number += 1) {
    together
      .run<number>((done) => dones.push(done))
      .then(
        (outcome) => told.push(outcome),
        () => told.push(-number),
      )
  }
  return { together, dones, told }
}

describe('the outcomes of slow operations', () => {
  it('are told at once while few are under way', async () => {
    const { dones, told } = started(16)
    for (const [number, done] of dones.entries()) {
      done(null, number)
      await turn()
      assert.equal(told.length, number + 1)
    }
  })

  it('are told together while many are, in the order in which they came', async () => {
    const { dones, told } = started(64)
    const sizes: number[] = []
    for (const [number, done] of dones.entries()) {
      const before = told.length
      done(null, number)
      await turn()
      if (told.length > before) sizes.push(told.length - before)
    }
    assert.deepEqual(sizes, [16, 16, 16, ...Array.from({ length: 15 }, () => 1), 1])
    assert.deepEqual(
      told,
      Array.from({ length: 64 }, (_, number) => number),
    )
  })

  it('are all told when the last ends, failures too, and leave the next ones alone', async () => {
    const { together, dones, told } = started(20)
    for (const [number, done] of dones.entries()) done(number % 2 === 0 ? null : new Error('no'), number)
    await turn()
    assert.equal(told.length, 20)
    assert.equal(told.filter((number) => number < 0).length, 10)
    assert.equal(await together.run<number>((done) => done(null, 7)), 7)
    await assert.rejects(
      together.run(() => {
        throw new Error('not started')
      }),
      { message: 'not started' },
    )
    assert.equal(await together.run<number>((done) => done(null, 8)), 8)
  })
})
