import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, pagingRefusalTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, succeed } from './service.ts'

describe('ListKeyPolicies', () => {
  it('answers the one name, whatever the limit', async () => {
    const { id } = await createKey()
    for (const input of [{ KeyId: id }, { KeyId: id, Limit: 1 }]) {
      const { text } = await succeed('ListKeyPolicies', input)
      assert.equal(text, '{"PolicyNames":["default"],"Truncated":false}')
    }
  })

  it('records what was asked', async () => {
    const key = await createKey()
    const answered = await succeed('ListKeyPolicies', { KeyId: key.id, Limit: 5 })
    await expectRecord(answered, {
      eventName: 'ListKeyPolicies',
      readOnly: true,
      requestParameters: { keyId: key.id, limit: 5 },
      resources: [key.arn],
    })
  })

  requiredTest('ListKeyPolicies', {}, 'KeyId')
  anyStateTest('ListKeyPolicies')
  pagingRefusalTests('ListKeyPolicies', 1000, async () => ({ KeyId: (await createKey()).id }))
  identifierTests({
    operation: 'ListKeyPolicies',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
