/** Imported key material through the SDK: every worker, expiry by the clock, restarts, and a deletion under load. */
import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetParametersForImportCommand,
  GetPublicKeyCommand,
  ImportKeyMaterialCommand,
  KMSInvalidStateException,
  ListKeyRotationsCommand,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  type ImportKeyMaterialCommandInput,
  type KMSClient,
  type SigningAlgorithmSpec,
} from '@aws-sdk/client-kms'
import type { KeySpec, KeyUsage } from '#crypto/key-specs.ts'
import { allRecords } from '../support/audit.ts'
import { newMaterial, wrappedFor, wrappingFor } from '../support/imports.ts'
import { run } from '../support/programs.ts'
import { account, cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const never = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const
const Plaintext = Buffer.from('kept')

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

async function externalKey(kms: KMSClient, KeySpec?: KeySpec, KeyUsage?: KeyUsage): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL', KeySpec, KeyUsage }))
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.Enabled], ['PendingImport', false])
  return known(KeyMetadata?.KeyId)
}

async function importInto(
  kms: KMSClient,
  KeyId: string,
  material: Buffer,
  more: Partial<ImportKeyMaterialCommandInput> = never,
  spec: KeySpec = 'SYMMETRIC_DEFAULT',
): Promise<string | undefined> {
  const wrapping = wrappingFor(spec)
  const { PublicKey, ImportToken } = await kms.send(new GetParametersForImportCommand({ KeyId, ...wrapping }))
  const EncryptedKeyMaterial = wrappedFor(known(PublicKey), wrapping.WrappingAlgorithm, material)
  const { KeyMaterialId } = await kms.send(
    new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...more }),
  )
  return KeyMaterialId
}

const isPendingImport = { name: 'KMSInvalidStateException', message: / is pending import\.$/ }

async function advance(directory: string, time: string): Promise<string> {
  const command = [process.execPath, program, 'clock', 'advance', time, '--data-dir', directory]
  const { code, stdout, stderr } = await run(command, cleanEnvironment())
  assert.equal(code, 0, stderr)
  return stdout
}

