import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { createAlias, createKey, expectRecord, refuse, refuseInvalid, succeed, textOf, type Key } from './service.ts'

const specs = [
  ['RSA_2048', 'rsa'],
  ['RSA_3072', 'rsa'],
  ['RSA_4096', 'rsa'],
  ['ECC_NIST_P256', 'ec'],
  ['ECC_NIST_P384', 'ec'],
  ['ECC_NIST_P521', 'ec'],
  ['ECC_SECG_P256K1', 'ec'],
  ['ECC_NIST_EDWARDS25519', 'ed25519'],
  ['ML_KEM_512', 'ml-kem-512'],
  ['ML_KEM_768', 'ml-kem-768'],
  ['ML_KEM_1024', 'ml-kem-1024'],
] as const

const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
const KeyPairSpec = 'ECC_NIST_P256'
const privateSizes: number[] = []

describe('GenerateDataKeyPair', () => {
  for (const [spec, type] of specs) {
    it(`answers both halves of a pair of ${spec}, and the private one encrypted`, async () => {
      const key = await createKey()
      const EncryptionContext = { purpose: 'test' }
      const { json } = await succeed('GenerateDataKeyPair', { KeyId: key.id, KeyPairSpec: spec, EncryptionContext })
      assert.deepEqual(Object.keys(json), [
        'PrivateKeyCiphertextBlob',
        'PrivateKeyPlaintext',
        'PublicKey',
        'KeyId',
        'KeyPairSpec',
        'KeyMaterialId',
      ])
      assert.deepEqual([json['KeyId'], json['KeyPairSpec'], json['KeyMaterialId']], [key.arn, spec, key.materialId])
      const plaintext = textOf(json, 'PrivateKeyPlaintext')
      const privateKey = createPrivateKey({ key: bytes(plaintext), format: 'der', type: 'pkcs8' })
      assert.equal(privateKey.asymmetricKeyType, type)
      const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
      assert.deepEqual(bytes(textOf(json, 'PublicKey')), spki)
      const CiphertextBlob = json['PrivateKeyCiphertextBlob']
      const { json: opened } = await succeed('Decrypt', { CiphertextBlob, EncryptionContext })
      assert.equal(opened['Plaintext'], plaintext)
      await refuse('Decrypt', { CiphertextBlob }, 'InvalidCiphertextException')
      if (type.startsWith('ml-kem')) privateSizes.push(bytes(plaintext).length)
    })
  }

  it('answers private keys of ML-KEM as seeds, which are equally long for all sizes', () => {
    assert.deepEqual(privateSizes, [86, 86, 86])
  })

  it('makes another pair each time', async () => {
    const { id: KeyId } = await createKey()
    const one = await succeed('GenerateDataKeyPair', { KeyId, KeyPairSpec })
    const other = await succeed('GenerateDataKeyPair', { KeyId, KeyPairSpec })
    assert.notEqual(one.json['PublicKey'], other.json['PublicKey'])
  })

  it('records what was asked and neither half', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    const EncryptionContext = { purpose: 'test' }
    await expectRecord(await succeed('GenerateDataKeyPair', { KeyId: name, KeyPairSpec, EncryptionContext }), {
      eventName: 'GenerateDataKeyPair',
      readOnly: true,
      requestParameters: { keyId: name, keyPairSpec: KeyPairSpec, encryptionContext: EncryptionContext },
      resources: [key.arn],
      additionalEventData: { keyMaterialId: key.materialId },
    })
  })
})

describe('GenerateDataKeyPairWithoutPlaintext', () => {
  it('answers the private half only encrypted', async () => {
    const key = await createKey()
    const { json } = await succeed('GenerateDataKeyPairWithoutPlaintext', { KeyId: key.id, KeyPairSpec })
    const { PrivateKeyCiphertextBlob, PublicKey, ...rest } = json
    assert.deepEqual(rest, { KeyId: key.arn, KeyPairSpec, KeyMaterialId: key.materialId })
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob: PrivateKeyCiphertextBlob })
    const privateKey = createPrivateKey({ key: bytes(textOf(opened, 'Plaintext')), format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    assert.equal(PublicKey, spki.toString('base64'))
  })
})

for (const operation of ['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext']) {
  describe(`${operation}, like its twin`, () => {
    it('needs a symmetric key', async () => {
      const signing = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
      const message = `${signing.arn} key usage is SIGN_VERIFY which is not valid for ${operation}.`
      await refuse(operation, { KeyId: signing.id, KeyPairSpec }, 'InvalidKeyUsageException', message)
    })

    it('refuses specs that are none of pairs, and SM2, which only Regions of China have', async () => {
      const { id: KeyId } = await createKey()
      for (const spec of ['SYMMETRIC_DEFAULT', 'ML_DSA_65', 'HMAC_256']) {
        await refuseInvalid(
          operation,
          { KeyId, KeyPairSpec: spec },
          `Value '${spec}' at 'keyPairSpec' failed to satisfy constraint: Member must satisfy enum value set: ` +
            '[RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, SM2, ' +
            'ECC_NIST_EDWARDS25519, ML_KEM_512, ML_KEM_768, ML_KEM_1024]',
        )
      }
      const message = 'KeyPairSpec SM2 is not supported in Region us-east-1.'
      await refuse(operation, { KeyId, KeyPairSpec: 'SM2' }, 'UnsupportedOperationException', message)
    })

    const request = (key: Key) => ({ KeyId: key.id, KeyPairSpec })
    requiredTest(operation, { KeyPairSpec }, 'KeyId')
    grantTokenTest(operation, async () => request(await createKey()))
    identifierTests({
      operation,
      member: 'KeyId',
      rest: () => ({ KeyPairSpec }),
      aliases: true,
      knowsInvalidArn: false,
      answered: (answer) => answer['KeyId'],
    })
    enabledOnlyTests(operation, request)
    dryRunTests(operation, request)

    it('makes no pair in a dry run', async () => {
      const { id: KeyId } = await createKey()
      // A pair of RSA_4096 takes most of a second; fifty take longer than any test may.
      const runs = Array.from({ length: 50 }, () =>
        refuse(
          operation,
          { KeyId, KeyPairSpec: 'RSA_4096', DryRun: true },
          'DryRunOperationException',
          'The request would have succeeded, but the DryRun option is set.',
        ),
      )
      await Promise.all(runs)
    })
  })
}
