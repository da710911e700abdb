import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, identifierTests, grantTokenTest, requiredTest } from './rules.ts'
import {
  createAlias,
  createKey,
  expectRecord,
  refuse,
  refuseInvalid,
  succeed,
  textOf,
  type Json,
  type Key,
} from './service.ts'

const bySpec = ({ id }: Key): Json => ({ KeyId: id, KeySpec: 'AES_256' })

describe('GenerateDataKey', () => {
  it('answers a data key in plaintext and encrypted, the key ARN and the material', async () => {
    const key = await createKey()
    const { json } = await succeed('GenerateDataKey', bySpec(key))
    const { CiphertextBlob, Plaintext, ...rest } = json
    assert.deepEqual(rest, { KeyId: key.arn, KeyMaterialId: key.materialId })
    assert.equal(Buffer.from(textOf(json, 'Plaintext'), 'base64').length, 32)
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob })
    assert.equal(opened['Plaintext'], Plaintext)
  })

  it('never makes the same data key twice', async () => {
    const key = await createKey()
    const keys = new Set<string>()
    for (let count = 0; count < 20; count += 1) {
      keys.add(textOf((await succeed('GenerateDataKey', bySpec(key))).json, 'Plaintext'))
    }
    assert.equal(keys.size, 20)
  })

  it('makes data keys of the size asked for', async () => {
    const key = await createKey()
    const sizes = [
      [{ KeySpec: 'AES_256' }, 32],
      [{ KeySpec: 'AES_128' }, 16],
      [{ NumberOfBytes: 1 }, 1],
      [{ NumberOfBytes: 64 }, 64],
      [{ NumberOfBytes: 1024 }, 1024],
    ] as const
    for (const [size, bytes] of sizes) {
      const { json } = await succeed('GenerateDataKey', { KeyId: key.id, ...size })
      const { json: opened } = await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'] })
      assert.equal(Buffer.from(textOf(opened, 'Plaintext'), 'base64').length, bytes)
    }
  })

  it('binds the data key to the encryption context', async () => {
    const key = await createKey()
    const { json } = await succeed('GenerateDataKey', { ...bySpec(key), EncryptionContext: { a: 'b' } })
    const { CiphertextBlob } = json
    await refuse('Decrypt', { CiphertextBlob }, 'InvalidCiphertextException')
    await succeed('Decrypt', { CiphertextBlob, EncryptionContext: { a: 'b' } })
  })

  it('refuses a request with both sizes and one with none', async () => {
    const key = await createKey()
    for (const size of [{}, { KeySpec: 'AES_128', NumberOfBytes: 16 }]) {
      await refuse(
        'GenerateDataKey',
        { KeyId: key.id, ...size },
        'ValidationException',
        'Please specify either number of bytes or key spec.',
      )
    }
  })

  it('refuses sizes and specs that there are not', async () => {
    const key = await createKey()
    const at = (value: number): string =>
      `Value '${value}' at 'numberOfBytes' failed to satisfy constraint: Member must have value`
    await refuseInvalid('GenerateDataKey', { KeyId: key.id, NumberOfBytes: 0 }, `${at(0)} greater than or equal to 1`)
    await refuseInvalid(
      'GenerateDataKey',
      { KeyId: key.id, NumberOfBytes: 1025 },
      `${at(1025)} less than or equal to 1024`,
    )
    await refuseInvalid(
      'GenerateDataKey',
      { KeyId: key.id, KeySpec: 'AES_192' },
      "Value 'AES_192' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
    )
    await refuse('GenerateDataKey', { KeyId: key.id, NumberOfBytes: '16' }, 'SerializationException')
  })

  it('records the identifier and the size as sent, the context and the material, and no key', async () => {
    const key = await createKey()
    const KeyId = await createAlias(key)
    const context = { Tenant: 'north' }
    const bySize = await succeed('GenerateDataKey', { KeyId, NumberOfBytes: 24, EncryptionContext: context })
    const common = {
      eventName: 'GenerateDataKey',
      readOnly: true,
      additionalEventData: { keyMaterialId: key.materialId },
      resources: [key.arn],
    }
    await expectRecord(bySize, {
      ...common,
      requestParameters: { keyId: KeyId, numberOfBytes: 24, encryptionContext: context },
    })
    const spec = await succeed('GenerateDataKey', { KeyId: key.arn, KeySpec: 'AES_128' })
    await expectRecord(spec, { ...common, requestParameters: { keyId: key.arn, keySpec: 'AES_128' } })
  })

  it('records a refusal', async () => {
    const key = await createKey()
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    const message = `${key.arn} is pending deletion.`
    const answered = await refuse('GenerateDataKey', bySpec(key), 'KMSInvalidStateException', message)
    await expectRecord(answered, {
      eventName: 'GenerateDataKey',
      readOnly: true,
      requestParameters: { keyId: key.id, keySpec: 'AES_256' },
      resources: [key.arn],
      errorCode: 'KMSInvalidStateException',
      errorMessage: message,
    })
  })

  const fresh = async (): Promise<Json> => bySpec(await createKey())
  requiredTest('GenerateDataKey', { KeySpec: 'AES_256' }, 'KeyId')
  grantTokenTest('GenerateDataKey', fresh)
  identifierTests({
    operation: 'GenerateDataKey',
    member: 'KeyId',
    rest: () => ({ KeySpec: 'AES_256' }),
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('GenerateDataKey', bySpec)
  dryRunTests('GenerateDataKey', bySpec)
})
