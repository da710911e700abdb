import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { base64, createAlias, createKey, expectRecord, refuse, refuseInvalid, succeed, textOf } from './service.ts'
import { createSigningKey, kinds, messageOf, signingKey, signRequest, unnamed } from './signatures.ts'

describe('Sign', () => {
  for (const [spec, algorithm, types] of kinds) {
    for (const type of types) {
      it(`makes signatures of ${algorithm} over ${type} messages with ${spec}, which Verify accepts`, async () => {
        const key = await signingKey(spec)
        const input = { KeyId: key.id, SigningAlgorithm: algorithm, ...messageOf('a message', algorithm, type) }
        const { json } = await succeed('Sign', input)
        assert.deepEqual(Object.keys(json), ['KeyId', 'Signature', 'SigningAlgorithm'])
        assert.deepEqual([json['KeyId'], json['SigningAlgorithm']], [key.arn, algorithm])
        // The message type need not be the one that was signed, where the other says the same.
        for (const other of types) {
          const same = { ...input, ...messageOf('a message', algorithm, other), Signature: json['Signature'] }
          assert.equal((await succeed('Verify', same)).json['SignatureValid'], true)
        }
      })
    }
  }

  it('makes signatures that others verify with the public key', async () => {
    const key = await createSigningKey()
    const { json } = await succeed('Sign', signRequest(key, 'for all'))
    const { json: answered } = await succeed('GetPublicKey', { KeyId: key.id })
    const der = Buffer.from(textOf(answered, 'PublicKey'), 'base64')
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    assert.ok(verify('sha256', Buffer.from('for all'), publicKey, Buffer.from(textOf(json, 'Signature'), 'base64')))
  })

  it('refuses an algorithm of another key spec', async () => {
    const key = await signingKey('ECC_NIST_P256')
    for (const algorithm of ['ECDSA_SHA_384', 'RSASSA_PSS_SHA_256', 'SM2DSA', 'ML_DSA_SHAKE_256']) {
      await refuse(
        'Sign',
        { ...signRequest(key), SigningAlgorithm: algorithm },
        'InvalidKeyUsageException',
        `Algorithm ${algorithm} is incompatible with key spec ECC_NIST_P256.`,
      )
    }
  })

  it('refuses a key that is for encrypting', async () => {
    const key = await createKey()
    const message = `${key.arn} key usage is ENCRYPT_DECRYPT which is not valid for Sign.`
    await refuse('Sign', signRequest(key), 'InvalidKeyUsageException', message)
  })

  it('refuses a digest that has not the length of the algorithm', async () => {
    const key = await signingKey('ECC_NIST_P256')
    for (const size of [1, 31, 33, 64]) {
      const Message = Buffer.alloc(size).toString('base64')
      const input = { ...signRequest(key), Message, MessageType: 'DIGEST' }
      const expected = 'Digest is invalid length for algorithm ECDSA_SHA_256.'
      await refuse('Sign', input, 'ValidationException', expected)
    }
  })

  it('refuses message types that the algorithm does not take', async () => {
    const wrong = [
      ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', 'DIGEST'],
      ['ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', 'RAW'],
      ['ML_DSA_44', 'ML_DSA_SHAKE_256', 'DIGEST'],
    ] as const
    const Message = Buffer.alloc(64).toString('base64')
    for (const [spec, SigningAlgorithm, MessageType] of wrong) {
      const { id: KeyId } = await signingKey(spec)
      // unverified wording
      const message = `Algorithm ${SigningAlgorithm} does not support MessageType ${MessageType}.`
      await refuse('Sign', { KeyId, SigningAlgorithm, Message, MessageType }, 'ValidationException', message)
    }
  })

  for (const spec of ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87']) {
    it(`signs the mu of a message with ${spec}, which is a signature of the message`, async () => {
      const { id: KeyId } = await signingKey(spec)
      const { json } = await succeed('GetPublicKey', { KeyId })
      const der = Buffer.from(textOf(json, 'PublicKey'), 'base64')
      const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
      const text = Buffer.from('What is to be signed')
      // FIPS 204, algorithms 2 and 7: the message representative, with an empty context.
      const shake = (...parts: readonly Buffer[]): Buffer =>
        createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
      const mu = shake(shake(der.subarray(22)), Buffer.of(0, 0), text)
      const input = { KeyId, SigningAlgorithm: 'ML_DSA_SHAKE_256', MessageType: 'EXTERNAL_MU' }
      const { json: signed } = await succeed('Sign', { ...input, Message: mu.toString('base64') })
      assert.ok(verify(null, text, publicKey, Buffer.from(textOf(signed, 'Signature'), 'base64')))
      const { Signature } = signed
      const raw = { ...input, MessageType: 'RAW', Message: text.toString('base64'), Signature }
      assert.equal((await succeed('Verify', raw)).json['SignatureValid'], true)
      const again = { ...input, Message: mu.toString('base64'), Signature }
      assert.equal((await succeed('Verify', again)).json['SignatureValid'], true)
    })
  }

  it('refuses a mu of another length, and one for another algorithm', async () => {
    const { id: KeyId } = await signingKey('ML_DSA_65')
    const input = { KeyId, SigningAlgorithm: 'ML_DSA_SHAKE_256', MessageType: 'EXTERNAL_MU' }
    const message = 'Digest is invalid length for algorithm ML_DSA_SHAKE_256.'
    for (const size of [32, 63, 65]) {
      const Message = Buffer.alloc(size).toString('base64')
      await refuse('Sign', { ...input, Message }, 'ValidationException', message)
    }
    const other = { ...signRequest(await signingKey('ECC_NIST_P256')), MessageType: 'EXTERNAL_MU' }
    // unverified wording
    const wrong = 'Algorithm ECDSA_SHA_256 does not support MessageType EXTERNAL_MU.'
    await refuse('Sign', other, 'ValidationException', wrong)
  })

  it('refuses a message of no length and of more than 4,096 bytes, without repeating it', async () => {
    const input = signRequest(await signingKey('ECC_NIST_P256'))
    const rule = "Value at 'message' failed to satisfy constraint: Member must have length"
    await refuseInvalid('Sign', { ...input, Message: '' }, `${rule} greater than or equal to 1`)
    const long = Buffer.alloc(4097, 7).toString('base64')
    await refuseInvalid('Sign', { ...input, Message: long }, `${rule} less than or equal to 4096`)
    await succeed('Sign', { ...input, Message: Buffer.alloc(4096).toString('base64') })
  })

  it('records what was asked, with the default message type, and neither message nor signature', async () => {
    const key = await createSigningKey()
    const name = await createAlias(key)
    const input = { KeyId: name, Message: base64('a message'), SigningAlgorithm: 'ECDSA_SHA_256' }
    await expectRecord(await succeed('Sign', input), {
      eventName: 'Sign',
      readOnly: true,
      requestParameters: { keyId: name, signingAlgorithm: 'ECDSA_SHA_256', messageType: 'RAW' },
      resources: [key.arn],
    })
  })

  requiredTest('Sign', unnamed, 'KeyId')
  grantTokenTest('Sign', async () => signRequest(await createSigningKey()))
  identifierTests({
    operation: 'Sign',
    member: 'KeyId',
    create: createSigningKey,
    rest: () => unnamed,
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('Sign', signRequest, createSigningKey)
  dryRunTests('Sign', signRequest, createSigningKey)
})
