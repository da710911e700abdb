import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, requiredTest } from './rules.ts'
import {
  createDisabledKey,
  createKey,
  createKeyPendingDeletion,
  deny,
  expectRecord,
  refuse,
  refuseInvalid,
  rootArn,
  succeed,
  succeedEmpty,
} from './service.ts'

const allowAll = { Effect: 'Allow', Principal: { AWS: rootArn }, Action: 'kms:*', Resource: '*' }
const textOf = (...statements: readonly object[]): string =>
  `{ "Version" : "2012-10-17",\n\t"Statement": ${JSON.stringify(statements)} }`
const policy = textOf(allowAll)
const lockedOut = 'The new key policy will not allow you to update the key policy in the future.'

describe('PutKeyPolicy', () => {
  it('replaces the policy, which is then read back as it was put', async () => {
    const { id } = await createKey()
    await succeedEmpty('PutKeyPolicy', { KeyId: id, PolicyName: 'default', Policy: policy })
    const { json } = await succeed('GetKeyPolicy', { KeyId: id })
    assert.deepEqual(json, { Policy: policy, PolicyName: 'default' })
  })

  it('shows the twelve digits of an account as the ARN of its root user', async () => {
    const { id } = await createKey()
    const short = textOf({ ...allowAll, Principal: { AWS: '111122223333' } })
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy: short })
    assert.equal((await succeed('GetKeyPolicy', { KeyId: id })).json['Policy'], policy)
  })

  it('takes effect with the next request, for the root user too', async () => {
    const { id, arn } = await createKey()
    const closed = textOf({ ...allowAll, Action: ['kms:PutKeyPolicy', 'kms:GetKeyPolicy'] })
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy: closed })
    const denied = (action: string): string =>
      `User: ${rootArn} is not authorized to perform: ${action} on resource: ${arn} because no resource-based policy ` +
      `allows the ${action} action`
    await deny('DescribeKey', { KeyId: id }, denied('kms:DescribeKey'))
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy: policy })
    await succeed('DescribeKey', { KeyId: id })
  })

  it('works in every key state', async () => {
    for (const create of [createKey, createDisabledKey, createKeyPendingDeletion]) {
      await succeedEmpty('PutKeyPolicy', { KeyId: (await create()).id, Policy: policy })
    }
  })

  it('refuses a policy that would lock out who puts it, unless that is asked for', async () => {
    const { id } = await createKey()
    const Policy = textOf({ ...allowAll, Action: 'kms:Describe*' })
    const code = 'MalformedPolicyDocumentException'
    await refuse('PutKeyPolicy', { KeyId: id, Policy }, code, lockedOut)
    await refuse('PutKeyPolicy', { KeyId: id, Policy, BypassPolicyLockoutSafetyCheck: false }, code, lockedOut)
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy, BypassPolicyLockoutSafetyCheck: true })
  })

  it('can be forbidden to bypass the check', async () => {
    const { id, arn } = await createKey()
    const forbidden = {
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:PutKeyPolicy',
      Resource: '*',
      Condition: { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' } },
    }
    const Policy = textOf(allowAll, forbidden)
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy })
    await deny(
      'PutKeyPolicy',
      { KeyId: id, Policy, BypassPolicyLockoutSafetyCheck: true },
      `User: ${rootArn} is not authorized to perform: kms:PutKeyPolicy on resource: ${arn} with an explicit deny in a ` +
        'resource-based policy',
    )
    for (const BypassPolicyLockoutSafetyCheck of [false, undefined]) {
      await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy, BypassPolicyLockoutSafetyCheck })
    }
  })

  it('refuses what is no policy, has no principal or one that does not exist, or is too long', async () => {
    const { id } = await createKey()
    const refusals: readonly (readonly [string, string, string])[] = [
      [
        '{}',
        'MalformedPolicyDocumentException',
        // unverified wording
        'Syntax errors in policy. there is no Statement',
      ],
      [
        textOf({ ...allowAll, Principal: undefined }),
        'MalformedPolicyDocumentException',
        'Policy contains a statement with no principal.',
      ],
      [
        textOf({ ...allowAll, Principal: { AWS: 'arn:aws:iam::111122223333:role/Nobody' } }),
        'MalformedPolicyDocumentException',
        'Policy contains a statement with one or more invalid principals.',
      ],
      [
        policy.padEnd(32_769, ' '),
        'LimitExceededException',
        // unverified wording
        'The key policy is 32769 bytes long, which is more than the 32768 bytes allowed.',
      ],
      // unverified wording
      [textOf({ ...allowAll, Resource: 'key/1' }), 'InvalidArnException', 'Invalid arn key/1'],
    ]
    for (const [Policy, code, message] of refusals) {
      await refuse('PutKeyPolicy', { KeyId: id, Policy }, code, message)
    }
    await succeedEmpty('PutKeyPolicy', { KeyId: id, Policy: policy.padEnd(32_768, ' ') })
  })

  it('refuses another policy name', async () => {
    const { id } = await createKey()
    for (const PolicyName of ['other', 'Default']) {
      await refuse(
        'PutKeyPolicy',
        { KeyId: id, Policy: policy, PolicyName },
        'NotFoundException',
        'No such policy exists',
      )
    }
  })

  it('refuses a policy and a policy name that the model does not allow', async () => {
    const { id } = await createKey()
    const at = (value: string, member: string): string =>
      `Value '${value}' at '${member}' failed to satisfy constraint: Member must`
    await refuseInvalid(
      'PutKeyPolicy',
      { KeyId: id, Policy: '{"a":"Ā"}' },
      `${at('{"a":"Ā"}', 'policy')} satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+`,
    )
    await refuseInvalid(
      'PutKeyPolicy',
      { KeyId: id, Policy: policy, PolicyName: 'a-b' },
      `${at('a-b', 'policyName')} satisfy regular expression pattern: [\\w]+`,
    )
    const long = 'x'.repeat(131_073)
    await refuseInvalid(
      'PutKeyPolicy',
      { KeyId: id, Policy: long },
      `${at(long, 'policy')} have length less than or equal to 131072`,
    )
  })

  it('records the policy, the name and whether the check was bypassed', async () => {
    const key = await createKey()
    const answered = await succeedEmpty('PutKeyPolicy', { KeyId: key.id, Policy: policy })
    await expectRecord(answered, {
      eventName: 'PutKeyPolicy',
      readOnly: false,
      requestParameters: {
        keyId: key.id,
        policy,
        policyName: 'default',
        bypassPolicyLockoutSafetyCheck: false,
      },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
  })

  it('records a refusal and leaves the policy as it was', async () => {
    const key = await createKey()
    const before = (await succeed('GetKeyPolicy', { KeyId: key.id })).text
    const Policy = textOf({ ...allowAll, Action: 'kms:Describe*' })
    const code = 'MalformedPolicyDocumentException'
    const answered = await refuse('PutKeyPolicy', { KeyId: key.id, Policy }, code, lockedOut)
    await expectRecord(answered, {
      eventName: 'PutKeyPolicy',
      readOnly: false,
      requestParameters: {
        keyId: key.id,
        policy: Policy,
        policyName: 'default',
        bypassPolicyLockoutSafetyCheck: false,
      },
      resources: [key.arn],
      errorCode: code,
      errorMessage: lockedOut,
    })
    assert.equal((await succeed('GetKeyPolicy', { KeyId: key.id })).text, before)
  })

  requiredTest('PutKeyPolicy', { Policy: policy }, 'KeyId')
  identifierTests({
    operation: 'PutKeyPolicy',
    member: 'KeyId',
    rest: () => ({ Policy: policy }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
