/** How long it takes from the command to the ready line. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeKeys } from './make-keys.ts'
import { killAll, launch, makeDirectory, readAccessKey, region, removeDirectory } from './program.ts'
import { createKey, KmsWire } from './wire.ts'

// What is aimed at, milliseconds. Asserted is twice as much: where tests run, other things run as well, and a start keeps
// both cores busy. How busy the machine is without us, bare runtimes tell that start beside each measurement.
const aims = { first: 1200, later: 700, withManyKeys: 1000 }
const manyKeys = 100_000
const quietBareStartMs = 60

/** Milliseconds in which two bare runtimes start and end at once. */
async function bareStartTime(): Promise<number> {
  const started = performance.now()
  await Promise.all([0, 1].map(() => once(spawn(process.execPath, ['-e', ''], { stdio: 'ignore' }), 'exit')))
  return performance.now() - started
}

const medianOf = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Infinity

describe('the ready line', () => {
  let base: string

  before(() => {
    base = makeDirectory()
  })
  after(async () => {
    await killAll()
    removeDirectory(base)
  })

  async function startTime(directory: string): Promise<number> {
    const server = launch({ directory, workers: 2 })
    await server.ready
    assert.equal((await server.end('SIGTERM')).code, 0)
    return server.readyAfterMs()
  }

  async function requireMedian(what: string, aim: number, measure: (index: number) => Promise<number>): Promise<void> {
    const times: number[] = []
    const bare: number[] = []
    for (let index = 0; index < 3; index += 1) {
      bare.push(await bareStartTime())
      times.push(await measure(index))
      bare.push(await bareStartTime())
    }
    const median = medianOf(times)
    const busyness = Math.max(1, medianOf(bare) / quietBareStartMs)
    const shown = times.map((time) => Math.round(time)).join(', ')
    console.log(
      `${what}: ${shown} ms; aim ${aim} ms; the machine is ${busyness.toFixed(1)} times as slow as a quiet one`,
    )
    assert.ok(median < aim * 2 * busyness, `${what}: ${Math.round(median)} ms`)
  }

  it('comes soon at the first start ever', async () => {
    await requireMedian('first start', aims.first, (index) => startTime(join(base, `first-${index}`)))
  })

  it('comes soon at a later start', async () => {
    const directory = join(base, 'first-0')
    await requireMedian('later start', aims.later, () => startTime(directory))
  })

  it(`comes soon with ${manyKeys} keys`, async () => {
    const directory = join(base, 'first-1')
    await makeKeys(directory, manyKeys)
    await startTime(directory)
    await requireMedian(`start with ${manyKeys} keys`, aims.withManyKeys, () => startTime(directory))
    const server = launch({ directory, workers: 2 })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    await client.call('Encrypt', { KeyId: await createKey(client), Plaintext: 'AAAA' })
    const { Keys } = await client.call('ListKeys', { Limit: 1000 })
    assert.equal(Array.isArray(Keys) && Keys.length, 1000)
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
    assert.doesNotMatch(server.stderr(), /"level":[56]0/)
  })
})
