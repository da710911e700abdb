import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, refuse, refuseInvalid, succeed } from './service.ts'

const defaultPolicy = `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`

describe('GetKeyPolicy', () => {
  it('answers the default policy, to the space, and its name', async () => {
    const { id } = await createKey()
    for (const input of [{ KeyId: id }, { KeyId: id, PolicyName: 'default' }]) {
      const { json } = await succeed('GetKeyPolicy', input)
      assert.deepEqual(json, { Policy: defaultPolicy, PolicyName: 'default' })
    }
  })

  it('refuses another policy name', async () => {
    const key = await createKey()
    for (const PolicyName of ['other', 'Default', 'd'.repeat(128)]) {
      const input = { KeyId: key.id, PolicyName }
      const answered = await refuse('GetKeyPolicy', input, 'NotFoundException', 'No such policy exists')
      await expectRecord(answered, {
        eventName: 'GetKeyPolicy',
        readOnly: true,
        requestParameters: { keyId: key.id, policyName: PolicyName },
        resources: [key.arn],
        errorCode: 'NotFoundException',
        errorMessage: 'No such policy exists',
      })
    }
  })

  it('refuses a policy name that the model does not allow', async () => {
    const { id } = await createKey()
    const at = (value: string): string => `Value '${value}' at 'policyName' failed to satisfy constraint: Member must`
    await refuseInvalid(
      'GetKeyPolicy',
      { KeyId: id, PolicyName: 'a-b' },
      `${at('a-b')} satisfy regular expression pattern: [\\w]+`,
    )
    const long = 'd'.repeat(129)
    await refuseInvalid(
      'GetKeyPolicy',
      { KeyId: id, PolicyName: long },
      `${at(long)} have length less than or equal to 128`,
    )
  })

  it('records what was asked and no policy', async () => {
    const key = await createKey()
    const answered = await succeed('GetKeyPolicy', { KeyId: key.id, PolicyName: 'default' })
    await expectRecord(answered, {
      eventName: 'GetKeyPolicy',
      readOnly: true,
      requestParameters: { keyId: key.id, policyName: 'default' },
      resources: [key.arn],
    })
  })

  requiredTest('GetKeyPolicy', {}, 'KeyId')
  anyStateTest('GetKeyPolicy')
  identifierTests({
    operation: 'GetKeyPolicy',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
