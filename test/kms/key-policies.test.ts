import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { MemoryKms } from '../support/memory-kms.ts'

const root = 'arn:aws:iam::111122223333:root'
const role = 'arn:aws:iam::111122223333:role/team/App'
const roleId = 'AROAEXAMPLE0000000001'
const lockedOut = 'The new key policy will not allow you to update the key policy in the future.'

const statement = (AWS: unknown, more: object = {}): object => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'kms:*',
  Resource: '*',
  ...more,
})
// Spaces that only a text kept as it was would still have.
const policy = (...statements: readonly object[]): string =>
  `{ "Version": "2012-10-17",\t"Statement" :${JSON.stringify(statements)} }\n`
const textOf = async (kms: MemoryKms, KeyId: string): Promise<unknown> =>
  (await kms.run('GetKeyPolicy', { KeyId })).output['Policy']
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

for (const answers of ['at once', 'later'] as const) {
  describe(`key policies, when ports answer ${answers}`, () => {
    it('are stored with users and roles by unique id and shown by ARN', async () => {
      const kms = new MemoryKms(answers)
      kms.principals.set(role, roleId)
      const KeyId = await kms.createKey()
      const text = policy(statement(root), statement([role, '*'], { Sid: role }))
      const { output, changes } = await kms.run('PutKeyPolicy', { KeyId, Policy: text })
      assert.deepEqual(output, {})
      const stored = text.replace(`["${role}","*"]`, `["${roleId}","*"]`)
      const [changed, kept, superseded] = changes
      assert.ok(changed?.kind === 'key changed')
      assert.equal(changed.key.policy, stored)
      assert.deepEqual(kept, { kind: 'policy text kept', hash: sha256(stored), text: stored, keptAt: kms.now })
      // The one that was in force until now, too.
      assert.ok(superseded?.kind === 'policy text kept' && superseded.text !== stored)
      assert.equal(superseded.keptAt, kms.now)
      assert.equal(await textOf(kms, KeyId), text)
    })

    it('show a principal that is gone by its id, and can not be put so again', async () => {
      const kms = new MemoryKms(answers)
      kms.principals.set(role, roleId)
      const text = policy(statement(root), statement(role))
      const KeyId = await kms.createKey({ Policy: text })
      kms.principals.delete(role)
      const shown = await textOf(kms, KeyId)
      assert.equal(shown, text.replace(role, roleId))
      assert.deepEqual(await kms.refusal('PutKeyPolicy', { KeyId, Policy: shown }), {
        code: 'MalformedPolicyDocumentException',
        message: 'Policy contains a statement with one or more invalid principals.',
      })
      // A namesake is somebody else.
      kms.principals.set(role, 'AROAEXAMPLE0000000002')
      assert.equal(await textOf(kms, KeyId), text.replace(role, roleId))
    })

    it('name accounts by the ARN of their root user', async () => {
      const kms = new MemoryKms(answers)
      const KeyId = await kms.createKey({ Policy: policy(statement('111122223333')) })
      assert.equal(await textOf(kms, KeyId), policy(statement(root)))
    })

    it('are not written again when they are the same', async () => {
      const kms = new MemoryKms(answers)
      kms.principals.set(role, roleId)
      const text = policy(statement([root, role]))
      const KeyId = await kms.createKey({ Policy: text })
      assert.deepEqual((await kms.run('PutKeyPolicy', { KeyId, Policy: text })).changes, [])
    })

    it('must not lock out who puts them, unless that is asked for', async () => {
      const kms = new MemoryKms(answers)
      kms.principals.set(role, roleId)
      const KeyId = await kms.createKey()
      const Policy = policy(statement(role))
      const refused = { code: 'MalformedPolicyDocumentException', message: lockedOut }
      assert.deepEqual(await kms.refusal('PutKeyPolicy', { KeyId, Policy }), refused)
      assert.deepEqual(
        await kms.refusal('PutKeyPolicy', { KeyId, Policy, BypassPolicyLockoutSafetyCheck: false }),
        refused,
      )
      assert.deepEqual(await kms.refusal('CreateKey', { Policy }), refused)
      await kms.run('PutKeyPolicy', { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true })
      assert.equal(await textOf(kms, KeyId), Policy)
      assert.equal(await textOf(kms, await kms.createKey({ Policy, BypassPolicyLockoutSafetyCheck: true })), Policy)
    })
  })
}

