import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { SecretBytes } from '#base/secret-bytes.ts'
import { forgetOnFailure, useOnce } from '#kms/key/ciphertext.ts'
import { operations, type OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const bytesOf = (value: unknown): string => {
  assert.ok(value instanceof SecretBytes)
  return value.insecureSecretAccess().toString('base64')
}
const blobOf = (value: unknown): string => {
  assert.ok(Buffer.isBuffer(value))
  return value.toString('base64')
}
const plaintext = Buffer.from('attack at dawn').toString('base64')

describe('cryptographic operations', () => {
  let kms: MemoryKms
  let keyId: string
  let otherId: string
  let arn: string
  let otherArn: string
  let blob: string
  beforeEach(async () => {
    kms = new MemoryKms()
    keyId = await kms.createKey()
    otherId = await kms.createKey()
    arn = `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`
    otherArn = `arn:aws:kms:eu-central-1:111122223333:key/${otherId}`
    const { output } = await kms.run('Encrypt', {
      KeyId: keyId,
      Plaintext: plaintext,
      EncryptionContext: { purpose: 'test', stage: '1' },
    })
    blob = blobOf(output['CiphertextBlob'])
  })
  const EncryptionContext = { stage: '1', purpose: 'test' }
  const materialOf = (id: string): unknown => [...kms.keys.values()].find((key) => key.keyId === id)?.currentMaterialId
  const incorrectKey = {
    code: 'IncorrectKeyException',
    message: 'The key ID in the request does not identify a CMK that can perform this operation.',
  }
  const invalidCiphertext = { code: 'InvalidCiphertextException', message: undefined }

  it('decrypts what was encrypted, with or without the key named', async () => {
    for (const KeyId of [undefined, keyId, arn]) {
      const { output, additional, request, resources } = await kms.run('Decrypt', {
        CiphertextBlob: blob,
        EncryptionContext,
        ...(KeyId === undefined ? {} : { KeyId }),
      })
      assert.equal(bytesOf(output['Plaintext']), plaintext)
      assert.equal(output['KeyId'], arn)
      assert.equal(output['EncryptionAlgorithm'], 'SYMMETRIC_DEFAULT')
      assert.equal(output['KeyMaterialId'], materialOf(keyId))
      assert.deepEqual(additional, { keyMaterialId: materialOf(keyId) })
      assert.deepEqual(request, { KeyId: arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
      assert.deepEqual(resources, [{ arn, account: '111122223333', type: 'AWS::KMS::Key' }])
    }
  })

  it('refuses a ciphertext of another key than the one named', async () => {
    assert.deepEqual(
      await kms.refusal('Decrypt', { CiphertextBlob: blob, EncryptionContext, KeyId: otherId }),
      incorrectKey,
    )
    assert.deepEqual(
      await kms.refusal('ReEncrypt', {
        CiphertextBlob: blob,
        SourceEncryptionContext: EncryptionContext,
        SourceKeyId: otherId,
        DestinationKeyId: otherId,
      }),
      incorrectKey,
    )
  })

  it('says nothing about why a ciphertext does not open', async () => {
    const spoiled = Buffer.from(blob, 'base64')
    spoiled[spoiled.length - 1] = (spoiled[spoiled.length - 1] ?? 0) ^ 1
    const otherMaterial = Buffer.from(blob, 'base64')
    otherMaterial[20] = (otherMaterial[20] ?? 0) ^ 1
    const bodies: readonly Readonly<Record<string, unknown>>[] = [
      { CiphertextBlob: blob },
      { CiphertextBlob: blob, EncryptionContext: { purpose: 'test' } },
      { CiphertextBlob: blob, EncryptionContext: { purpose: 'Test', stage: '1' } },
      { CiphertextBlob: spoiled.toString('base64'), EncryptionContext },
      { CiphertextBlob: otherMaterial.toString('base64'), EncryptionContext },
      { CiphertextBlob: 'AQIDBA==', EncryptionContext },
      { CiphertextBlob: 'AQIDBA==', EncryptionContext, KeyId: keyId },
    ]
    for (const body of bodies) assert.deepEqual(await kms.refusal('Decrypt', body), invalidCiphertext)
  })

  it('says of a ciphertext whose key is not here only what AWS says', async () => {
    const foreign = new MemoryKms()
    const { output } = await foreign.run('Encrypt', { KeyId: await foreign.createKey(), Plaintext: plaintext })
    assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: blobOf(output['CiphertextBlob']) }), {
      code: 'AccessDeniedException',
      message:
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    })
  })

  it('requires a ciphertext although the newest model does not', async () => {
    const missing = {
      code: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    }
    assert.deepEqual(await kms.refusal('Decrypt', { KeyId: keyId }), missing)
    assert.deepEqual(await kms.refusal('Decrypt', { KeyId: keyId, DryRun: true }), missing)
    assert.deepEqual(await kms.refusal('ReEncrypt', { DestinationKeyId: keyId }), missing)
  })

  it('re-encrypts under another key and context, keeps no plaintext, and records source then destination', async () => {
    const { output, resources, request, additional } = await kms.run('ReEncrypt', {
      CiphertextBlob: blob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: otherId,
      DestinationEncryptionContext: { stage: '2' },
    })
    const { CiphertextBlob, ...rest } = output
    assert.deepEqual(rest, {
      SourceKeyId: arn,
      KeyId: otherArn,
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      SourceKeyMaterialId: materialOf(keyId),
      DestinationKeyMaterialId: materialOf(otherId),
    })
    assert.deepEqual(
      resources.map((resource) => resource.arn),
      [arn, otherArn],
    )
    assert.deepEqual(request, {
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    })
    assert.deepEqual(additional, {
      sourceKeyMaterialId: materialOf(keyId),
      destinationKeyMaterialId: materialOf(otherId),
    })
    assert.deepEqual(
      kms.secrets.map((secret) => secret.insecureSecretAccess().every((byte) => byte === 0)),
      [true],
    )
    const opened = await kms.run('Decrypt', {
      CiphertextBlob: blobOf(CiphertextBlob),
      EncryptionContext: { stage: '2' },
    })
    assert.equal(bytesOf(opened.output['Plaintext']), plaintext)
    assert.equal(opened.output['KeyId'], otherArn)
  })

  const dataKeys = ['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'] as const
  const sizes: readonly (readonly [Readonly<Record<string, unknown>>, number])[] = [
    [{ KeySpec: 'AES_256' }, 32],
    [{ KeySpec: 'AES_128' }, 16],
    [{ NumberOfBytes: 24 }, 24],
    [{ NumberOfBytes: 1024 }, 1024],
  ]
  for (const name of dataKeys) {
    it(`${name} makes data keys of the size asked for`, async () => {
      for (const [size, length] of sizes) {
        const { output, additional } = await kms.run(name, { KeyId: keyId, EncryptionContext, ...size })
        assert.deepEqual(
          Object.keys(output).sort(),
          name === 'GenerateDataKey'
            ? ['CiphertextBlob', 'KeyId', 'KeyMaterialId', 'Plaintext']
            : ['CiphertextBlob', 'KeyId', 'KeyMaterialId'],
        )
        assert.equal(output['KeyId'], arn)
        assert.equal(output['KeyMaterialId'], materialOf(keyId))
        assert.deepEqual(additional, { keyMaterialId: materialOf(keyId) })
        const kept = kms.drawn.at(-1)?.some((byte) => byte !== 0)
        assert.equal(kept, name === 'GenerateDataKey', 'the plaintext in memory')
        const opened = await kms.run('Decrypt', { CiphertextBlob: blobOf(output['CiphertextBlob']), EncryptionContext })
        const dataKey = bytesOf(opened.output['Plaintext'])
        assert.equal(Buffer.from(dataKey, 'base64').length, length)
        assert.ok(name !== 'GenerateDataKey' || bytesOf(output['Plaintext']) === dataKey)
      }
    })

    it(`${name} wants the size exactly once`, async () => {
      const refused = {
        code: 'ValidationException',
        message: 'Please specify either number of bytes or key spec.',
      }
      assert.deepEqual(await kms.refusal(name, { KeyId: keyId }), refused)
      assert.deepEqual(await kms.refusal(name, { KeyId: keyId, KeySpec: 'AES_256', NumberOfBytes: 32 }), refused)
      assert.deepEqual(await kms.refusal(name, { KeyId: keyId, NumberOfBytes: 1025 }), {
        code: 'ValidationException',
        message:
          "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
      })
    })
  }

  it('generates as many random bytes as asked for', async () => {
    const { output } = await kms.run('GenerateRandom', { NumberOfBytes: 1024 })
    assert.equal(Buffer.from(bytesOf(output['Plaintext']), 'base64').length, 1024)
    assert.deepEqual(await kms.refusal('GenerateRandom'), {
      code: 'ValidationException',
      message: 'NumberOfBytes is required.',
    })
  })

  it('refuses algorithms that a symmetric key does not have', async () => {
    const refused = {
      code: 'InvalidKeyUsageException',
      message: 'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    }
    const requests: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
      ['Encrypt', { KeyId: keyId, Plaintext: plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }],
      ['Decrypt', { CiphertextBlob: blob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }],
      ['ReEncrypt', { CiphertextBlob: blob, DestinationKeyId: keyId, SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }],
      [
        'ReEncrypt',
        { CiphertextBlob: blob, DestinationKeyId: keyId, DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      ],
    ]
    for (const [name, body] of requests) assert.deepEqual(await kms.refusal(name, body), refused, name)
  })

  it('declares as refused what later versions bring', () => {
    assert.deepEqual(
      Object.fromEntries(
        Object.values(operations)
          .filter(({ refuses }) => refuses.length > 0)
          .map(({ name, refuses }) => [name, [...refuses].sort()]),
      ),
      {
        CreateKey: ['CustomKeyStoreId', 'XksKeyId'],
        GenerateRandom: ['CustomKeyStoreId'],
      },
    )
  })
})

describe('operations on ports that answer later', () => {
  it('do what they do on ports that answer at once', async () => {
    const kms = new MemoryKms('later')
    const keyId = await kms.createKey({ Description: 'later' })
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    await kms.run('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: await kms.createKey() })
    const { output } = await kms.run('GenerateDataKey', { KeyId: 'alias/app', KeySpec: 'AES_256' })
    const moved = await kms.run('ReEncrypt', {
      CiphertextBlob: blobOf(output['CiphertextBlob']),
      DestinationKeyId: keyId,
    })
    const opened = await kms.run('Decrypt', { CiphertextBlob: blobOf(moved.output['CiphertextBlob']) })
    assert.equal(bytesOf(opened.output['Plaintext']), bytesOf(output['Plaintext']))
    assert.equal(((await kms.run('ListKeys')).output['Keys'] as unknown[]).length, 2)
    assert.equal(((await kms.run('ListAliases', { KeyId: keyId })).output['Aliases'] as unknown[]).length, 0)
    await kms.run('DeleteAlias', { AliasName: 'alias/app' })
    assert.equal((await kms.refusal('DescribeKey', { KeyId: 'alias/app' })).code, 'NotFoundException')
  })
})

describe('plaintext inside the service', () => {
  const secret = (): SecretBytes => new SecretBytes(Buffer.from('secret'))
  const forgotten = (used: SecretBytes): boolean => used.insecureSecretAccess().every((byte) => byte === 0)
  const failing = (): never => {
    throw new Error('no')
  }

  it('is overwritten after its one use, at once or later, with success or without', async () => {
    for (const use of [() => 1, () => Promise.resolve(1), failing, () => Promise.reject(new Error('no'))]) {
      const used = secret()
      await Promise.try(() => useOnce<number>(used, use)).catch(() => undefined)
      assert.ok(forgotten(used))
    }
  })

  it('is overwritten only on failure when it goes to the caller', async () => {
    for (const [use, kept] of [
      [() => 1, true],
      [() => Promise.resolve(1), true],
      [failing, false],
      [() => Promise.reject(new Error('no')), false],
    ] as const) {
      const used = secret()
      await Promise.try(() => forgetOnFailure<number>(used, use)).catch(() => undefined)
      assert.equal(forgotten(used), !kept)
    }
  })
})

describe('GetKeyPolicy', () => {
  it('knows the policy by its name or without one, and no other', async () => {
    const kms = new MemoryKms()
    const KeyId = await kms.createKey()
    const named = await kms.run('GetKeyPolicy', { KeyId, PolicyName: 'default' })
    assert.deepEqual(named.output, (await kms.run('GetKeyPolicy', { KeyId })).output)
    assert.deepEqual(await kms.refusal('GetKeyPolicy', { KeyId, PolicyName: 'other' }), {
      code: 'NotFoundException',
      message: 'No such policy exists',
    })
  })
})
