import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { base64, createKey, expectRecord, objectIn, refuse, succeed, succeedEmpty } from './service.ts'

describe('DisableKey', () => {
  it('ends cryptographic use at once and answers nothing', async () => {
    const key = await createKey()
    await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('a') })
    await succeedEmpty('DisableKey', { KeyId: key.id })
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    assert.deepEqual([metadata['Enabled'], metadata['KeyState']], [false, 'Disabled'])
    // Several connections: both workers have to know.
    const refused = Array.from({ length: 8 }, () =>
      refuse('Encrypt', { KeyId: key.id, Plaintext: base64('a') }, 'DisabledException', `${key.arn} is disabled.`),
    )
    await Promise.all(refused)
  })

  it('records the key, whether or not anything changed', async () => {
    const key = await createKey()
    for (const KeyId of [key.id, key.arn]) {
      const answered = await succeedEmpty('DisableKey', { KeyId })
      await expectRecord(answered, {
        eventName: 'DisableKey',
        readOnly: false,
        requestParameters: { keyId: KeyId },
        responseElements: { keyId: key.arn },
        resources: [key.arn],
      })
    }
  })

  requiredTest('DisableKey', {}, 'KeyId')
  notPendingDeletionTests('DisableKey', {})
  identifierTests({ operation: 'DisableKey', member: 'KeyId', rest: () => ({}), aliases: false, knowsInvalidArn: true })
})
