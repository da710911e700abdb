/** A server that dies while it rotates keys leaves each of them as it was before its rotation or as it is after it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  ListKeyRotationsCommand,
} from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { run, type Run } from '../support/programs.ts'
import { cleanEnvironment, startServer, temporaryDirectory, type TestServer } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const count = 200

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

const trent = (directory: string, ...args: readonly string[]): Promise<Run> =>
  run([process.execPath, program, ...args, '--data-dir', directory], cleanEnvironment())

it('is killed while it rotates keys: each has one current material, and all that was encrypted decrypts', async () => {
  const directory = temporaryDirectory()
  const first = await startServer({ directory, testProfile: true })
  const kms = first.kms()
  const keys: { readonly keyId: string; readonly materialId: string; readonly blob: Uint8Array }[] = []
  const Plaintext = Buffer.from('before')
  for (let index = 0; index < count; index += 1) {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const KeyId = known(KeyMetadata?.KeyId)
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }))
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }))
    keys.push({ keyId: KeyId, materialId: known(KeyMetadata?.CurrentKeyMaterialId), blob: known(CiphertextBlob) })
  }
  const { keyId: KeyId, materialId } = known(keys[0])
  const advanced = trent(directory, 'clock', 'advance', '90d1h')
  while ((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.CurrentKeyMaterialId === materialId);
  await first.kill()
  assert.notEqual((await advanced).code, 0)

  for (const what of ['storage', 'audit']) {
    const { code, stdout, stderr } = await trent(directory, what, 'verify')
    assert.equal(code, 0, `${what}: ${stdout}${stderr}`)
  }
  const second = await startServer({ directory, testProfile: true })
  const rotated = await requireWhole(second)
  console.log(`killed after ${rotated} of ${count} rotations`)
  assert.ok(rotated > 0 && rotated < count)
  // The clock is the machine's again: those that had their rotation are due 90 days after the others.
  assert.equal((await trent(directory, 'clock', 'advance', '90d1h')).code, 0)
  assert.equal(await requireWhole(second), count)

  /** How many keys were rotated, once each. */
  async function requireWhole(server: TestServer): Promise<number> {
    const client = server.kms()
    let seen = 0
    for (const key of keys) {
      const named = { KeyId: key.keyId }
      const { KeyMetadata } = await client.send(new DescribeKeyCommand(named))
      const { Rotations = [] } = await client.send(
        new ListKeyRotationsCommand({ ...named, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
      )
      const current = known(KeyMetadata?.CurrentKeyMaterialId)
      const isRotated = current !== key.materialId
      assert.deepEqual(
        Rotations.map(({ KeyMaterialId, KeyMaterialState }) => [KeyMaterialId, KeyMaterialState]),
        isRotated
          ? [
              [key.materialId, 'NON_CURRENT'],
              [current, 'CURRENT'],
            ]
          : [[key.materialId, 'CURRENT']],
      )
      const old = await client.send(new DecryptCommand({ CiphertextBlob: key.blob }))
      assert.deepEqual(Buffer.from(known(old.Plaintext)), Plaintext)
      const { CiphertextBlob } = await client.send(new EncryptCommand({ ...named, Plaintext: Buffer.from('after') }))
      assert.equal((await client.send(new DecryptCommand({ CiphertextBlob }))).KeyMaterialId, current)
      if (isRotated) seen += 1
    }
    const records = allRecords(directory).filter((record) => record.includes('"eventName":"RotateKey"'))
    assert.equal(records.length, seen)
    return seen
  }
})
