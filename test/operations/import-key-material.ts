import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createExternalKey, createImportedKey, materialFor, never } from './imports.ts'
import { identifierTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, objectIn, refuse, refuseInvalid, succeed, textOf } from './service.ts'

const day = 86_400

describe('ImportKeyMaterial', () => {
  it('answers the key ARN and the id of the material, and the key is enabled', async () => {
    const key = await createExternalKey()
    const { json } = await succeed('ImportKeyMaterial', { KeyId: key.id, ...(await materialFor(key, randomBytes(32))) })
    assert.deepEqual(Object.keys(json), ['KeyId', 'KeyMaterialId'])
    assert.equal(json['KeyId'], key.arn)
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    assert.deepEqual(
      [metadata['KeyState'], metadata['Enabled'], metadata['CurrentKeyMaterialId'], metadata['ExpirationModel']],
      ['Enabled', true, json['KeyMaterialId'], 'KEY_MATERIAL_DOES_NOT_EXPIRE'],
    )
  })

  it('gives the same bytes the same id in one key, and another in another', async () => {
    const material = randomBytes(32)
    const [one, two] = [await createImportedKey(material), await createImportedKey(material)]
    assert.notEqual(one.materialId, two.materialId)
    const { json } = await succeed('ImportKeyMaterial', { KeyId: one.id, ...(await materialFor(one, material)) })
    assert.equal(json['KeyMaterialId'], one.materialId)
  })

  it('records dates as text, what was sent beside them, and nothing of the material', async () => {
    const key = await createExternalKey()
    const { ImportToken, EncryptedKeyMaterial } = await materialFor(key, randomBytes(32))
    const validTo = Math.floor(Date.now() / 1000) + day
    const answered = await succeed('ImportKeyMaterial', {
      KeyId: key.id,
      ImportToken,
      EncryptedKeyMaterial,
      ValidTo: validTo,
      ExpirationModel: 'KEY_MATERIAL_EXPIRES',
      ImportType: 'NEW_KEY_MATERIAL',
      KeyMaterialDescription: 'from the vault',
    })
    const text = new Date(validTo * 1000).toLocaleString('en-US', {
      timeZone: 'UTC',
      dateStyle: 'medium',
      timeStyle: 'medium',
    })
    await expectRecord(answered, {
      eventName: 'ImportKeyMaterial',
      readOnly: false,
      requestParameters: {
        keyId: key.id,
        validTo: text.replaceAll('\u202f', ' '),
        expirationModel: 'KEY_MATERIAL_EXPIRES',
        importType: 'NEW_KEY_MATERIAL',
        keyMaterialDescription: 'from the vault',
      },
      responseElements: { keyId: key.arn, keyMaterialId: textOf(answered.json, 'KeyMaterialId') },
      resources: [key.arn],
    })
  })

  it('records a refusal', async () => {
    const key = await createExternalKey()
    const input = { KeyId: key.id, ...(await materialFor(key, randomBytes(31))) }
    const message = 'The key material is not valid for key spec SYMMETRIC_DEFAULT.'
    await expectRecord(await refuse('ImportKeyMaterial', input, 'IncorrectKeyMaterialException', message), {
      eventName: 'ImportKeyMaterial',
      readOnly: false,
      requestParameters: { keyId: key.id, expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
      resources: [key.arn],
      errorCode: 'IncorrectKeyMaterialException',
      errorMessage: message,
    })
  })

  it('refuses the token of another key, and a wrapping that does not open', async () => {
    const [key, other] = [await createExternalKey(), await createExternalKey()]
    const material = await materialFor(key, randomBytes(32))
    const message = 'The import token is not one for this KMS key.'
    await refuse('ImportKeyMaterial', { KeyId: other.id, ...material }, 'InvalidImportTokenException', message)
    const garbage = { ...material, EncryptedKeyMaterial: randomBytes(256).toString('base64') }
    await refuse('ImportKeyMaterial', { KeyId: key.id, ...garbage }, 'InvalidCiphertextException')
  })

  it('refuses a key whose material KMS made, and one that is pending deletion', async () => {
    const made = await createKey()
    const input = { ImportToken: 'YQ==', EncryptedKeyMaterial: 'YQ==', ...never }
    const message = `${made.arn} origin is AWS_KMS which is not valid for this operation.`
    await refuse('ImportKeyMaterial', { KeyId: made.id, ...input }, 'UnsupportedOperationException', message)
    const key = await createExternalKey()
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    const pending = `${key.arn} is pending deletion.`
    await refuse('ImportKeyMaterial', { KeyId: key.id, ...input }, 'KMSInvalidStateException', pending)
  })

  it('refuses members that the model does not have so', async () => {
    const input = { KeyId: (await createExternalKey()).id, ImportToken: 'YQ==', EncryptedKeyMaterial: 'YQ==', ...never }
    for (const member of ['ImportToken', 'EncryptedKeyMaterial']) {
      const path = member.charAt(0).toLowerCase() + member.slice(1)
      const violation = `Value at '${path}' failed to satisfy constraint: Member must have length`
      const long = Buffer.alloc(6145).toString('base64')
      await refuseInvalid('ImportKeyMaterial', { ...input, [member]: long }, `${violation} less than or equal to 6144`)
      await refuseInvalid('ImportKeyMaterial', { ...input, [member]: '' }, `${violation} greater than or equal to 1`)
    }
  })

  requiredTest('ImportKeyMaterial', { ImportToken: 'YQ==', EncryptedKeyMaterial: 'YQ==', ...never }, 'KeyId')
  identifierTests({
    operation: 'ImportKeyMaterial',
    member: 'KeyId',
    create: createExternalKey,
    rest: (key) => materialFor(key, randomBytes(32)),
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => KeyId,
  })
})
