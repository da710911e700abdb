import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { base64, createKey, expectRecord, refuse, succeed, textOf, type Json } from './service.ts'
import { createSigningKey, kinds, messageOf, signingKey, signRequest, unnamed, verifyRequest } from './signatures.ts'

describe('Verify', () => {
  it('answers the key ARN, true and the algorithm', async () => {
    const key = await createSigningKey()
    const { json } = await succeed('Verify', await verifyRequest(key))
    assert.deepEqual(json, { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: 'ECDSA_SHA_256' })
    assert.deepEqual(Object.keys(json), ['KeyId', 'SignatureValid', 'SigningAlgorithm'])
  })

  for (const [spec, SigningAlgorithm, types] of kinds) {
    for (const type of types) {
      it(`refuses wrong signatures of ${SigningAlgorithm} over ${type} messages with ${spec}, never as false`, async () => {
        const { id: KeyId } = await signingKey(spec)
        const input = { KeyId, SigningAlgorithm, ...messageOf('a message', SigningAlgorithm, type) }
        const signature = Buffer.from(textOf((await succeed('Sign', input)).json, 'Signature'), 'base64')
        const changed = Buffer.from(signature)
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
        const longer = Buffer.concat([signature, Buffer.alloc(1)])
        for (const wrong of [changed, signature.subarray(1), longer, Buffer.alloc(signature.length), Buffer.alloc(1)]) {
          await refuse('Verify', { ...input, Signature: wrong.toString('base64') }, 'KMSInvalidSignatureException')
        }
        const another = { ...input, ...messageOf('another', SigningAlgorithm, type) }
        const Signature = signature.toString('base64')
        await refuse('Verify', { ...another, Signature }, 'KMSInvalidSignatureException')
      })
    }
  }

  it('refuses a signature of another key', async () => {
    const input = await verifyRequest(await createSigningKey())
    const other = await createSigningKey()
    await refuse('Verify', { ...input, KeyId: other.id }, 'KMSInvalidSignatureException')
  })

  it('refuses an algorithm of another key spec, and a key that is for encrypting', async () => {
    const input = await verifyRequest(await createSigningKey())
    await refuse(
      'Verify',
      { ...input, SigningAlgorithm: 'ECDSA_SHA_512' },
      'InvalidKeyUsageException',
      'Algorithm ECDSA_SHA_512 is incompatible with key spec ECC_NIST_P256.',
    )
    const other = await createKey()
    const message = `${other.arn} key usage is ENCRYPT_DECRYPT which is not valid for Verify.`
    await refuse('Verify', { ...input, KeyId: other.id }, 'InvalidKeyUsageException', message)
  })

  it('records success and failure', async () => {
    const key = await createSigningKey()
    const recorded = {
      eventName: 'Verify',
      readOnly: true,
      requestParameters: { keyId: key.id, signingAlgorithm: 'ECDSA_SHA_256', messageType: 'RAW' },
      resources: [key.arn],
    }
    await expectRecord(await succeed('Verify', await verifyRequest(key)), recorded)
    const input = { ...signRequest(key), Signature: base64('wrong') }
    const refused = await refuse('Verify', input, 'KMSInvalidSignatureException')
    await expectRecord(refused, { ...recorded, errorCode: 'KMSInvalidSignatureException' })
  })

  requiredTest('Verify', { ...unnamed, Signature: base64('any') }, 'KeyId')
  grantTokenTest('Verify', async () => await verifyRequest(await createSigningKey()))
  const requests = new Map<string, Json>()
  identifierTests({
    operation: 'Verify',
    member: 'KeyId',
    create: async () => {
      const key = await createSigningKey()
      requests.set(key.id, await verifyRequest(key))
      return key
    },
    rest: ({ id }) => requests.get(id) ?? {},
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('Verify', verifyRequest, createSigningKey)
  dryRunTests('Verify', verifyRequest, createSigningKey)
})
