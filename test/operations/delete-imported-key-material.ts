import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createExternalKey, createImportedKey } from './imports.ts'
import { identifierTests, requiredTest } from './rules.ts'
import { base64, createKey, expectRecord, objectIn, refuse, succeed } from './service.ts'

describe('DeleteImportedKeyMaterial', () => {
  it('answers the key ARN and the id of what it deleted, and the key is pending import', async () => {
    const key = await createImportedKey()
    const { json } = await succeed('DeleteImportedKeyMaterial', { KeyId: key.id })
    assert.deepEqual(json, { KeyId: key.arn, KeyMaterialId: key.materialId })
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    assert.deepEqual([metadata['KeyState'], metadata['Enabled']], ['PendingImport', false])
    const message = `${key.arn} is pending import.`
    await refuse('Encrypt', { KeyId: key.id, Plaintext: base64('a') }, 'KMSInvalidStateException', message)
  })

  it('records the key and the material, and also when there was nothing to delete', async () => {
    const key = await createImportedKey()
    await expectRecord(await succeed('DeleteImportedKeyMaterial', { KeyId: key.id, KeyMaterialId: key.materialId }), {
      eventName: 'DeleteImportedKeyMaterial',
      readOnly: false,
      requestParameters: { keyId: key.id, keyMaterialId: key.materialId },
      responseElements: { keyId: key.arn, keyMaterialId: key.materialId },
      resources: [key.arn],
    })
    const empty = await createExternalKey()
    await expectRecord(await succeed('DeleteImportedKeyMaterial', { KeyId: empty.id }), {
      eventName: 'DeleteImportedKeyMaterial',
      readOnly: false,
      requestParameters: { keyId: empty.id },
      responseElements: { keyId: empty.arn, keyMaterialId: '' },
      resources: [empty.arn],
    })
  })

  it('works on disabled keys and on keys that are pending deletion', async () => {
    for (const operation of ['DisableKey', 'ScheduleKeyDeletion']) {
      const key = await createImportedKey()
      await succeed(operation, { KeyId: key.id })
      await succeed('DeleteImportedKeyMaterial', { KeyId: key.id })
    }
  })

  it('refuses a key whose material KMS made, and material that the key does not know', async () => {
    const made = await createKey()
    const message = `${made.arn} origin is AWS_KMS which is not valid for this operation.`
    await refuse('DeleteImportedKeyMaterial', { KeyId: made.id }, 'UnsupportedOperationException', message)
    const key = await createImportedKey()
    const id = 'a'.repeat(64)
    await refuse(
      'DeleteImportedKeyMaterial',
      { KeyId: key.id, KeyMaterialId: id },
      'NotFoundException',
      `Key material '${id}' is not associated with ${key.arn}`,
    )
  })

  requiredTest('DeleteImportedKeyMaterial', {}, 'KeyId')
  identifierTests({
    operation: 'DeleteImportedKeyMaterial',
    member: 'KeyId',
    create: createExternalKey,
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => KeyId,
  })
})
