import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { base64, createDisabledKey, createKey, expectRecord, objectIn, succeed, succeedEmpty } from './service.ts'

describe('EnableKey', () => {
  it('makes a disabled key usable again and answers nothing', async () => {
    const key = await createDisabledKey()
    await succeedEmpty('EnableKey', { KeyId: key.id })
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    assert.deepEqual([metadata['Enabled'], metadata['KeyState']], [true, 'Enabled'])
    await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('a') })
  })

  it('succeeds on an enabled key', async () => {
    const key = await createKey()
    await succeedEmpty('EnableKey', { KeyId: key.id })
  })

  it('records the key, whether or not anything changed', async () => {
    const key = await createDisabledKey()
    for (const KeyId of [key.id, key.arn]) {
      const answered = await succeedEmpty('EnableKey', { KeyId })
      await expectRecord(answered, {
        eventName: 'EnableKey',
        readOnly: false,
        requestParameters: { keyId: KeyId },
        responseElements: { keyId: key.arn },
        resources: [key.arn],
      })
    }
  })

  requiredTest('EnableKey', {}, 'KeyId')
  notPendingDeletionTests('EnableKey', {})
  identifierTests({ operation: 'EnableKey', member: 'KeyId', rest: () => ({}), aliases: false, knowsInvalidArn: true })
})
