/** Ten thousand keys in one seed: the start is quick enough, and one that is killed leaves all of them or none. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DescribeKeyCommand, paginateListKeys } from '@aws-sdk/client-kms'
import { dice } from '../faults/random.ts'
import { launch } from '../faults/program.ts'
import { run } from '../support/programs.ts'
import { allRecords } from '../support/audit.ts'
import { cleanEnvironment, startServer, temporaryDirectory, type TestServer } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const digest = (index: number): string => createHash('sha256').update(`key ${index}`).digest('hex')

function keyId(index: number): string {
  const hex = digest(index)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A seed with `count` keys, each with chosen material, an alias and a tag. */
function seedOf(directory: string, count: number): string {
  const path = join(directory, 'seed.yaml')
  const keys = Array.from({ length: count }, (_, index) =>
    [
      `  - id: ${keyId(index)}`,
      `    description: key ${index}`,
      `    tags: { Number: ${index} }`,
      `    aliases: [alias/key-${index}]`,
      `    material: { hex: ${digest(index)} }`,
    ].join('\n'),
  )
  writeFileSync(path, `keys:\n${keys.join('\n')}\n`)
  return path
}

async function countKeys(server: TestServer): Promise<number> {
  let count = 0
  for await (const { Keys = [] } of paginateListKeys({ client: server.kms(), pageSize: 1000 }, {})) count += Keys.length
  return count
}

// Five or six seconds on the machine that this was written on, with nothing else running.
const patienceMs = 60_000

it('starts with 10,000 keys, each there with its record, and with the same seed again', async () => {
  const directory = temporaryDirectory()
  const data = join(directory, 'data')
  const options = { directory: data, testProfile: true, args: ['--seed', seedOf(directory, 10_000)] }
  const began = performance.now()
  const server = await startServer(options)
  const first = performance.now() - began
  assert.equal(await countKeys(server), 10_000)
  const { KeyMetadata } = await server.kms().send(new DescribeKeyCommand({ KeyId: 'alias/key-9999' }))
  assert.equal(KeyMetadata?.Description, 'key 9999')
  await server.stop()
  const created = allRecords(data).filter((record) => record.includes('"eventName":"CreateKey"'))
  assert.equal(created.length, 10_000)
  const beganAgain = performance.now()
  const again = await startServer(options)
  const second = performance.now() - beganAgain
  assert.equal(await countKeys(again), 10_000)
  await again.stop()
  console.log(`ready after ${Math.round(first)} ms at first, ${Math.round(second)} ms again`)
  assert.ok(first < patienceMs && second < patienceMs)
})

const kills = 4

it(`is killed while it seeds, ${kills} times: all of the seed is there, or nothing; the next start has all`, async () => {
  const random = dice()
  const count = 2000
  let none = 0
  for (let round = 0; round < kills; round += 1) {
    const directory = temporaryDirectory()
    const data = join(directory, 'data')
    const args = ['--test-profile', '--seed', seedOf(directory, count)]
    // The installation is there before, so that only the seed is killed.
    const before = await startServer({ directory: data, testProfile: true })
    await before.stop()
    const killed = launch({ directory: data, args })
    killed.ready.catch(() => undefined)
    await sleep(500 + random.below(4000))
    await killed.end('SIGKILL')
    const verified = await run([process.execPath, program, 'storage', 'verify', '--data-dir', data], cleanEnvironment())
    assert.equal(verified.code, 0, `seed ${random.seed}, round ${round}: ${verified.stdout}${verified.stderr}`)
    const plain = await startServer({ directory: data, testProfile: true })
    const found = await countKeys(plain)
    await plain.stop()
    assert.ok(found === 0 || found === count, `seed ${random.seed}, round ${round}: ${found} keys`)
    if (found === 0) none += 1
    const after = await startServer({ directory: data, testProfile: true, args: args.slice(1) })
    assert.equal(await countKeys(after), count)
    await after.stop()
    const created = allRecords(data).filter((record) => record.includes('"eventName":"CreateKey"'))
    assert.equal(created.length, count)
  }
  console.log(`seed ${random.seed}: nothing ${none} times, all ${kills - none} times`)
})
