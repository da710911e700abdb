import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'

const good = { Sid: 'One1', Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }
const textOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
const judge = (...statements: readonly object[]): string | undefined => {
  const fault = validateIdentityPolicy(textOf(...statements))
  if (fault !== undefined) assert.equal(fault.code, 'MalformedPolicyDocumentException')
  return fault?.message
}
// JSON leaves out what is undefined.
const without = (name: keyof typeof good, more: object = {}): object => ({ ...good, [name]: undefined, ...more })

describe('an identity policy', () => {
  it('is accepted in all its forms', () => {
    assert.equal(judge(good), undefined)
    assert.equal(judge(good, without('Sid'), without('Sid')), undefined)
    assert.equal(judge({ ...good, Sid: '' }), undefined)
    assert.equal(judge({ ...good, Action: ['*', 'kms:*', 's3:Get?bject', '*:Describe*', 'KMS:decrypt'] }), undefined)
    assert.equal(judge(without('Action', { NotAction: 'iam:*' })), undefined)
    assert.equal(judge(without('Resource', { NotResource: 'arn:aws:kms:*:111122223333:key/*' })), undefined)
    assert.equal(judge({ ...good, Condition: { Bool: { 'aws:SecureTransport': true } } }), undefined)
    const lone = JSON.stringify({ Version: '2012-10-17', Id: 'allowed', Statement: good })
    assert.equal(validateIdentityPolicy(lone), undefined)
  })

  it('may name resources of every service', () => {
    const resources = [
      'arn:aws:kms:eu-central-1:111122223333:key/*',
      'arn:aws-cn:kms:cn-north-1:111122223333:alias/a',
      'arn:aws:s3:::bucket/*',
      'arn:aws:iam::111122223333:role/*',
      'arn:aws:iam::*:user/${aws:username}',
      'arn:aws:iam::111122223333:*',
      'arn:*:sts::111122223333:assumed-role/a/b:c',
    ]
    for (const Resource of resources) assert.equal(judge({ ...good, Resource }), undefined, Resource)
  })

  it('must be the JSON of a policy', () => {
    const texts = [
      '',
      '{',
      '[]',
      '"x"',
      '{"Version":"2012-10-17"}',
      '{"Version":"2012-10-17","Statement":[]}',
      '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
      textOf({ ...good, Effect: 'allow' }),
      textOf({ ...good, Extra: 1 }),
      textOf({ ...good, Action: [] }),
      textOf({ ...good, Action: 7 }),
      textOf({ ...good, Condition: { Equals: { a: 'b' } } }),
      textOf(good).replace('2012', '2020'),
    ]
    for (const text of texts) {
      assert.deepEqual(
        validateIdentityPolicy(text),
        { code: 'MalformedPolicyDocumentException', message: 'Syntax errors in policy.' },
        text,
      )
    }
  })

  it('must have the version with variables', () => {
    const message = 'Policy document must be version 2012-10-17 or greater.'
    for (const text of [JSON.stringify({ Statement: good }), textOf(good).replace('2012', '2008')]) {
      assert.equal(validateIdentityPolicy(text)?.message, message)
    }
  })

  it('must not name principals', () => {
    const message = 'Policy document should not specify a principal.'
    assert.equal(judge({ ...good, Principal: '*' }), message)
    assert.equal(judge({ ...good, Effect: 'Deny', NotPrincipal: { AWS: '111122223333' } }), message)
  })

  it('must have statement ids of letters and digits, each once', () => {
    const message =
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
    for (const Sid of ['a b', 'a-b', 'ä', 'a\n']) assert.equal(judge({ ...good, Sid }), message)
    assert.equal(judge(good, good), 'Statement IDs (SID) in a single policy must be unique.')
    assert.equal(judge(good, { ...good, Sid: 'one1' }), undefined)
  })

  it('must have actions and resources in every statement', () => {
    assert.equal(judge(good, without('Action', { Sid: '' })), 'Policy statement must contain actions.')
    assert.equal(judge(without('Resource', { Sid: '' }), without('Action')), 'Policy statement must contain actions.')
    assert.equal(judge(good, without('Resource', { Sid: '' })), 'Policy statement must contain resources.')
  })

  it('must have actions with the prefix of a service', () => {
    const actions = {
      Decrypt: 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
      'kms:Decrypt:all': 'Actions/Condition can contain only one colon.',
      'km?:Decrypt': 'Vendor km? is not valid',
      ':Decrypt': 'Vendor  is not valid',
      '\u212Ams:Decrypt': 'Vendor \u212Ams is not valid',
      'kms:Decrypt ': 'Action kms:Decrypt  is not valid',
      'kms:\uff24ecrypt': 'Action kms:\uff24ecrypt is not valid',
    }
    for (const [Action, message] of Object.entries(actions)) {
      assert.equal(judge({ ...good, Action }), message)
      assert.equal(judge(without('Action', { NotAction: ['s3:*', Action] })), message)
    }
  })

  it('must have resources that are whole ARNs or a star', () => {
    const resources = {
      'my-key': 'Resource my-key must be in ARN format or "*".',
      '': 'Resource  must be in ARN format or "*".',
      'key:aws:kms:::key/a': 'Resource key:aws:kms:::key/a must be in ARN format or "*".',
      'arn:aws:kms:eu-central-1': 'Resource arn:aws:kms:eu-central-1 must be in ARN format or "*".',
      'arn:other:kms:::key/a': 'Partition "other" is not valid for resource "arn:other:kms:::key/a".',
      'arn:other': 'Partition "other" is not valid for resource "arn:other:*:*:*:*".',
      'arn:aws:k*:::key/a': 'Resource vendor must be fully qualified and cannot contain regexes.',
      'arn:aws:::key/a:b': 'Resource vendor must be fully qualified and cannot contain regexes.',
      'arn:aws:iam:us-east-1:111122223333:role/a':
        'IAM resource arn:aws:iam:us-east-1:111122223333:role/a cannot contain region information.',
      'arn:aws:iam::111122223333:rôle/a':
        'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, ' +
        'mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.',
    }
    for (const [Resource, message] of Object.entries(resources)) {
      assert.equal(judge({ ...good, Resource }), message)
      assert.equal(judge(without('Resource', { NotResource: ['*', Resource] })), message)
    }
  })

  it('is judged in time in proportion to its length', () => {
    const begun = performance.now()
    assert.equal(judge({ ...good, Action: Array.from({ length: 8000 }, () => 'kms:Decrypt') }), undefined)
    assert.equal(judge({ ...good, Action: `kms:${'*'.repeat(100_000)}` }), undefined)
    assert.notEqual(judge({ ...good, Resource: `arn:aws:iam${':'.repeat(100_000)}` }), undefined)
    assert.notEqual(judge({ ...good, Resource: 'a:'.repeat(50_000) }), undefined)
    assert.notEqual(validateIdentityPolicy('['.repeat(130_000)), undefined)
    assert.ok(performance.now() - begun < 1500)
  })
})
