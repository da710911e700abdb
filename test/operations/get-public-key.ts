import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { grantTokenTest, identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { createAlias, createKey, expectRecord, refuse, succeed, textOf } from './service.ts'
import { createSigningKey, signingKey } from './signatures.ts'

describe('GetPublicKey', () => {
  const types = [
    ['RSA_2048', 'rsa'],
    ['ECC_NIST_P256', 'ec'],
    ['ECC_NIST_P384', 'ec'],
    ['ECC_NIST_P521', 'ec'],
    ['ECC_SECG_P256K1', 'ec'],
    ['ECC_NIST_EDWARDS25519', 'ed25519'],
    ['ML_DSA_44', 'ml-dsa-44'],
    ['ML_DSA_87', 'ml-dsa-87'],
  ] as const
  for (const [spec, type] of types) {
    it(`answers the public key of ${spec} as SubjectPublicKeyInfo, the same each time`, async () => {
      const key = await signingKey(spec)
      const { json } = await succeed('GetPublicKey', { KeyId: key.id })
      const der = Buffer.from(textOf(json, 'PublicKey'), 'base64')
      assert.equal(createPublicKey({ key: der, format: 'der', type: 'spki' }).asymmetricKeyType, type)
      assert.deepEqual([json['KeyId'], json['KeySpec'], json['KeyUsage']], [key.arn, spec, 'SIGN_VERIFY'])
      assert.equal((await succeed('GetPublicKey', { KeyId: key.id })).json['PublicKey'], json['PublicKey'])
    })
  }

  it('answers the algorithms of the usage and the old name of the key spec, where it has one', async () => {
    const { json } = await succeed('GetPublicKey', { KeyId: (await signingKey('ECC_NIST_P256')).id })
    const members = ['KeyId', 'PublicKey', 'CustomerMasterKeySpec', 'KeySpec', 'KeyUsage', 'SigningAlgorithms']
    assert.deepEqual(Object.keys(json), members)
    assert.deepEqual(json['SigningAlgorithms'], ['ECDSA_SHA_256'])
    const { json: newer } = await succeed('GetPublicKey', { KeyId: (await signingKey('ML_DSA_44')).id })
    assert.equal('CustomerMasterKeySpec' in newer, false)
  })

  it('refuses keys that are no pairs', async () => {
    for (const [KeySpec, KeyUsage] of [
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ] as const) {
      const key = await createKey({ KeySpec, KeyUsage })
      // unverified wording
      const message = `${key.arn} key spec is ${KeySpec} which is not valid for GetPublicKey.`
      await refuse('GetPublicKey', { KeyId: key.id }, 'UnsupportedOperationException', message)
    }
  })

  it('records the identifier as sent and no public key', async () => {
    const key = await createSigningKey()
    const name = await createAlias(key)
    await expectRecord(await succeed('GetPublicKey', { KeyId: name }), {
      eventName: 'GetPublicKey',
      readOnly: true,
      requestParameters: { keyId: name },
      resources: [key.arn],
    })
  })

  requiredTest('GetPublicKey', {}, 'KeyId')
  grantTokenTest('GetPublicKey', async () => ({ KeyId: (await createSigningKey()).id }))
  notPendingDeletionTests('GetPublicKey', {}, createSigningKey)
  identifierTests({
    operation: 'GetPublicKey',
    member: 'KeyId',
    create: createSigningKey,
    rest: () => ({}),
    aliases: true,
    knowsInvalidArn: true,
    answered: (answer) => answer['KeyId'],
  })
})
