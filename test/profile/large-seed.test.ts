/** Ten thousand keys in one seed: the start is quick enough. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { DescribeKeyCommand } from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { startServer, temporaryDirectory } from '../support/server.ts'
import { countKeys, seedOf } from './large-seed.ts'

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
