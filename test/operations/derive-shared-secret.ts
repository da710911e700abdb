import assert from 'node:assert/strict'
import { diffieHellman, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { createAlias, createKey, expectRecord, refuse, refuseInvalid, succeed, textOf, type Key } from './service.ts'

const createAgreementKey = (KeySpec = 'ECC_NIST_P256'): Promise<Key> =>
  createKey({ KeySpec, KeyUsage: 'KEY_AGREEMENT' })
const curves = [
  ['ECC_NIST_P256', 'P-256', 32],
  ['ECC_NIST_P384', 'P-384', 48],
  ['ECC_NIST_P521', 'P-521', 66],
] as const
const peer = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve })
const spkiOf = (key: ReturnType<typeof peer>['publicKey']): string =>
  key.export({ format: 'der', type: 'spki' }).toString('base64')
const KeyAgreementAlgorithm = 'ECDH'
const PublicKey = spkiOf(peer().publicKey)

describe('DeriveSharedSecret', () => {
  for (const [spec, curve, length] of curves) {
    it(`answers the ${length} bytes that the other side derives with ${spec}`, async () => {
      const key = await createAgreementKey(spec)
      const { json: answered } = await succeed('GetPublicKey', { KeyId: key.id })
      assert.deepEqual([answered['KeyUsage'], answered['KeyAgreementAlgorithms']], ['KEY_AGREEMENT', ['ECDH']])
      const der = Buffer.from(textOf(answered, 'PublicKey'), 'base64')
      const ours = createPublicKey({ key: der, format: 'der', type: 'spki' })
      const { privateKey, publicKey } = peer(curve)
      const input = { KeyId: key.id, KeyAgreementAlgorithm, PublicKey: spkiOf(publicKey) }
      const { json } = await succeed('DeriveSharedSecret', input)
      const secret = diffieHellman({ privateKey, publicKey: ours })
      assert.equal(secret.length, length)
      assert.deepEqual(json, {
        KeyId: key.arn,
        SharedSecret: secret.toString('base64'),
        KeyAgreementAlgorithm,
        KeyOrigin: 'AWS_KMS',
      })
    })
  }

  it('gives two keys the same secret, each with the public half of the other', async () => {
    const keys = [await createAgreementKey(), await createAgreementKey()] as const
    const publicOf = async ({ id }: Key) => (await succeed('GetPublicKey', { KeyId: id })).json['PublicKey']
    const secretOf = async (own: Key, other: Key) => {
      const input = { KeyId: own.id, KeyAgreementAlgorithm, PublicKey: await publicOf(other) }
      return (await succeed('DeriveSharedSecret', input)).json['SharedSecret']
    }
    assert.equal(await secretOf(keys[0], keys[1]), await secretOf(keys[1], keys[0]))
  })

  it('refuses, without a word, what is no public key of the same curve', async () => {
    const key = await createAgreementKey()
    const offCurve = Buffer.from(PublicKey, 'base64')
    offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1
    const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey
    const wrong = [
      Buffer.from('nonsense'),
      offCurve,
      Buffer.from(PublicKey, 'base64').subarray(0, -1),
      Buffer.concat([Buffer.from(PublicKey, 'base64'), Buffer.of(0)]),
      Buffer.from(spkiOf(peer('P-384').publicKey), 'base64'),
      Buffer.from(spkiOf(peer('secp256k1').publicKey), 'base64'),
      Buffer.from(spkiOf(explicit), 'base64'),
      generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' }),
    ]
    for (const bytes of wrong) {
      const input = { KeyId: key.id, KeyAgreementAlgorithm, PublicKey: bytes.toString('base64') }
      await refuse('DeriveSharedSecret', input, 'ValidationException')
    }
  })

  it('refuses keys that are for signatures, and other algorithms', async () => {
    const signing = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    const input = { KeyId: signing.id, KeyAgreementAlgorithm, PublicKey }
    const message = `${signing.arn} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret.`
    await refuse('DeriveSharedSecret', input, 'InvalidKeyUsageException', message)
    await refuseInvalid(
      'DeriveSharedSecret',
      { ...input, KeyAgreementAlgorithm: 'X25519' },
      "Value 'X25519' at 'keyAgreementAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [ECDH]",
    )
  })

  it('records what was asked and no secret', async () => {
    const key = await createAgreementKey()
    const name = await createAlias(key)
    await expectRecord(await succeed('DeriveSharedSecret', { KeyId: name, KeyAgreementAlgorithm, PublicKey }), {
      eventName: 'DeriveSharedSecret',
      readOnly: true,
      requestParameters: { keyId: name, keyAgreementAlgorithm: KeyAgreementAlgorithm },
      resources: [key.arn],
    })
  })

  const request = (key: Key) => ({ KeyId: key.id, KeyAgreementAlgorithm, PublicKey })
  requiredTest('DeriveSharedSecret', { KeyAgreementAlgorithm, PublicKey }, 'KeyId')
  grantTokenTest('DeriveSharedSecret', async () => request(await createAgreementKey()))
  identifierTests({
    operation: 'DeriveSharedSecret',
    member: 'KeyId',
    create: createAgreementKey,
    rest: () => ({ KeyAgreementAlgorithm, PublicKey }),
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('DeriveSharedSecret', request, createAgreementKey)
  dryRunTests('DeriveSharedSecret', request, createAgreementKey)
})
