import assert from 'node:assert/strict'
import { constants, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto'
import { describe, it } from 'node:test'
import { base64, createKey, expectRecord, refuse, succeed, textOf, type Json, type Key } from './service.ts'

/** The one key of each spec: pairs are slow to make. */
const made = new Map<string, Promise<Key>>()

function rsaKey(KeySpec = 'RSA_2048'): Promise<Key> {
  const key = made.get(KeySpec) ?? createKey({ KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' })
  made.set(KeySpec, key)
  return key
}

const sizes = [
  ['RSA_2048', 'RSAES_OAEP_SHA_1', 214],
  ['RSA_2048', 'RSAES_OAEP_SHA_256', 190],
  ['RSA_3072', 'RSAES_OAEP_SHA_1', 342],
  ['RSA_3072', 'RSAES_OAEP_SHA_256', 318],
  ['RSA_4096', 'RSAES_OAEP_SHA_1', 470],
  ['RSA_4096', 'RSAES_OAEP_SHA_256', 446],
] as const

const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'

describe('encryption with RSA keys', () => {
  for (const [spec, algorithm, most] of sizes) {
    it(`takes up to ${most} bytes with ${spec} and ${algorithm}`, async () => {
      const key = await rsaKey(spec)
      const Plaintext = Buffer.alloc(most, 7).toString('base64')
      const input = { KeyId: key.id, EncryptionAlgorithm: algorithm }
      const { json } = await succeed('Encrypt', { ...input, Plaintext })
      assert.deepEqual(Object.keys(json), ['CiphertextBlob', 'KeyId', 'EncryptionAlgorithm'])
      assert.deepEqual([json['KeyId'], json['EncryptionAlgorithm']], [key.arn, algorithm])
      const blob = textOf(json, 'CiphertextBlob')
      assert.equal(Buffer.from(blob, 'base64').length, Number(spec.slice(4)) / 8)
      const { json: opened } = await succeed('Decrypt', { ...input, CiphertextBlob: blob })
      assert.deepEqual(opened, { KeyId: key.arn, Plaintext, EncryptionAlgorithm: algorithm })
      const message = `Algorithm ${algorithm} and key spec ${spec} cannot encrypt data larger than ${most} bytes.`
      const long = Buffer.alloc(most + 1).toString('base64')
      await refuse('Encrypt', { ...input, Plaintext: long }, 'ValidationException', message)
    })
  }

  it('opens what others encrypted with the public key', async () => {
    const key = await rsaKey()
    const { json } = await succeed('GetPublicKey', { KeyId: key.id })
    assert.deepEqual(json['EncryptionAlgorithms'], ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'])
    const der = Buffer.from(textOf(json, 'PublicKey'), 'base64')
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    for (const [algorithm, oaepHash] of [
      ['RSAES_OAEP_SHA_1', 'sha1'],
      ['RSAES_OAEP_SHA_256', 'sha256'],
    ] as const) {
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      const blob = publicEncrypt({ key: publicKey, padding, oaepHash }, Buffer.from('from outside'))
      const input = { KeyId: key.id, EncryptionAlgorithm: algorithm, CiphertextBlob: blob.toString('base64') }
      assert.equal((await succeed('Decrypt', input)).json['Plaintext'], base64('from outside'))
    }
  })

  it('says nothing about why a ciphertext does not open', async () => {
    const key = await rsaKey()
    const { json } = await succeed('Encrypt', { KeyId: key.id, EncryptionAlgorithm, Plaintext: base64('a secret') })
    const blob = Buffer.from(textOf(json, 'CiphertextBlob'), 'base64')
    const changed = Buffer.from(blob)
    changed[100] = (changed[100] ?? 0) ^ 1
    const wrong = [
      changed,
      blob.subarray(1),
      Buffer.concat([blob, Buffer.of(0)]),
      Buffer.of(1),
      Buffer.alloc(256, 0xff),
    ]
    for (const each of wrong) {
      const input = { KeyId: key.id, EncryptionAlgorithm, CiphertextBlob: each.toString('base64') }
      await refuse('Decrypt', input, 'InvalidCiphertextException')
    }
    const other = { KeyId: key.id, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1', CiphertextBlob: blob.toString('base64') }
    await refuse('Decrypt', other, 'InvalidCiphertextException')
  })

  it('needs the key and the algorithm to be named', async () => {
    const key = await rsaKey()
    const Plaintext = base64('a secret')
    const { json } = await succeed('Encrypt', { KeyId: key.id, EncryptionAlgorithm, Plaintext })
    const { CiphertextBlob } = json
    await refuse('Decrypt', { CiphertextBlob, EncryptionAlgorithm }, 'InvalidCiphertextException')
    const message = 'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.'
    await refuse('Decrypt', { CiphertextBlob, KeyId: key.id }, 'InvalidKeyUsageException', message)
    await refuse('Encrypt', { Plaintext, KeyId: key.id }, 'InvalidKeyUsageException', message)
    const symmetric = await createKey()
    const algorithm = `Algorithm ${EncryptionAlgorithm} is incompatible with key spec SYMMETRIC_DEFAULT.`
    const input = { Plaintext, KeyId: symmetric.id, EncryptionAlgorithm }
    await refuse('Encrypt', input, 'InvalidKeyUsageException', algorithm)
  })

  it('knows no encryption context', async () => {
    const key = await rsaKey()
    const input = { KeyId: key.id, EncryptionAlgorithm, Plaintext: base64('a secret') }
    // unverified wording
    const message = `EncryptionContext is not supported by algorithm ${EncryptionAlgorithm}.`
    const EncryptionContext = { purpose: 'test' }
    await refuse('Encrypt', { ...input, EncryptionContext }, 'ValidationException', message)
    const { json } = await succeed('Encrypt', { ...input, EncryptionContext: {} })
    const opened = { KeyId: key.id, EncryptionAlgorithm, CiphertextBlob: json['CiphertextBlob'] }
    await refuse('Decrypt', { ...opened, EncryptionContext }, 'ValidationException', message)
  })

  it('refuses keys that are for signatures', async () => {
    const key = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
    const message = `${key.arn} key usage is SIGN_VERIFY which is not valid for Encrypt.`
    const input = { KeyId: key.id, EncryptionAlgorithm, Plaintext: base64('a secret') }
    await refuse('Encrypt', input, 'InvalidKeyUsageException', message)
  })

  it('moves by ReEncrypt between kinds of keys, either way', async () => {
    const [rsa, symmetric] = [await rsaKey(), await createKey()]
    const Plaintext = base64('a secret')
    const { json } = await succeed('Encrypt', { KeyId: symmetric.id, Plaintext })
    const { json: moved } = await succeed('ReEncrypt', {
      CiphertextBlob: json['CiphertextBlob'],
      DestinationKeyId: rsa.id,
      DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
    })
    const { CiphertextBlob, ...members } = moved
    assert.deepEqual(members, {
      SourceKeyId: symmetric.arn,
      KeyId: rsa.arn,
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
      SourceKeyMaterialId: symmetric.materialId,
    })
    const back = await succeed('ReEncrypt', {
      CiphertextBlob,
      SourceKeyId: rsa.id,
      SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
      DestinationKeyId: symmetric.id,
      DestinationEncryptionContext: { purpose: 'test' },
    })
    const { CiphertextBlob: last, ...rest } = back.json
    assert.deepEqual(rest, {
      SourceKeyId: rsa.arn,
      KeyId: symmetric.arn,
      SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationKeyMaterialId: symmetric.materialId,
    })
    const opened = await succeed('Decrypt', { CiphertextBlob: last, EncryptionContext: { purpose: 'test' } })
    assert.equal(opened.json['Plaintext'], Plaintext)
  })

  it('does not move a plaintext that is too long for the destination', async () => {
    const [rsa, symmetric] = [await rsaKey(), await createKey()]
    const { json } = await succeed('Encrypt', { KeyId: symmetric.id, Plaintext: Buffer.alloc(191).toString('base64') })
    const message = `Algorithm ${EncryptionAlgorithm} and key spec RSA_2048 cannot encrypt data larger than 190 bytes.`
    const input: Json = {
      CiphertextBlob: json['CiphertextBlob'],
      DestinationKeyId: rsa.id,
      DestinationEncryptionAlgorithm: EncryptionAlgorithm,
    }
    await refuse('ReEncrypt', input, 'ValidationException', message)
  })

  it('is recorded with its algorithm and no key material id', async () => {
    const key = await rsaKey()
    const encrypted = await succeed('Encrypt', { KeyId: key.id, EncryptionAlgorithm, Plaintext: base64('a secret') })
    await expectRecord(encrypted, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: { keyId: key.id, encryptionAlgorithm: EncryptionAlgorithm },
      resources: [key.arn],
    })
    const CiphertextBlob = textOf(encrypted.json, 'CiphertextBlob')
    await expectRecord(await succeed('Decrypt', { KeyId: key.id, EncryptionAlgorithm, CiphertextBlob }), {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { keyId: key.arn, encryptionAlgorithm: EncryptionAlgorithm },
      resources: [key.arn],
    })
  })

  it('can be undone by nobody who has no private key', async () => {
    const { json } = await succeed('GetPublicKey', { KeyId: (await rsaKey()).id })
    const der = Buffer.from(textOf(json, 'PublicKey'), 'base64')
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    assert.throws(() => privateDecrypt(key, Buffer.alloc(256)))
  })
})
