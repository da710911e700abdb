import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordOf } from '../support/audit.ts'
import { createMacKey, macRequest } from './macs.ts'
import { anyStateTest, identifierTests, requiredTest } from './rules.ts'
import {
  base64,
  createAlias,
  createKey,
  deny,
  expectRecord,
  foreignMessage,
  objectIn,
  otherAccount,
  refuse,
  server,
  succeed,
  textOf,
  unknownKeyId,
  type Answered,
  type Json,
  type Key,
} from './service.ts'
import { createSigningKey, signRequest } from './signatures.ts'

async function usageOf(key: Key): Promise<Json> {
  return objectIn((await succeed('GetKeyLastUsage', { KeyId: key.id })).json, 'KeyLastUsage')
}

/** The last use of `key` is the request that `answered` answers, as its record has it. */
async function expectUse(key: Key, operation: string, answered: Answered): Promise<void> {
  const usage = await usageOf(key)
  const { eventID, eventTime, requestID } = await recordOf(server.directory, answered.requestId)
  assert.equal(requestID, answered.requestId)
  assert.deepEqual(usage, {
    Operation: operation,
    Timestamp: Date.parse(String(eventTime)) / 1000,
    CloudTrailEventId: eventID,
    KmsRequestId: answered.requestId,
  })
}

async function encrypted(key: Key): Promise<string> {
  return textOf((await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('secret') })).json, 'CiphertextBlob')
}

describe('GetKeyLastUsage', () => {
  it('answers an empty object for a key that was never used, tracked since it was made', async () => {
    const key = await createKey()
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    const { json } = await succeed('GetKeyLastUsage', { KeyId: key.arn })
    assert.deepEqual(json, {
      KeyId: key.id,
      KeyLastUsage: {},
      TrackingStartDate: metadata['CreationDate'],
      KeyCreationDate: metadata['CreationDate'],
    })
  })

  it('tells each operation with a symmetric key as soon as it was answered', async () => {
    const key = await createKey()
    const input = { KeyId: key.id, Plaintext: base64('secret') }
    const first = await succeed('Encrypt', input)
    await expectUse(key, 'Encrypt', first)
    await expectUse(key, 'Decrypt', await succeed('Decrypt', { CiphertextBlob: first.json['CiphertextBlob'] }))
    for (const operation of ['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext']) {
      await expectUse(key, operation, await succeed(operation, { KeyId: key.id, KeySpec: 'AES_256' }))
    }
    await expectUse(key, 'Encrypt', await succeed('Encrypt', input))
  })

  it('tells signing, verifying and both operations on MACs', async () => {
    const signing = await createSigningKey()
    const signed = await succeed('Sign', signRequest(signing))
    await expectUse(signing, 'Sign', signed)
    const { Signature } = signed.json
    await expectUse(signing, 'Verify', await succeed('Verify', { ...signRequest(signing), Signature }))
    const mac = await createMacKey()
    const request = macRequest(mac, base64('a message'))
    const generated = await succeed('GenerateMac', request)
    await expectUse(mac, 'GenerateMac', generated)
    await expectUse(mac, 'VerifyMac', await succeed('VerifyMac', { ...request, Mac: generated.json['Mac'] }))
  })

  it('tells the making of data key pairs, agreements and encapsulations', async () => {
    const key = await createKey()
    for (const operation of ['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext']) {
      await expectUse(key, operation, await succeed(operation, { KeyId: key.id, KeyPairSpec: 'ECC_NIST_P256' }))
    }
    const agreeing = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
    const { PublicKey } = (await succeed('GetPublicKey', { KeyId: agreeing.id })).json
    const agreed = { KeyId: agreeing.id, KeyAgreementAlgorithm: 'ECDH', PublicKey }
    await expectUse(agreeing, 'DeriveSharedSecret', await succeed('DeriveSharedSecret', agreed))
    const kem = await createKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
    const request = { KeyId: kem.id, EncapsulationAlgorithm: 'ML_KEM' }
    const encapsulated = await succeed('Encapsulate', request)
    await expectUse(kem, 'Encapsulate', encapsulated)
    const { SharedSecretCiphertextBlob } = encapsulated.json
    await expectUse(kem, 'Decapsulate', await succeed('Decapsulate', { ...request, SharedSecretCiphertextBlob }))
  })

  it('tells ReEncrypt of both keys', async () => {
    const [from, to] = [await createKey(), await createKey()]
    const moved = await succeed('ReEncrypt', { CiphertextBlob: await encrypted(from), DestinationKeyId: to.id })
    await expectUse(from, 'ReEncrypt', moved)
    await expectUse(to, 'ReEncrypt', moved)
  })

  it('tells a use under an alias of the key that it meant', async () => {
    const [key, other] = [await createKey(), await createKey()]
    const alias = await createAlias(key)
    const used = await succeed('Encrypt', { KeyId: alias, Plaintext: base64('secret') })
    await expectUse(key, 'Encrypt', used)
    assert.deepEqual(await usageOf(other), {})
  })

  it('passes over what failed, dry runs, and what is no cryptographic operation with the key', async () => {
    const key = await createSigningKey()
    const signed = await succeed('Sign', signRequest(key))
    const { Signature } = signed.json
    await refuse('Verify', { ...signRequest(key, 'another message'), Signature }, 'KMSInvalidSignatureException')
    await refuse(
      'Sign',
      { ...signRequest(key), DryRun: true },
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    )
    await succeed('GetPublicKey', { KeyId: key.id })
    await succeed('DescribeKey', { KeyId: key.id })
    await succeed('DisableKey', { KeyId: key.id })
    await refuse('Sign', signRequest(key), 'DisabledException', `${key.arn} is disabled.`)
    await expectUse(key, 'Sign', signed)
  })

  it('tells of each key its own last use, however many are used at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => createKey()))
    const uses = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const key = keys[index % keys.length]
        assert.ok(key !== undefined)
        const input = { KeyId: key.id, Plaintext: base64(`secret ${index}`) }
        return { key, requestId: (await succeed('Encrypt', input)).requestId }
      }),
    )
    for (const key of keys) {
      const { KmsRequestId } = await usageOf(key)
      // Those of one moment are recorded in no particular order.
      assert.ok(uses.some((use) => use.key === key && use.requestId === KmsRequestId))
      await expectUse(key, 'Encrypt', await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('the last one') }))
    }
  })

  it('records what was asked', async () => {
    const key = await createKey()
    await expectRecord(await succeed('GetKeyLastUsage', { KeyId: key.id }), {
      eventName: 'GetKeyLastUsage',
      readOnly: true,
      requestParameters: { keyId: key.id },
      resources: [key.arn],
    })
  })

  it('tells nothing of keys in another account', async () => {
    const foreign = `arn:aws:kms:us-east-1:${otherAccount}:key/${unknownKeyId}`
    await deny('GetKeyLastUsage', { KeyId: foreign }, foreignMessage('kms:GetKeyLastUsage'))
  })

  requiredTest('GetKeyLastUsage', {}, 'KeyId')
  anyStateTest('GetKeyLastUsage')
  identifierTests({
    operation: 'GetKeyLastUsage',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => `arn:aws:kms:us-east-1:${server.account}:key/${String(KeyId)}`,
  })
})
