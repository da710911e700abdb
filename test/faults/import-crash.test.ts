/** A server that dies while material is imported and deleted leaves each key with all of it or with none. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  ListKeyRotationsCommand,
} from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { newMaterial, wrappedFor, wrappingFor } from '../support/imports.ts'
import { run, type Run } from '../support/programs.ts'
import { cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const count = 12
const rounds = 3
const never = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const
const Plaintext = Buffer.from('before')

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

const trent = (directory: string, ...args: readonly string[]): Promise<Run> =>
  run([process.execPath, program, ...args, '--data-dir', directory], cleanEnvironment())

const isPendingImport = { name: 'KMSInvalidStateException', message: / is pending import\.$/ }

interface ImportedKey {
  readonly KeyId: string
  readonly blob: Uint8Array
  readonly ImportToken: Uint8Array
  readonly EncryptedKeyMaterial: Uint8Array
  /** What was acknowledged last; undefined while something is under way. */
  state: 'Enabled' | 'PendingImport' | undefined
  /** How many changes of its material were acknowledged, and how many were sent. */
  acknowledged: number
  sent: number
}

it('is killed while material comes and goes: each key has all of it or none, as was acknowledged', async () => {
  const directory = temporaryDirectory()
  let server = await startServer({ directory })
  const wrapping = wrappingFor('SYMMETRIC_DEFAULT')
  const keys: ImportedKey[] = []
  for (let index = 0; index < count; index += 1) {
    const kms = server.kms()
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }))
    const KeyId = known(KeyMetadata?.KeyId)
    const set = await kms.send(new GetParametersForImportCommand({ KeyId, ...wrapping }))
    const ImportToken = known(set.ImportToken)
    const material = newMaterial('SYMMETRIC_DEFAULT')
    const EncryptedKeyMaterial = wrappedFor(known(set.PublicKey), wrapping.WrappingAlgorithm, material)
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...never }))
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }))
    const blob = known(CiphertextBlob)
    keys.push({ KeyId, blob, ImportToken, EncryptedKeyMaterial, state: 'Enabled', acknowledged: 1, sent: 1 })
  }

  /** Deletes and imports until the server is gone. */
  async function comeAndGo(key: ImportedKey): Promise<void> {
    const kms = server.kms()
    const { KeyId, ImportToken, EncryptedKeyMaterial } = key
    try {
      for (;;) {
        key.sent += 1
        const before = key.state
        key.state = undefined
        if (before === 'Enabled') await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }))
        else await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...never }))
        key.state = before === 'Enabled' ? 'PendingImport' : 'Enabled'
        key.acknowledged += 1
      }
    } catch (error) {
      // An answer of the server itself would be none of a server that is gone.
      assert.ok(!(error instanceof Error && '$fault' in error && error.name !== 'TimeoutError'), String(error))
    }
  }

  async function requireWhole(): Promise<void> {
    const kms = server.kms()
    for (const key of keys) {
      const { KeyId, blob, ImportToken, EncryptedKeyMaterial } = key
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
      const state = known(KeyMetadata?.KeyState)
      if (key.state !== undefined) assert.equal(state, key.state)
      const { Rotations } = await kms.send(
        new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
      )
      assert.deepEqual(
        Rotations?.map(({ ImportState }) => ImportState),
        [state === 'Enabled' ? 'IMPORTED' : 'PENDING_IMPORT'],
      )
      const decrypted = (): Promise<unknown> => kms.send(new DecryptCommand({ CiphertextBlob: blob }))
      if (state === 'PendingImport') {
        await assert.rejects(decrypted(), isPendingImport)
        await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...never }))
        key.acknowledged += 1
        key.sent += 1
      }
      await decrypted()
      key.state = 'Enabled'
    }
    // Each change has its record, and no record is of a change that isn't there. Verifying brings all of them into the trail.
    assert.equal((await trent(directory, 'audit', 'verify')).code, 0)
    const records = allRecords(directory).filter((record) => !record.includes('"errorCode"'))
    const changes = records.filter((record) => /"eventName":"(Import|DeleteImported)KeyMaterial"/.test(record))
    for (const key of keys) {
      const found = changes.filter((record) => record.includes(key.KeyId)).length
      assert.ok(found >= key.acknowledged && found <= key.sent, `${key.acknowledged} ${found} ${key.sent}`)
      key.acknowledged = found
      key.sent = found
    }
  }

  for (let round = 0; round < rounds; round += 1) {
    const under = keys.map(comeAndGo)
    await new Promise((resolve) => setTimeout(resolve, 150 + 100 * round))
    await server.kill()
    await Promise.all(under)
    for (const what of ['storage', 'audit']) {
      const { code, stdout, stderr } = await trent(directory, what, 'verify')
      assert.equal(code, 0, `${what}: ${stdout}${stderr}`)
    }
    server = await startServer({ directory })
    await requireWhole()
  }
  assert.ok(keys.some(({ sent }) => sent > rounds + 1))
})