describe('imported key material', async () => {
  const server = await startServer({ testProfile: true, workers: 2 })
  const kms = server.kms()
  // The kernel spreads connections over the workers: of so many, each gets some.
  const clients = Array.from({ length: 12 }, () => server.kms())
  const everywhere = async (work: (client: KMSClient) => Promise<unknown>): Promise<void> => {
    for (const client of clients) await work(client)
  }

  it('is usable in every worker once it is imported, and in none once it is deleted', async () => {
    const KeyId = await externalKey(kms)
    const material = newMaterial('SYMMETRIC_DEFAULT')
    await importInto(kms, KeyId, material)
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }))
    for (let round = 0; round < 3; round += 1) {
      await everywhere((client) => client.send(new DecryptCommand({ CiphertextBlob })))
      await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }))
      await everywhere((client) => assert.rejects(client.send(new DecryptCommand({ CiphertextBlob })), isPendingImport))
      await importInto(kms, KeyId, material)
    }
  })

  it('ends by the clock in every worker, is deleted with a record, and comes back only by an import', async () => {
    const KeyId = await externalKey(kms)
    const [one, two] = [newMaterial('SYMMETRIC_DEFAULT'), newMaterial('SYMMETRIC_DEFAULT')]
    const first = known(await importInto(kms, KeyId, one, { ValidTo: new Date(Date.now() + 10 * 86_400_000) }))
    await importInto(kms, KeyId, two, { ...never, ImportType: 'NEW_KEY_MATERIAL', KeyMaterialDescription: 'second' })
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }))
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }))
    await everywhere((client) => client.send(new DecryptCommand({ CiphertextBlob })))
    assert.match(await advance(server.directory, '10d1m'), /deleted 1 expired key material\b/)
    await everywhere((client) => assert.rejects(client.send(new DecryptCommand({ CiphertextBlob })), isPendingImport))
    await everywhere((client) => assert.rejects(client.send(new EncryptCommand({ KeyId, Plaintext })), isPendingImport))
    const { Rotations } = await kms.send(new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }))
    assert.deepEqual(
      Rotations?.map((each) => [each.KeyMaterialState, each.ImportState, each.KeyMaterialDescription]),
      [
        ['NON_CURRENT', 'PENDING_IMPORT', undefined],
        ['CURRENT', 'IMPORTED', 'second'],
      ],
    )
    const events = allRecords(server.directory).filter((record) => record.includes('DeleteExpiredKeyMaterial'))
    assert.equal(events.length, 1)
    const { serviceEventDetails } = JSON.parse(known(events[0])) as Record<string, unknown>
    assert.deepEqual(serviceEventDetails, { keyId: KeyId, keyMaterialId: first })
    await importInto(kms, KeyId, one, { ...never, KeyMaterialId: first })
    await everywhere(async (client) => {
      const opened = await client.send(new DecryptCommand({ CiphertextBlob }))
      assert.deepEqual([opened.KeyMaterialId, Buffer.from(known(opened.Plaintext))], [first, Plaintext])
    })
    assert.match(await advance(server.directory, '400d'), /^(?!.*expired)/)
  })

  it('is deleted under the feet of requests, which succeed or are told that it is gone', async () => {
    const KeyId = await externalKey(kms)
    const material = newMaterial('SYMMETRIC_DEFAULT')
    await importInto(kms, KeyId, material)
    let done = false
    let refused = 0
    const load = clients.map(async (client) => {
      while (!done) {
        try {
          const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext }))
          await client.send(new DecryptCommand({ CiphertextBlob }))
        } catch (error) {
          assert.ok(error instanceof KMSInvalidStateException, String(error))
          refused += 1
        }
      }
    })
    const wrapping = wrappingFor('SYMMETRIC_DEFAULT')
    const { PublicKey, ImportToken } = await kms.send(new GetParametersForImportCommand({ KeyId, ...wrapping }))
    const EncryptedKeyMaterial = wrappedFor(known(PublicKey), wrapping.WrappingAlgorithm, material)
    for (let round = 0; round < 10; round += 1) {
      await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }))
      await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...never }))
    }
    done = true
    await Promise.all(load)
    assert.ok(refused > 0)
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }))
    await kms.send(new DecryptCommand({ CiphertextBlob }))
  })

  it('is imported by one of many at once when each brings another', async () => {
    const KeyId = await externalKey(kms)
    const outcomes = await Promise.allSettled(
      clients.slice(0, 4).map((client) => importInto(client, KeyId, newMaterial('SYMMETRIC_DEFAULT'))),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal((outcome.reason as Error).name, 'IncorrectKeyMaterialException')
    }
  })

  const signing: readonly (readonly [KeySpec, SigningAlgorithmSpec, string | null])[] = [
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
    ['RSA_3072', 'RSASSA_PKCS1_V1_5_SHA_384', 'sha384'],
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
    ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
    ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512'],
    ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', null],
  ]
  for (const [spec, SigningAlgorithm, hash] of signing) {
    it(`signs with an imported key of ${spec}, as its owner can verify`, async () => {
      const KeyId = await externalKey(kms, spec, 'SIGN_VERIFY')
      const material = newMaterial(spec)
      assert.equal(await importInto(kms, KeyId, material, never, spec), undefined)
      const own = createPublicKey(createPrivateKey({ key: material, format: 'der', type: 'pkcs8' }))
      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }))
      assert.ok(Buffer.from(known(PublicKey)).equals(own.export({ format: 'der', type: 'spki' })))
      const Message = Buffer.from('signed')
      const { Signature } = await kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm }))
      assert.ok(verify(hash, Message, own, Buffer.from(known(Signature))))
    })
  }

  it('makes the MACs that its owner makes', async () => {
    for (const [spec, hash, length] of [
      ['HMAC_224', 'sha224', 28],
      ['HMAC_512', 'sha512', 128],
    ] as const) {
      const KeyId = await externalKey(kms, spec, 'GENERATE_VERIFY_MAC')
      const material = Buffer.alloc(length, 'm')
      await importInto(kms, KeyId, material, never, spec)
      const Message = Buffer.from('authentic')
      const MacAlgorithm = `HMAC_SHA_${spec.slice('HMAC_'.length)}` as 'HMAC_SHA_224' | 'HMAC_SHA_512'
      const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm }))
      assert.ok(
        createHmac(hash, material)
          .update(Message)
          .digest()
          .equals(Buffer.from(known(Mac))),
      )
    }
  })

  it('decrypts with an imported RSA key', async () => {
    const KeyId = await externalKey(kms, 'RSA_2048', 'ENCRYPT_DECRYPT')
    await importInto(kms, KeyId, newMaterial('RSA_2048'), never, 'RSA_2048')
    const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }))
    const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
    assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
  })

  it('is imported as policies allow by wrapping, expiry and date', async () => {
    const KeyId = await externalKey(kms)
    const material = newMaterial('SYMMETRIC_DEFAULT')
    const allow = {
      Sid: 'all',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    }
    const deny = (Action: string, Condition: object) => ({
      ...allow,
      Sid: undefined,
      Effect: 'Deny',
      Action,
      Condition,
    })
    const put = async (...denials: readonly object[]): Promise<void> => {
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allow, ...denials] })
      await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))
    }
    const denied = { name: 'AccessDeniedException' }
    await put(deny('kms:GetParametersForImport', { StringNotEquals: { 'kms:WrappingKeySpec': 'RSA_4096' } }))
    await assert.rejects(importInto(kms, KeyId, material), denied)
    await put(deny('kms:GetParametersForImport', { StringEquals: { 'kms:WrappingAlgorithm': 'RSAES_OAEP_SHA_256' } }))
    await assert.rejects(importInto(kms, KeyId, material), denied)
    const limit = new Date(Date.now() + 500 * 86_400_000)
    await put(
      deny('kms:ImportKeyMaterial', { StringEquals: { 'kms:ExpirationModel': 'KEY_MATERIAL_DOES_NOT_EXPIRE' } }),
      deny('kms:ImportKeyMaterial', { DateGreaterThan: { 'kms:ValidTo': limit.toISOString() } }),
    )
    await assert.rejects(importInto(kms, KeyId, material), denied)
    await assert.rejects(importInto(kms, KeyId, material, { ValidTo: new Date(limit.getTime() + 1000) }), denied)
    await importInto(kms, KeyId, material, { ValidTo: new Date(limit.getTime() - 1000) })
  })
})

