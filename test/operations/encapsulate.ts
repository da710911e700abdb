import assert from 'node:assert/strict'
import { createPublicKey, encapsulate } from 'node:crypto'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { createAlias, createKey, expectRecord, refuse, succeed, textOf, type Json, type Key } from './service.ts'

const createKemKey = (KeySpec = 'ML_KEM_512'): Promise<Key> =>
  createKey({ KeySpec, KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
const EncapsulationAlgorithm = 'ML_KEM'
const sizes = [
  ['ML_KEM_512', 800, 768],
  ['ML_KEM_768', 1184, 1088],
  ['ML_KEM_1024', 1568, 1568],
] as const
const bytes = (json: Json, name: string): Buffer => Buffer.from(textOf(json, name), 'base64')
const encapsulateRequest = ({ id: KeyId }: Key): Json => ({ KeyId, EncapsulationAlgorithm })

async function decapsulateRequest(key: Key): Promise<Json> {
  const { json } = await succeed('Encapsulate', encapsulateRequest(key))
  return { ...encapsulateRequest(key), SharedSecretCiphertextBlob: json['SharedSecretCiphertextBlob'] }
}

describe('Encapsulate', () => {
  for (const [spec, , length] of sizes) {
    it(`answers a secret of 32 bytes and ${length} bytes that carry it with ${spec}`, async () => {
      const key = await createKemKey(spec)
      const { json } = await succeed('Encapsulate', encapsulateRequest(key))
      const members = ['KeyId', 'SharedSecret', 'SharedSecretCiphertextBlob', 'EncapsulationAlgorithm']
      assert.deepEqual(Object.keys(json), members)
      assert.deepEqual([json['KeyId'], json['EncapsulationAlgorithm']], [key.arn, 'ML_KEM'])
      assert.equal(bytes(json, 'SharedSecret').length, 32)
      assert.equal(bytes(json, 'SharedSecretCiphertextBlob').length, length)
      const { SharedSecretCiphertextBlob } = json
      const { json: opened } = await succeed('Decapsulate', { ...encapsulateRequest(key), SharedSecretCiphertextBlob })
      assert.deepEqual(opened, { KeyId: key.arn, SharedSecret: json['SharedSecret'], EncapsulationAlgorithm })
    })
  }

  it('answers another secret each time', async () => {
    const key = await createKemKey()
    const one = await succeed('Encapsulate', encapsulateRequest(key))
    const other = await succeed('Encapsulate', encapsulateRequest(key))
    assert.notEqual(one.json['SharedSecret'], other.json['SharedSecret'])
  })

  it('records what was asked and neither secret nor ciphertext', async () => {
    const key = await createKemKey()
    const name = await createAlias(key)
    await expectRecord(await succeed('Encapsulate', { KeyId: name, EncapsulationAlgorithm }), {
      eventName: 'Encapsulate',
      readOnly: true,
      requestParameters: { keyId: name, encapsulationAlgorithm: 'ML_KEM' },
      resources: [key.arn],
    })
  })

  enabledOnlyTests('Encapsulate', encapsulateRequest, createKemKey)
  dryRunTests('Encapsulate', encapsulateRequest, createKemKey)
})

describe('Decapsulate', () => {
  for (const [spec, publicLength] of sizes) {
    it(`opens what others encapsulated with the public key of ${spec}`, async () => {
      const key = await createKemKey(spec)
      const { json: answered } = await succeed('GetPublicKey', { KeyId: key.id })
      assert.deepEqual(answered['EncapsulationAlgorithms'], ['ML_KEM'])
      const der = bytes(answered, 'PublicKey')
      assert.equal(der.length, publicLength + 22)
      const { sharedKey, ciphertext } = encapsulate(createPublicKey({ key: der, format: 'der', type: 'spki' }))
      const SharedSecretCiphertextBlob = ciphertext.toString('base64')
      const { json } = await succeed('Decapsulate', { ...encapsulateRequest(key), SharedSecretCiphertextBlob })
      assert.deepEqual(bytes(json, 'SharedSecret'), sharedKey)
    })
  }

  it('answers another secret, and always the same, to a ciphertext that is bad', async () => {
    const key = await createKemKey()
    const { json } = await succeed('Encapsulate', encapsulateRequest(key))
    const changed = bytes(json, 'SharedSecretCiphertextBlob')
    changed[0] = (changed[0] ?? 0) ^ 1
    const input = { ...encapsulateRequest(key), SharedSecretCiphertextBlob: changed.toString('base64') }
    const answers = [await succeed('Decapsulate', input), await succeed('Decapsulate', input)] as const
    assert.equal(bytes(answers[0].json, 'SharedSecret').length, 32)
    assert.notEqual(answers[0].json['SharedSecret'], json['SharedSecret'])
    assert.equal(answers[0].json['SharedSecret'], answers[1].json['SharedSecret'])
  })

  it('refuses a ciphertext that has not the length of the key spec', async () => {
    const key = await createKemKey()
    for (const length of [1, 767, 769, 1088]) {
      const SharedSecretCiphertextBlob = Buffer.alloc(length, 7).toString('base64')
      const input = { ...encapsulateRequest(key), SharedSecretCiphertextBlob }
      await refuse('Decapsulate', input, 'InvalidCiphertextException')
    }
  })

  it('records what was asked and no secret', async () => {
    const key = await createKemKey()
    await expectRecord(await succeed('Decapsulate', await decapsulateRequest(key)), {
      eventName: 'Decapsulate',
      readOnly: true,
      requestParameters: { keyId: key.id, encapsulationAlgorithm: 'ML_KEM' },
      resources: [key.arn],
    })
  })

  enabledOnlyTests('Decapsulate', decapsulateRequest, createKemKey)
  dryRunTests('Decapsulate', decapsulateRequest, createKemKey)
})

for (const [operation, request] of [
  ['Encapsulate', encapsulateRequest],
  ['Decapsulate', decapsulateRequest],
] as const) {
  describe(`${operation}, like its other half`, () => {
    it('needs a key for encapsulation', async () => {
      const key = await createKey()
      const message = `${key.arn} key usage is ENCRYPT_DECRYPT which is not valid for ${operation}.`
      const input = { ...(await request(await createKemKey())), KeyId: key.id }
      await refuse(operation, input, 'InvalidKeyUsageException', message)
    })

    const rest = async (): Promise<Json> => {
      const { KeyId, ...others } = await request(await createKemKey())
      assert.notEqual(KeyId, undefined)
      return others
    }
    requiredTest(operation, { EncapsulationAlgorithm, SharedSecretCiphertextBlob: 'AAAA' }, 'KeyId')
    grantTokenTest(operation, async () => request(await createKemKey()))
    identifierTests({
      operation,
      member: 'KeyId',
      create: createKemKey,
      rest,
      aliases: true,
      knowsInvalidArn: false,
      answered: (answer) => answer['KeyId'],
    })
  })
}