describe('the lockout safety check', () => {
  const deny = (more: object): object => statement('*', { Effect: 'Deny', ...more })
  const refused: readonly (readonly [string, readonly object[]])[] = [
    ['a policy that allows everything else', [statement(root, { Action: ['kms:Get*', 'kms:Encrypt'] })]],
    ['a statement without actions', [statement(root, { Action: undefined })]],
    ['a statement without resources', [statement(root, { Resource: undefined })]],
    ['a policy for another key', [statement(root, { Resource: 'arn:aws:kms:eu-central-1:111122223333:key/other' })]],
    ['a policy that denies it to everybody', [statement(root), deny({ Action: 'kms:Put*' })]],
    ['a condition of the key that does not hold', [statement(root, condition('kms:KeySpec', 'RSA_2048'))]],
    ['a condition on what is not known yet', [statement(root, condition('aws:SourceVpce', 'vpce-1'))]],
    ['a condition on a tag that the key does not have', [statement(root, condition('aws:ResourceTag/team', 'red'))]],
    ['a policy for another account', [statement('444455556666')]],
  ]
  for (const [what, statements] of refused) {
    it(`refuses ${what}`, async () => {
      const kms = new MemoryKms()
      const Policy = policy(...statements)
      const Tags = [{ TagKey: 'team', TagValue: 'blue' }]
      const expected = { code: 'MalformedPolicyDocumentException', message: lockedOut }
      assert.deepEqual(await kms.refusal('CreateKey', { Policy, Tags }), expected)
      assert.equal(kms.keys.size, 0)
      const KeyId = await kms.createKey({ Tags })
      assert.deepEqual(await kms.refusal('PutKeyPolicy', { KeyId, Policy }), expected)
    })
  }

  const accepted: readonly (readonly [string, readonly object[]])[] = [
    ['what everybody may', [statement('*')]],
    ['PutKeyPolicy alone', [statement(root, { Action: 'kms:PutKeyPolicy' })]],
    ['a condition of the key that holds', [statement(root, condition('kms:KeySpec', 'SYMMETRIC_DEFAULT'))]],
    ['a condition on a tag of the key', [statement(root, condition('aws:ResourceTag/team', 'blue'))]],
    ['a condition on the account of the caller', [statement('*', condition('kms:CallerAccount', '111122223333'))]],
    [
      'a denial of bypassing the check',
      [
        statement(root),
        deny({ Action: 'kms:PutKeyPolicy', Condition: { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' } } }),
      ],
    ],
  ]
  for (const [what, statements] of accepted) {
    it(`accepts ${what}`, async () => {
      const kms = new MemoryKms()
      const Tags = [{ TagKey: 'team', TagValue: 'blue' }]
      await kms.createKey({ Policy: policy(...statements), Tags })
      const KeyId = await kms.createKey({ Tags })
      await kms.run('PutKeyPolicy', { KeyId, Policy: policy(...statements) })
    })
  }

  function condition(key: string, value: string): object {
    return { Condition: { StringEquals: { [key]: value } } }
  }
})

describe('the policy of a new key', () => {
  it('is kept beside the key, the default one too', async () => {
    const kms = new MemoryKms()
    for (const body of [{}, { Policy: policy(statement(root)) }]) {
      const [added, kept] = (await kms.run('CreateKey', body)).changes
      assert.ok(added?.kind === 'key added')
      const text = added.key.policy
      assert.deepEqual(kept, { kind: 'policy text kept', hash: sha256(text), text, keptAt: kms.now })
    }
  })

  it('is refused in the order in which KMS checks: length, syntax, principals, lockout', async () => {
    const kms = new MemoryKms()
    const KeyId = await kms.createKey()
    const gone = 'arn:aws:iam::111122223333:role/Gone'
    const cases: readonly (readonly [string, string, string])[] = [
      [
        'x'.repeat(32_769),
        'LimitExceededException',
        'The key policy is 32769 bytes long, which is more than the 32768 bytes allowed.',
      ],
      [
        policy(statement(gone, { Effect: 'Maybe' })),
        'MalformedPolicyDocumentException',
        'Syntax errors in policy. the effect must be Allow or Deny (Statement[0].Effect)',
      ],
      [policy(statement(gone, { Resource: 'key/a' })), 'InvalidArnException', 'Invalid arn key/a'],
      [
        policy(statement(gone)),
        'MalformedPolicyDocumentException',
        'Policy contains a statement with one or more invalid principals.',
      ],
      [policy(statement('444455556666')), 'MalformedPolicyDocumentException', lockedOut],
    ]
    for (const [Policy, code, message] of cases) {
      assert.deepEqual(await kms.refusal('CreateKey', { Policy }), { code, message })
      assert.deepEqual(await kms.refusal('PutKeyPolicy', { KeyId, Policy }), { code, message })
    }
    assert.deepEqual(await kms.refusal('PutKeyPolicy', { KeyId, Policy: 'x'.repeat(32_769), PolicyName: 'other' }), {
      code: 'NotFoundException',
      message: 'No such policy exists',
    })
  })
})
