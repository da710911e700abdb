import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { createExternalKey, createImportedKey, wrapping } from './imports.ts'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, refuse, refuseInvalid, succeed, textOf } from './service.ts'

describe('GetParametersForImport', () => {
  it('answers the key ARN, a token, a public key and the time until which both are valid', async () => {
    const key = await createExternalKey()
    const { json } = await succeed('GetParametersForImport', { KeyId: key.id, ...wrapping })
    assert.deepEqual(Object.keys(json), ['KeyId', 'ImportToken', 'PublicKey', 'ParametersValidTo'])
    assert.equal(json['KeyId'], key.arn)
    const publicKey = createPublicKey({
      key: Buffer.from(textOf(json, 'PublicKey'), 'base64'),
      format: 'der',
      type: 'spki',
    })
    assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048)
    const token = Buffer.from(textOf(json, 'ImportToken'), 'base64')
    assert.ok(token.length <= 6144 && !token.includes('PRIVATE') && !token.includes(key.id))
    const validTo = json['ParametersValidTo']
    assert.ok(typeof validTo === 'number' && Math.abs(validTo - (Date.now() / 1000 + 86_400)) < 60)
    const { json: other } = await succeed('GetParametersForImport', { KeyId: key.id, ...wrapping })
    assert.notEqual(other['PublicKey'], json['PublicKey'])
  })

  it('records what was asked for, and neither the token nor the key', async () => {
    const key = await createExternalKey()
    await expectRecord(await succeed('GetParametersForImport', { KeyId: key.id, ...wrapping }), {
      eventName: 'GetParametersForImport',
      readOnly: true,
      requestParameters: {
        keyId: key.id,
        wrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        wrappingKeySpec: 'RSA_2048',
      },
      resources: [key.arn],
    })
  })

  it('refuses a key whose material KMS made', async () => {
    const key = await createKey()
    const message = `${key.arn} origin is AWS_KMS which is not valid for this operation.`
    await refuse('GetParametersForImport', { KeyId: key.id, ...wrapping }, 'UnsupportedOperationException', message)
  })

  it('refuses values that the model does not have', async () => {
    const key = await createExternalKey()
    const enumOf = (path: string, values: string): string =>
      `Value 'RSA' at '${path}' failed to satisfy constraint: Member must satisfy enum value set: [${values}]`
    const input = { KeyId: key.id, ...wrapping }
    await refuseInvalid(
      'GetParametersForImport',
      { ...input, WrappingKeySpec: 'RSA' },
      enumOf('wrappingKeySpec', 'RSA_2048, RSA_3072, RSA_4096, SM2'),
    )
    await refuseInvalid(
      'GetParametersForImport',
      { ...input, WrappingAlgorithm: 'RSA' },
      enumOf(
        'wrappingAlgorithm',
        'RSAES_PKCS1_V1_5, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, RSA_AES_KEY_WRAP_SHA_1, RSA_AES_KEY_WRAP_SHA_256, SM2PKE',
      ),
    )
  })

  requiredTest('GetParametersForImport', wrapping, 'KeyId')
  notPendingDeletionTests('GetParametersForImport', wrapping, () => createImportedKey())
  identifierTests({
    operation: 'GetParametersForImport',
    member: 'KeyId',
    create: createExternalKey,
    rest: () => wrapping,
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => KeyId,
  })
})
