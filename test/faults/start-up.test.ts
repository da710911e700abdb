/** How long it takes from the command to the ready line. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeKeys } from './make-keys.ts'
import { launch, makeDirectory, readAccessKey, region, removeDirectory } from './program.ts'
import { createKey, KmsWire } from './wire.ts'

// What is aimed at, milliseconds. Asserted is twice as much: where tests run, other things run as well, and a start keeps
// both cores busy.
const aims = { first: 1200, later: 700, withManyKeys: 1000 }
const manyKeys = 100_000

describe('the ready line', () => {
  let base: string

  before(() => {
    base = makeDirectory()
  })
  after(() => removeDirectory(base))

  async function startTime(directory: string): Promise<number> {
    const server = launch({ directory, workers: 2 })
    await server.ready
    assert.equal((await server.end('SIGTERM')).code, 0)
    return server.readyAfterMs()
  }

  async function requireMedian(what: string, aim: number, measure: (index: number) => Promise<number>): Promise<void> {
    const times: number[] = []
    for (let index = 0; index < 3; index += 1) times.push(await measure(index))
    const [, median = Infinity] = times.toSorted((a, b) => a - b)
    console.log(`${what}: ${times.map((time) => Math.round(time)).join(', ')} ms; aim ${aim} ms`)
    assert.ok(median < aim * 2, `${what}: ${Math.round(median)} ms`)
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
