/** A server that dies while its job rotates multi-Region keys leaves each as it was or as it is to be, in all Regions alike. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { callControl } from '#control/client.ts'
import { allRecords } from '../support/audit.ts'
import { agreedOn, askerOf, type Ask } from './multi-region-agreement.ts'
import { command, launch, withDirectory, type Program } from './program.ts'
import { members, textOf, type WireAnswer } from './wire.ts'

const regions = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const
const count = 40
/** The keys whose rotation is followed by a kill, each in a life of its own; the job goes by their ids. */
const killedAt = [0, 12]
const dayMs = 86_400_000
const Plaintext = Buffer.from('before').toString('base64')

/** Keys with two replicas each, whose rotation is due in a day. */
function seedText(keyIds: readonly string[]): string {
  const next = new Date(Date.now() + dayMs).toISOString()
  const replicas = regions.slice(1).map((region) => `{ region: ${region} }`)
  return `keys:\n${keyIds
    .map(
      (id) =>
        `  - { id: ${id}, rotation: { period-in-days: 90, next: ${next} }, replicas: [${replicas.join(', ')}] }\n`,
    )
    .join('')}`
}

function succeeded(answer: WireAnswer): Readonly<Record<string, unknown>> {
  assert.equal(answer.status, 200, answer.body.toString('utf8'))
  return members(answer)
}

it('is killed while it rotates multi-Region keys: each is rotated in all Regions or in none', async () => {
  await withDirectory(async (directory) => {
    const keyIds = Array.from({ length: count }, (_, index) => `mrk-${(index + 1).toString(16).padStart(32, '0')}`)
    const seed = join(directory, 'seed.yaml')
    writeFileSync(seed, seedText(keyIds))
    const start = (): Program => launch({ directory, workers: 2, regions, args: ['--test-profile', '--seed', seed] })
    const advance = (): Promise<unknown> =>
      callControl(directory, 'clock advance', { milliseconds: 2 * dayMs }, { onItem: () => undefined })

    let server = start()
    let ask = await askerOf(server, regions)
    const blobs = new Map<string, string>()
    for (const [index, KeyId] of keyIds.entries()) {
      // Each Region's key encrypts some.
      const region = regions[index % regions.length] ?? regions[0]
      const made = succeeded(await ask(region, 'Encrypt', { KeyId, Plaintext }))
      blobs.set(KeyId, textOf(made, 'CiphertextBlob'))
    }
    for (const watched of killedAt) {
      const rotations = async (): Promise<string> =>
        JSON.stringify(succeeded(await ask('eu-west-1', 'ListKeyRotations', { KeyId: keyIds[watched] }))['Rotations'])
      assert.equal(await rotations(), '[]')
      const advanced = advance().then(
        () => 'done',
        () => 'lost',
      )
      // What a replica shows first: the job is on its way.
      while ((await rotations()) === '[]');
      await server.end('SIGKILL')
      assert.equal(await advanced, 'lost')
      for (const what of ['storage', 'audit']) {
        const { code, out, err } = command(what, 'verify', '--data-dir', directory)
        assert.equal(code, 0, `${what}: ${out}${err}`)
      }
      server = start()
      ask = await askerOf(server, regions)
      const rotated = await requireAgreement(ask)
      console.log(`killed after ${rotated} of ${count} rotations`)
      assert.ok(rotated > watched && rotated < count)
    }
    // The clock is the machine's again. Those that have had their rotation are not due with the others.
    assert.equal(await advance(), undefined)
    assert.equal(await requireAgreement(ask), count)
    assert.equal((await server.end('SIGTERM')).code, 0)

    /** How many keys were rotated: once each, in all Regions. */
    async function requireAgreement(send: Ask): Promise<number> {
      let seen = 0
      for (const keyId of keyIds) {
        const { primary, replicas, materials } = await agreedOn(send, regions, keyId)
        assert.deepEqual([primary, ...replicas], regions)
        assert.ok(
          materials.length === 1 || materials.length === 2,
          `${keyId} was rotated ${materials.length - 1} times`,
        )
        seen += materials.length - 1
        for (const region of regions) {
          const opened = succeeded(await send(region, 'Decrypt', { CiphertextBlob: blobs.get(keyId) }))
          assert.deepEqual([opened['Plaintext'], opened['KeyMaterialId']], [Plaintext, materials[0]])
        }
        const made = succeeded(await send('ap-south-1', 'Encrypt', { KeyId: keyId, Plaintext }))
        const opened = succeeded(await send(primary, 'Decrypt', { CiphertextBlob: made['CiphertextBlob'] }))
        assert.equal(opened['KeyMaterialId'], materials.at(-1))
      }
      const records = allRecords(directory)
      const counted = (name: string): number =>
        records.filter((record) => record.includes(`"eventName":"${name}"`)).length
      assert.deepEqual([counted('RotateKey'), counted('SynchronizeMultiRegionKey')], [seen, seen * 2])
      return seen
    }
  })
})
