import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requiredTest } from './rules.ts'
import {
  aliasArn,
  base64,
  createAlias,
  createDisabledKey,
  createKey,
  createKeyPendingDeletion,
  deny,
  expectRecord,
  foreignMessage,
  keyArn,
  objectIn,
  otherAccount,
  refuse,
  succeed,
  unknownKeyId,
} from './service.ts'

describe('CancelKeyDeletion', () => {
  it('brings the key back disabled and answers its ARN', async () => {
    const key = await createKeyPendingDeletion()
    const { text } = await succeed('CancelKeyDeletion', { KeyId: key.id })
    assert.equal(text, JSON.stringify({ KeyId: key.arn }))
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    assert.deepEqual([metadata['KeyState'], metadata['Enabled']], ['Disabled', false])
    const input = { KeyId: key.id, Plaintext: base64('a') }
    await refuse('Encrypt', input, 'DisabledException', `${key.arn} is disabled.`)
    await succeed('EnableKey', { KeyId: key.id })
    await succeed('Encrypt', input)
  })

  it('refuses a key that is not pending deletion', async () => {
    for (const key of [await createKey(), await createDisabledKey()]) {
      const message = `${key.arn} is not pending deletion.`
      await refuse('CancelKeyDeletion', { KeyId: key.id }, 'KMSInvalidStateException', message)
    }
  })

  it('takes a key ARN', async () => {
    const key = await createKeyPendingDeletion()
    await succeed('CancelKeyDeletion', { KeyId: key.arn })
  })

  it('refuses aliases', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    for (const KeyId of [name, aliasArn(name)]) {
      await refuse('CancelKeyDeletion', { KeyId }, 'NotFoundException', `Invalid keyId '${KeyId}'`)
    }
  })

  it('refuses unknown, malformed and foreign identifiers', async () => {
    const missing = `Key '${keyArn(unknownKeyId)}' does not exist`
    await refuse('CancelKeyDeletion', { KeyId: unknownKeyId }, 'NotFoundException', missing)
    await refuse('CancelKeyDeletion', { KeyId: keyArn(unknownKeyId) }, 'NotFoundException', missing)
    await refuse('CancelKeyDeletion', { KeyId: 'nonsense' }, 'NotFoundException', "Invalid keyId 'nonsense'")
    const abroad = keyArn(unknownKeyId, 'eu-west-1')
    await refuse('CancelKeyDeletion', { KeyId: abroad }, 'NotFoundException', 'Invalid arn eu-west-1')
    // unverified wording
    await refuse('CancelKeyDeletion', { KeyId: 'arn:aws:kms' }, 'InvalidArnException', 'Invalid arn arn:aws:kms')
    const foreign = `arn:aws:kms:us-east-1:${otherAccount}:key/${unknownKeyId}`
    await deny('CancelKeyDeletion', { KeyId: foreign }, foreignMessage('kms:CancelKeyDeletion'))
  })

  it('records the key', async () => {
    const key = await createKeyPendingDeletion()
    const answered = await succeed('CancelKeyDeletion', { KeyId: key.id })
    await expectRecord(answered, {
      eventName: 'CancelKeyDeletion',
      readOnly: false,
      requestParameters: { keyId: key.id },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
    const message = `${key.arn} is not pending deletion.`
    const refused = await refuse('CancelKeyDeletion', { KeyId: key.id }, 'KMSInvalidStateException', message)
    await expectRecord(refused, {
      eventName: 'CancelKeyDeletion',
      readOnly: false,
      requestParameters: { keyId: key.id },
      resources: [key.arn],
      errorCode: 'KMSInvalidStateException',
      errorMessage: message,
    })
  })

  requiredTest('CancelKeyDeletion', {}, 'KeyId')
})
