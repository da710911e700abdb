/** What Regions of China have, through the SDK, with OpenSSL's command on the other side: SM2 keys, and SM4 in symmetric ones. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GetParametersForImportCommand,
  GetPublicKeyCommand,
  ImportKeyMaterialCommand,
  ReEncryptCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  VerifyCommand,
  type AlgorithmSpec,
  type CreateKeyCommandInput,
  type KMSClient,
  type WrappingKeySpec,
} from '@aws-sdk/client-kms'
import { wrapMaterial, type WrappingAlgorithm } from '#crypto/import-wrapping.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import { publicKeyBits } from '#crypto/public-key.ts'
import { encryptSm2 } from '#crypto/sm2-encryption.ts'
import { pointOf } from '#crypto/sm2-operations.ts'
import { sm2Digest } from '#crypto/sm2.ts'
import { nativeMultiply } from '../crypto/asymmetric-fixtures.ts'
import { newMaterial } from '../support/imports.ts'
import { lacksOpenssl } from '../support/openssl.ts'
import { startServer, temporaryDirectory } from '../support/server.ts'

const Message = Buffer.from('What is to be signed')
const EncryptionAlgorithm = 'SM2PKE'
const SigningAlgorithm = 'SM2DSA'
const usageNames = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC'] as const

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

async function keyOf(kms: KMSClient, input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: 'SM2', ...input }))
  return known(KeyMetadata?.KeyId)
}

async function spkiOf(kms: KMSClient, KeyId: string): Promise<Buffer> {
  return Buffer.from(known((await kms.send(new GetPublicKeyCommand({ KeyId }))).PublicKey))
}

const readSpki = (key: Buffer) => createPublicKey({ key, format: 'der', type: 'spki' })
const readPkcs8 = (key: Buffer) => createPrivateKey({ key, format: 'der', type: 'pkcs8' })

function openssl(...args: readonly string[]): { readonly ok: boolean; readonly output: Buffer } {
  const { status, stdout } = spawnSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  return { ok: status === 0, output: stdout }
}

const folder = temporaryDirectory()
let files = 0
function file(bytes: Uint8Array): string {
  const path = join(folder, String((files += 1)))
  writeFileSync(path, bytes)
  return path
}

const refusedAs = (name: string, message?: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error)
  assert.equal(error.name, name, error.message)
  if (typeof message === 'string') assert.equal(error.message, message)
  else if (message !== undefined) assert.match(error.message, message)
  return true
}

// With OpenSSL's own functions, and on a Node.js that doesn't let us call them.
const runtimes = [
  ['with OpenSSL called directly', {}, true],
  ['without', { NODE_OPTIONS: '--no-experimental-ffi' }, false],
] as const

for (const [how, env, calls] of runtimes) {
  describe(`SM2 keys, ${how}`, async () => {
    const server = await startServer({ regions: ['cn-north-1'], workers: 2, env })
    const kms = server.kms()

    it(`work on the runtime that is meant: it signs a mu of ML-DSA ${calls ? '' : 'not'}`, async () => {
      const KeyId = await keyOf(kms, { KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' })
      const input = { KeyId, MessageType: 'EXTERNAL_MU', Message: randomBytes(64) } as const
      const signed = kms.send(new SignCommand({ ...input, SigningAlgorithm: 'ML_DSA_SHAKE_256' }))
      if (calls) await signed
      else await assert.rejects(signed, refusedAs('UnsupportedOperationException', /runtime of this Trent/))
    })

    it('sign messages and digests, and verify them, as OpenSSL does', async (t) => {
      const KeyId = await keyOf(kms, { KeyUsage: 'SIGN_VERIFY' })
      const spki = await spkiOf(kms, KeyId)
      const point = publicKeyBits(readSpki(spki))
      const forms = [
        { MessageType: 'RAW', Message },
        { MessageType: 'DIGEST', Message: sm2Digest(point, Message) },
      ] as const
      for (const form of forms) {
        const signed = await kms.send(new SignCommand({ KeyId, SigningAlgorithm, ...form }))
        assert.equal(signed.SigningAlgorithm, SigningAlgorithm)
        const Signature = known(signed.Signature)
        for (const other of forms) {
          const verified = await kms.send(new VerifyCommand({ KeyId, SigningAlgorithm, ...other, Signature }))
          assert.equal(verified.SignatureValid, true)
        }
        const changed = { ...form, Message: Buffer.from(form.Message).fill(1, 0, 1) }
        await assert.rejects(
          kms.send(new VerifyCommand({ KeyId, SigningAlgorithm, ...changed, Signature })),
          refusedAs('KMSInvalidSignatureException'),
        )
        if (lacksOpenssl !== false) {
          t.skip(lacksOpenssl)
          return
        }
        const id = ['-sigopt', 'distid:1234567812345678']
        const check = ['dgst', '-sm3', '-keyform', 'DER', ...id, '-verify', file(spki), '-signature', file(Signature)]
        assert.equal(openssl(...check, file(Message)).ok, true)
        assert.equal(openssl(...check, file(Buffer.from('another'))).ok, false)
      }
    })

    it('refuse digests of another length, other algorithms and wrong signatures', async () => {
      const KeyId = await keyOf(kms, { KeyUsage: 'SIGN_VERIFY' })
      for (const size of [31, 33, 64]) {
        const input = { KeyId, SigningAlgorithm, MessageType: 'DIGEST', Message: Buffer.alloc(size) } as const
        await assert.rejects(
          kms.send(new SignCommand(input)),
          refusedAs('ValidationException', 'Digest is invalid length for algorithm SM2DSA.'),
        )
      }
      await assert.rejects(
        kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' })),
        refusedAs('InvalidKeyUsageException', 'Algorithm ECDSA_SHA_256 is incompatible with key spec SM2.'),
      )
      const wrong = [Buffer.of(0), Buffer.from('3006020100020100', 'hex'), Buffer.alloc(72, 0xff), randomBytes(6144)]
      for (const Signature of wrong) {
        await assert.rejects(
          kms.send(new VerifyCommand({ KeyId, Message, SigningAlgorithm, Signature })),
          refusedAs('KMSInvalidSignatureException'),
        )
      }
    })

    it('encrypt up to 1,024 bytes, and open what they and OpenSSL encrypted', async (t) => {
      const KeyId = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
      for (const size of [1, 32, 1024]) {
        const Plaintext = randomBytes(size)
        const made = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }))
        assert.equal(made.EncryptionAlgorithm, EncryptionAlgorithm)
        const { CiphertextBlob } = made
        const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
        assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
        assert.equal(opened.KeyMaterialId, undefined)
      }
      await assert.rejects(
        kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.alloc(1025), EncryptionAlgorithm })),
        refusedAs(
          'ValidationException',
          'Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes.',
        ),
      )
      if (lacksOpenssl !== false) {
        t.skip(lacksOpenssl)
        return
      }
      const Plaintext = randomBytes(100)
      const inkey = ['-pubin', '-keyform', 'DER', '-inkey', file(await spkiOf(kms, KeyId))]
      const { output: CiphertextBlob } = openssl('pkeyutl', '-encrypt', ...inkey, '-in', file(Plaintext))
      const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
      assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
    })

    it('agree on a secret with keys of SM2 and no others', async () => {
      const KeyId = await keyOf(kms, { KeyUsage: 'KEY_AGREEMENT' })
      const own = generateKeyPairSync('ec', { namedCurve: 'SM2' })
      const PublicKey = own.publicKey.export({ format: 'der', type: 'spki' })
      const input = { KeyId, KeyAgreementAlgorithm: 'ECDH' } as const
      const { SharedSecret } = await kms.send(new DeriveSharedSecretCommand({ ...input, PublicKey }))
      // Node agrees with no key of SM2 that it has read; the product of the points is what it is.
      const head = pointOf(readSpki(await spkiOf(kms, KeyId)))
      const scalar = Buffer.from(own.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-102, -70))
      const expected = known(nativeMultiply(scalar, head)).subarray(1, 33)
      assert.deepEqual(Buffer.from(known(SharedSecret)), expected)
      const beside = Buffer.from(PublicKey)
      beside[beside.length - 1] = (beside.at(-1) ?? 0) ^ 1
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' })
      for (const wrong of [beside, other, PublicKey.subarray(1)]) {
        await assert.rejects(
          kms.send(new DeriveSharedSecretCommand({ ...input, PublicKey: wrong })),
          refusedAs('ValidationException'),
        )
      }
    })

    it('work many at once, each for the one who asked', async () => {
      const KeyId = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
      await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const Plaintext = Buffer.from(`of request ${index}`)
          const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }))
          const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
          assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
        }),
      )
    })
  })
}

describe('SM2 keys', async () => {
  const server = await startServer({ regions: ['cn-north-1', 'cn-northwest-1'], workers: 2 })
  const kms = server.kms()

  const usages = [
    ['SIGN_VERIFY', 'SigningAlgorithms', ['SM2DSA']],
    ['ENCRYPT_DECRYPT', 'EncryptionAlgorithms', ['SM2PKE']],
    ['KEY_AGREEMENT', 'KeyAgreementAlgorithms', ['ECDH']],
  ] as const
  for (const [KeyUsage, member, algorithms] of usages) {
    it(`are described with their algorithms: ${KeyUsage}`, async () => {
      const KeyId = await keyOf(kms, { KeyUsage })
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
      assert.deepEqual(KeyMetadata?.[member], algorithms)
      assert.equal(KeyMetadata.KeySpec, 'SM2')
      const key = await kms.send(new GetPublicKeyCommand({ KeyId }))
      assert.deepEqual([key.KeySpec, key.KeyUsage, key[member]], ['SM2', KeyUsage, algorithms])
      assert.equal(known(key.PublicKey).length, 91)
    })
  }

  it('open nothing that was not made for them, and say no more', async () => {
    const KeyId = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
    const Plaintext = Buffer.from('a secret')
    const made = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }))
    const blob = Buffer.from(known(made.CiphertextBlob))
    const wrong = [10, 50, 80, blob.length - 1].map((at) => {
      const changed = Buffer.from(blob)
      changed[at] = (changed[at] ?? 0) ^ 1
      return changed
    })
    const other = await kms.send(
      new EncryptCommand({ KeyId: await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' }), Plaintext, EncryptionAlgorithm }),
    )
    const foreign = Buffer.from(known(other.CiphertextBlob))
    for (const CiphertextBlob of [...wrong, blob.subarray(1), foreign, Buffer.of(0x30), randomBytes(6144)]) {
      await assert.rejects(
        kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm })),
        refusedAs('InvalidCiphertextException', 'UnknownError'),
      )
    }
    await assert.rejects(
      kms.send(new DecryptCommand({ KeyId, CiphertextBlob: blob, EncryptionAlgorithm, EncryptionContext: { a: 'b' } })),
      refusedAs('ValidationException', /EncryptionContext is not supported by algorithm SM2PKE/),
    )
    await assert.rejects(
      kms.send(new DecryptCommand({ KeyId, CiphertextBlob: blob })),
      refusedAs('InvalidKeyUsageException'),
    )
  })

  it('open what others encrypted with the public key, up to the 4,096 bytes of an answer', async () => {
    const KeyId = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
    const point = pointOf(readSpki(await spkiOf(kms, KeyId)))
    const opened = (size: number) => {
      const CiphertextBlob = encryptSm2(point, Buffer.alloc(size, 7), nativeMultiply, randomBytes)
      return kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
    }
    for (const size of [1025, 4096]) assert.equal((await opened(size)).Plaintext?.length, size)
    await assert.rejects(opened(4097), refusedAs('InvalidCiphertextException'))
  })

  it('give and take ciphertexts by ReEncrypt', async () => {
    const sm2 = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
    const symmetric = await keyOf(kms, { KeySpec: 'SYMMETRIC_DEFAULT' })
    const Plaintext = Buffer.from('moved')
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: symmetric, Plaintext }))
    const there = await kms.send(
      new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: sm2, DestinationEncryptionAlgorithm: 'SM2PKE' }),
    )
    const back = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: there.CiphertextBlob,
        SourceKeyId: sm2,
        SourceEncryptionAlgorithm: 'SM2PKE',
        DestinationKeyId: symmetric,
      }),
    )
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: back.CiphertextBlob }))
    assert.deepEqual(Buffer.from(known(opened.Plaintext)), Plaintext)
  })

  it('are made as data key pairs', async () => {
    const KeyId = await keyOf(kms, { KeySpec: 'SYMMETRIC_DEFAULT' })
    const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'SM2' }))
    const privateKey = readPkcs8(Buffer.from(known(pair.PrivateKeyPlaintext)))
    const spki = Buffer.from(known(pair.PublicKey))
    assert.deepEqual(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }), spki)
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: pair.PrivateKeyCiphertextBlob }))
    assert.deepEqual(Buffer.from(known(opened.Plaintext)), Buffer.from(known(pair.PrivateKeyPlaintext)))
    const bare = await kms.send(new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId, KeyPairSpec: 'SM2' }))
    assert.equal(bare.PublicKey?.length, 91)
  })

  it('have replicas with the same material', async () => {
    const KeyId = await keyOf(kms, { KeyUsage: 'SIGN_VERIFY', MultiRegion: true })
    await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'cn-northwest-1' }))
    const there = server.kms('cn-northwest-1')
    const { Signature } = await there.send(new SignCommand({ KeyId, Message, SigningAlgorithm }))
    const { SignatureValid } = await kms.send(new VerifyCommand({ KeyId, Message, SigningAlgorithm, Signature }))
    assert.equal(SignatureValid, true)
  })

  it('are not rotated', async () => {
    const KeyId = await keyOf(kms, { KeyUsage: 'SIGN_VERIFY' })
    await assert.rejects(kms.send(new EnableKeyRotationCommand({ KeyId })), refusedAs('UnsupportedOperationException'))
    await assert.rejects(kms.send(new RotateKeyOnDemandCommand({ KeyId })), refusedAs('UnsupportedOperationException'))
  })

  it('are granted what they can do', async () => {
    const KeyId = await keyOf(kms, { KeyUsage: 'ENCRYPT_DECRYPT' })
    const GranteePrincipal = `arn:aws-cn:iam::${server.account}:root`
    const grant = { KeyId, GranteePrincipal }
    const Operations = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey'] as const
    assert.ok((await kms.send(new CreateGrantCommand({ ...grant, Operations: [...Operations] }))).GrantId)
    await assert.rejects(
      kms.send(new CreateGrantCommand({ ...grant, Operations: ['Sign'] })),
      refusedAs('ValidationException'),
    )
  })
})

describe('symmetric keys in Regions of China', async () => {
  const server = await startServer({ regions: ['cn-north-1', 'cn-northwest-1'], workers: 2 })
  const kms = server.kms()
  const EncryptionContext = { department: '财务' }

  it('encrypt by SM4, as their ciphertexts say, and open nothing that was changed', async () => {
    const KeyId = await keyOf(kms, { KeySpec: 'SYMMETRIC_DEFAULT' })
    const made = await kms.send(new EncryptCommand({ KeyId, Plaintext: Message, EncryptionContext }))
    assert.equal(made.EncryptionAlgorithm, 'SYMMETRIC_DEFAULT')
    const blob = Buffer.from(known(made.CiphertextBlob))
    assert.equal(blob[2], 4)
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }))
    assert.deepEqual(Buffer.from(known(Plaintext)), Message)
    for (const at of [2, 30, 60, blob.length - 1]) {
      const CiphertextBlob = Buffer.from(blob)
      CiphertextBlob[at] = (CiphertextBlob[at] ?? 0) ^ 1
      await assert.rejects(
        kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext })),
        refusedAs('InvalidCiphertextException', 'UnknownError'),
      )
    }
    await assert.rejects(
      kms.send(new DecryptCommand({ CiphertextBlob: blob })),
      refusedAs('InvalidCiphertextException', 'UnknownError'),
    )
  })

  it('make data keys of any size, and open them after a rotation and in a replica', async () => {
    const KeyId = await keyOf(kms, { KeySpec: 'SYMMETRIC_DEFAULT', MultiRegion: true })
    await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'cn-northwest-1' }))
    const data = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext }))
    assert.equal(data.Plaintext?.length, 32)
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }))
    const later = await kms.send(new GenerateDataKeyCommand({ KeyId, NumberOfBytes: 100, EncryptionContext }))
    assert.notEqual(later.KeyMaterialId, data.KeyMaterialId)
    for (const client of [kms, server.kms('cn-northwest-1')]) {
      for (const { CiphertextBlob, Plaintext } of [data, later]) {
        const opened = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))
        assert.deepEqual(opened.Plaintext, Plaintext)
      }
    }
  })
})

describe('imports in Regions of China', async () => {
  const server = await startServer({ regions: ['cn-north-1'], workers: 2 })
  const kms = server.kms()

  async function external(KeySpec: KeySpec): Promise<string> {
    const KeyUsage = known(usageNames.find((usage) => keySpecs[KeySpec].usages[usage] !== undefined))
    return keyOf(kms, { KeySpec, KeyUsage, Origin: 'EXTERNAL' })
  }

  const parametersOf = (KeyId: string, WrappingAlgorithm: AlgorithmSpec, WrappingKeySpec: WrappingKeySpec) =>
    kms.send(new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }))

  async function bring(
    KeyId: string,
    material: Buffer,
    algorithm: WrappingAlgorithm,
    wrappingKeySpec: WrappingKeySpec,
    change: (wrapped: Buffer) => Buffer = (wrapped) => wrapped,
  ): Promise<void> {
    const { PublicKey, ImportToken } = await parametersOf(KeyId, algorithm, wrappingKeySpec)
    const publicKey = readSpki(Buffer.from(known(PublicKey)))
    const EncryptedKeyMaterial = change(wrapMaterial(publicKey, algorithm, material, randomBytes))
    const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE'
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }))
  }

  const ways: readonly (readonly [KeySpec, WrappingAlgorithm, WrappingKeySpec])[] = [
    ['SM2', 'SM2PKE', 'SM2'],
    ['SM2', 'RSAES_OAEP_SHA_256', 'RSA_2048'],
    ['SM2', 'RSAES_OAEP_SHA_1', 'RSA_3072'],
    ['RSA_2048', 'SM2PKE', 'SM2'],
    ['RSA_4096', 'SM2PKE', 'SM2'],
    ['ECC_NIST_P521', 'SM2PKE', 'SM2'],
    ['ECC_NIST_EDWARDS25519', 'SM2PKE', 'SM2'],
  ]
  for (const [spec, algorithm, wrappingKeySpec] of ways) {
    it(`bring a private key of ${spec} wrapped with ${algorithm}`, async () => {
      const KeyId = await external(spec)
      const material = newMaterial(spec)
      await bring(KeyId, material, algorithm, wrappingKeySpec)
      const own = createPublicKey(readPkcs8(material)).export({ format: 'der', type: 'spki' })
      assert.deepEqual(await spkiOf(kms, KeyId), own)
      // The same again is taken, another is not.
      await bring(KeyId, material, algorithm, wrappingKeySpec)
      await assert.rejects(
        bring(KeyId, newMaterial(spec), algorithm, wrappingKeySpec),
        refusedAs('IncorrectKeyMaterialException'),
      )
    })
  }

  it('make a key of SM2 sign as its owner verifies', async (t) => {
    const KeyId = await external('SM2')
    const material = newMaterial('SM2')
    await bring(KeyId, material, 'SM2PKE', 'SM2')
    const { Signature } = await kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm }))
    if (lacksOpenssl !== false) {
      t.skip(lacksOpenssl)
      return
    }
    const id = ['-sigopt', 'distid:1234567812345678']
    const check = ['dgst', '-sm3', '-keyform', 'DER', ...id, '-prverify', file(material), '-signature']
    assert.equal(openssl(...check, file(known(Signature)), file(Message)).ok, true)
  })

  it('are wrapped by OpenSSL as well', { skip: lacksOpenssl }, async () => {
    const KeyId = await external('SM2')
    const { PublicKey, ImportToken } = await parametersOf(KeyId, 'SM2PKE', 'SM2')
    const inkey = ['-pubin', '-keyform', 'DER', '-inkey', file(known(PublicKey))]
    const material = newMaterial('SM2')
    const { output: EncryptedKeyMaterial } = openssl('pkeyutl', '-encrypt', ...inkey, '-in', file(material))
    const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE'
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }))
    const own = createPublicKey(readPkcs8(material)).export({ format: 'der', type: 'spki' })
    assert.deepEqual(await spkiOf(kms, KeyId), own)
  })

  it('are refused when they do not unwrap or are no key of SM2', async () => {
    const KeyId = await external('SM2')
    const material = newMaterial('SM2')
    const changes: readonly ((wrapped: Buffer) => Buffer)[] = [
      (wrapped) => wrapped.subarray(1),
      (wrapped) => Buffer.concat([wrapped.subarray(0, -1), Buffer.of((wrapped.at(-1) ?? 0) ^ 1)]),
      () => randomBytes(300),
    ]
    for (const change of changes) {
      await assert.rejects(bring(KeyId, material, 'SM2PKE', 'SM2', change), refusedAs('InvalidCiphertextException'))
    }
    for (const wrong of [newMaterial('ECC_NIST_P256'), Buffer.from('no key'), material.subarray(0, -1)]) {
      await assert.rejects(bring(KeyId, wrong, 'SM2PKE', 'SM2'), refusedAs('IncorrectKeyMaterialException'))
    }
  })

  const refusals: readonly (readonly [KeySpec, AlgorithmSpec, WrappingKeySpec, string])[] = [
    [
      'RSA_2048',
      'RSA_AES_KEY_WRAP_SHA_256',
      'RSA_2048',
      'WrappingAlgorithm RSA_AES_KEY_WRAP_SHA_256 is not supported in Region cn-north-1.',
    ],
    [
      'SM2',
      'RSA_AES_KEY_WRAP_SHA_1',
      'RSA_2048',
      'WrappingAlgorithm RSA_AES_KEY_WRAP_SHA_1 is not supported in Region cn-north-1.',
    ],
    ['SM2', 'SM2PKE', 'RSA_2048', 'WrappingAlgorithm SM2PKE is not valid for WrappingKeySpec RSA_2048.'],
    ['SM2', 'RSAES_OAEP_SHA_256', 'SM2', 'WrappingAlgorithm RSAES_OAEP_SHA_256 is not valid for WrappingKeySpec SM2.'],
    [
      'SYMMETRIC_DEFAULT',
      'SM2PKE',
      'SM2',
      'WrappingAlgorithm SM2PKE is not valid for key material of key spec SYMMETRIC_DEFAULT.',
    ],
    ['HMAC_256', 'SM2PKE', 'SM2', 'WrappingAlgorithm SM2PKE is not valid for key material of key spec HMAC_256.'],
  ]
  for (const [spec, algorithm, wrappingKeySpec, message] of refusals) {
    it(`are refused for ${spec} with ${algorithm} and ${wrappingKeySpec}`, async () => {
      const refused = refusedAs('UnsupportedOperationException', message)
      await assert.rejects(parametersOf(await external(spec), algorithm, wrappingKeySpec), refused)
    })
  }

  it('take the 16 bytes of an SM4 key for a symmetric key', async () => {
    const KeyId = await external('SYMMETRIC_DEFAULT')
    const way = ['RSAES_OAEP_SHA_256', 'RSA_2048'] as const
    await assert.rejects(bring(KeyId, randomBytes(32), ...way), refusedAs('IncorrectKeyMaterialException'))
    await bring(KeyId, randomBytes(16), ...way)
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Message }))
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }))
    assert.deepEqual(Buffer.from(known(Plaintext)), Message)
  })

  it('know no ML-KEM, which China does not have', async () => {
    await assert.rejects(
      kms.send(new CreateKeyCommand({ KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })),
      refusedAs('UnsupportedOperationException', 'KeySpec ML_KEM_768 is not supported in Region cn-north-1.'),
    )
    const KeyId = await keyOf(kms, { KeySpec: 'SYMMETRIC_DEFAULT' })
    const refused = refusedAs(
      'UnsupportedOperationException',
      'KeyPairSpec ML_KEM_512 is not supported in Region cn-north-1.',
    )
    await assert.rejects(kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ML_KEM_512' })), refused)
  })
})