describe('imported key material and the end of a server', () => {
  it('is there after a restart, gone when it expired or was deleted, and tokens are still of use', async () => {
    const directory = temporaryDirectory()
    const first = await startServer({ directory, testProfile: true })
    const kms = first.kms()
    const [kept, expired, deleted, pending] = [
      await externalKey(kms),
      await externalKey(kms),
      await externalKey(kms),
      await externalKey(kms),
    ]
    const material = newMaterial('SYMMETRIC_DEFAULT')
    await importInto(kms, kept, material)
    await importInto(kms, expired, material, { ValidTo: new Date(Date.now() + 86_400_000) })
    await importInto(kms, deleted, material)
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: deleted }))
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: kept, Plaintext }))
    const wrapping = wrappingFor('SYMMETRIC_DEFAULT')
    const set = await kms.send(new GetParametersForImportCommand({ KeyId: pending, ...wrapping }))
    await advance(directory, '1d1m')
    await first.stop()

    const second = await startServer({ directory, testProfile: true })
    const again = second.kms()
    const stateOf = async (KeyId: string): Promise<string | undefined> =>
      (await again.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState
    assert.deepEqual(
      [await stateOf(kept), await stateOf(expired), await stateOf(deleted), await stateOf(pending)],
      ['Enabled', 'PendingImport', 'PendingImport', 'PendingImport'],
    )
    const opened = await again.send(new DecryptCommand({ CiphertextBlob }))
    assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
    // The clock is the machine's again, so the day is not over.
    const EncryptedKeyMaterial = wrappedFor(known(set.PublicKey), wrapping.WrappingAlgorithm, material)
    await again.send(
      new ImportKeyMaterialCommand({ KeyId: pending, ImportToken: set.ImportToken, EncryptedKeyMaterial, ...never }),
    )
    assert.equal(await stateOf(pending), 'Enabled')
  })
})
