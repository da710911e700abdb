/** Five years in the life of some keys, on a server whose clock the test moves: whatever was ever encrypted decrypts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { run } from '../support/programs.ts'
import { cleanEnvironment, startServer } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const stepDays = 92
const steps = 20
const day = 86_400_000

interface Kept {
  readonly keyId: string
  readonly blob: Uint8Array
  readonly plaintext: Uint8Array
  readonly materialId: string
}

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

describe('five years of rotation', async () => {
  const server = await startServer({ testProfile: true, workers: 2, args: ['--on-demand-rotations', '26'] })
  // The kernel spreads connections over the workers: of so many, each gets some.
  const clients = Array.from({ length: 8 }, () => server.kms())
  const kms = known(clients[0])
  const EncryptionContext = { purpose: 'rotation' }
  const kept: Kept[] = []
  let next = 0

  const advance = async (days: number): Promise<string> => {
    const command = [process.execPath, program, 'clock', 'advance', `${days}d`, '--data-dir', server.directory]
    const { code, stdout, stderr } = await run(command, cleanEnvironment())
    assert.equal(code, 0, stderr)
    return stdout
  }
  const createKey = async (): Promise<string> => known((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId)
  const currentMaterial = async (client: KMSClient, KeyId: string): Promise<string> =>
    known((await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.CurrentKeyMaterialId)
  /** Encrypts on every worker, which must use the material `materialId`. */
  const use = async (KeyId: string, materialId: string): Promise<void> => {
    for (const client of clients) {
      const plaintext = Buffer.from(`number ${(next += 1)}`)
      const encrypted = await client.send(new EncryptCommand({ KeyId, Plaintext: plaintext, EncryptionContext }))
      kept.push({ keyId: KeyId, blob: known(encrypted.CiphertextBlob), plaintext, materialId })
    }
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext }))
    assert.equal(made.KeyMaterialId, materialId)
    kept.push({ keyId: KeyId, blob: known(made.CiphertextBlob), plaintext: known(made.Plaintext), materialId })
  }
  const rotationsOf = async (KeyId: string) => {
    const { Rotations = [] } = await kms.send(new ListKeyRotationsCommand({ KeyId }))
    return Rotations
  }

  const [quarterly, yearly, seldom, demanded, paused] = [
    await createKey(),
    await createKey(),
    await createKey(),
    await createKey(),
    await createKey(),
  ]

  it('leaves no blob behind, and every worker encrypts with the newest material', async () => {
    for (const [KeyId, RotationPeriodInDays] of [
      [quarterly, 90],
      [yearly, undefined],
      [seldom, 2560],
      [paused, 90],
    ] as const) {
      await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }))
    }
    const start = Date.now()
    const all = [quarterly, yearly, seldom, demanded]
    const current = new Map<string, string>()
    for (const KeyId of [...all, paused]) {
      current.set(KeyId, await currentMaterial(kms, KeyId))
      await use(KeyId, known(current.get(KeyId)))
    }
    await kms.send(new DisableKeyCommand({ KeyId: paused }))
    for (let step = 1; step <= steps; step += 1) {
      const told = await advance(stepDays)
      assert.ok(told.includes(step % 4 === 0 ? 'rotated 2 keys' : 'rotated 1 key'), told)
      await kms.send(new RotateKeyOnDemandCommand({ KeyId: demanded }))
      for (const KeyId of all) {
        const materialId = await currentMaterial(kms, KeyId)
        // A year is over every fourth time.
        const isRotated = KeyId === quarterly || KeyId === demanded || (KeyId === yearly && step % 4 === 0)
        assert.equal(materialId !== current.get(KeyId), isRotated, `step ${step}`)
        for (const client of clients) assert.equal(await currentMaterial(client, KeyId), materialId)
        current.set(KeyId, materialId)
        await use(KeyId, materialId)
      }
    }
    assert.equal((await rotationsOf(paused)).length, 0)
    await kms.send(new EnableKeyCommand({ KeyId: paused }))
    await advance(0.01)
    assert.deepEqual(
      (await rotationsOf(paused)).map(({ KeyMaterialState, RotationType }) => [KeyMaterialState, RotationType]),
      [['CURRENT', 'AUTOMATIC']],
    )
    const { NextRotationDate } = await kms.send(new GetKeyRotationStatusCommand({ KeyId: paused }))
    const expected = start + steps * stepDays * day + 90 * day
    assert.ok(Math.abs(known(NextRotationDate).getTime() - expected) < day / 10)

    assert.ok(kept.length > 700)
    for (const [index, { keyId, blob, plaintext, materialId }] of kept.entries()) {
      const client = known(clients[index % clients.length])
      const opened = await client.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }))
      assert.deepEqual(Buffer.from(known(opened.Plaintext)), Buffer.from(plaintext))
      assert.equal(opened.KeyMaterialId, materialId)
      assert.ok(opened.KeyId?.endsWith(keyId))
    }
  })

  it('lists what happened, in its order and page by page', async () => {
    for (const [KeyId, type, count] of [
      [quarterly, 'AUTOMATIC', 20],
      [yearly, 'AUTOMATIC', 5],
      [seldom, 'AUTOMATIC', 0],
      [demanded, 'ON_DEMAND', 20],
    ] as const) {
      const listed = await rotationsOf(KeyId)
      assert.equal(listed.length, count)
      const dates = listed.map(({ RotationDate }) => known(RotationDate).getTime())
      assert.deepEqual(
        dates,
        dates.toSorted((left, right) => left - right),
      )
      assert.ok(listed.every(({ RotationType }) => RotationType === type))
      const paged = []
      let Marker: string | undefined
      do {
        const page = await kms.send(
          new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', Limit: 7, Marker }),
        )
        paged.push(...known(page.Rotations))
        Marker = page.NextMarker
      } while (Marker !== undefined)
      assert.deepEqual(paged.slice(1), listed)
      const states = paged.map(({ KeyMaterialState }) => KeyMaterialState)
      assert.deepEqual(states, [...Array.from({ length: count }, () => 'NON_CURRENT'), 'CURRENT'])
      assert.equal(new Set(paged.map(({ KeyMaterialId }) => KeyMaterialId)).size, count + 1)
    }
  })

  it('encrypts old blobs anew under the newest material of the same key', async () => {
    const { blob, plaintext, materialId } = known(kept.find(({ keyId }) => keyId === quarterly))
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: blob,
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId: quarterly,
        DestinationEncryptionContext: EncryptionContext,
      }),
    )
    assert.deepEqual(
      [moved.SourceKeyMaterialId, moved.DestinationKeyMaterialId],
      [materialId, await currentMaterial(kms, quarterly)],
    )
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext }))
    assert.deepEqual(Buffer.from(known(opened.Plaintext)), Buffer.from(plaintext))
  })

  it('rotates a key on demand as often as the setting says', async () => {
    for (let count = 20; count < 26; count += 1) await kms.send(new RotateKeyOnDemandCommand({ KeyId: demanded }))
    await assert.rejects(kms.send(new RotateKeyOnDemandCommand({ KeyId: demanded })), {
      name: 'LimitExceededException',
    })
  })

  it('records each rotation with the materials before and after it', () => {
    const events = allRecords(server.directory).filter((record) => record.includes('"eventName":"RotateKey"'))
    const last = known(events.findLast((record) => record.includes(paused)))
    const { serviceEventDetails, eventType } = JSON.parse(last) as Record<string, unknown>
    const first = known(kept.find(({ keyId }) => keyId === paused)).materialId
    assert.equal(eventType, 'AwsServiceEvent')
    const details = { ...(serviceEventDetails as Record<string, unknown>) }
    assert.deepEqual(
      [details['rotationType'], details['keyOrigin'], details['previousKeyMaterialId']],
      ['AUTOMATIC', 'AWS_KMS', first],
    )
  })
})
