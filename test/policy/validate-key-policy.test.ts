import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { validateKeyPolicy } from '#policy/validate-key-policy.ts'

const root = 'arn:aws:iam::111122223333:root'
const known = new Set(['*', root, '111122223333', 'arn:aws:iam::111122223333:role/App', 'AROAEXAMPLE0000000001'])
const good = { Sid: 'All of it!', Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' }

const textOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Id: 'any id', Statement: statements })
const judge = (...statements: readonly object[]): unknown => validateKeyPolicy(textOf(...statements), known)
const malformed = (message: string): object => ({ code: 'MalformedPolicyDocumentException', message })
const invalidPrincipals = malformed('Policy contains a statement with one or more invalid principals.')

describe('a key policy', () => {
  it('is accepted with every form of principal that exists', () => {
    const principals = [
      '*',
      { AWS: '*' },
      { AWS: '111122223333' },
      { AWS: [root, 'AROAEXAMPLE0000000001'] },
      { Service: 'logs.eu-central-1.amazonaws.com' },
      { AWS: 'arn:aws:iam::111122223333:role/App', Service: ['s3.amazonaws.com', 'ec2.amazonaws.com.cn'] },
    ]
    for (const Principal of principals)
      assert.equal(judge({ ...good, Principal }), undefined, JSON.stringify(Principal))
    const { Principal, ...rest } = good
    assert.equal(judge({ ...rest, Effect: 'Deny', NotPrincipal: Principal }), undefined)
  })

  it('is accepted without version and id, with a lone statement, and as version 2008-10-17', () => {
    assert.equal(validateKeyPolicy(JSON.stringify({ Statement: good }), known), undefined)
    assert.equal(validateKeyPolicy(JSON.stringify({ Version: '2008-10-17', Statement: [good] }), known), undefined)
  })

  it('may have statements without actions or resources, which have no effect', () => {
    const { Action, Resource, ...rest } = good
    assert.equal(judge({ ...rest, Action }), undefined)
    assert.equal(judge({ ...rest, Resource }), undefined)
  })

  it('may name actions of other services and ARN patterns as resources', () => {
    const statement = {
      ...good,
      Action: ['s3:GetObject', 'kms:Describe*', '*'],
      Resource: ['arn:aws:kms:*:*:key/*', '*'],
    }
    assert.equal(judge(statement), undefined)
  })

  it('must not be longer than 32,768 bytes', () => {
    const ofSize = (bytes: number): string => textOf(good).padEnd(bytes, ' ')
    assert.equal(validateKeyPolicy(ofSize(32_768), known), undefined)
    assert.deepEqual(validateKeyPolicy(ofSize(32_769), known), {
      code: 'LimitExceededException',
      message: 'The key policy is 32769 bytes long, which is more than the 32768 bytes allowed.',
    })
    const umlauts = textOf({ ...good, Sid: 'ü'.repeat(16_384) })
    assert.equal(validateKeyPolicy(umlauts, known)?.code, 'LimitExceededException')
  })

  it('must be the JSON of a policy, and the refusal says where it is not', () => {
    const texts: readonly (readonly [string, string])[] = [
      ['', 'not valid JSON: a value was expected (character 0)'],
      ['not a policy', 'not valid JSON: a value was expected (character 0)'],
      ['{"Version":"2012-10-17","Statement":[]}', 'the list is empty (Statement)'],
      ['{"Version":"2012-10-17"}', 'there is no Statement'],
      [textOf(good).replace('"Id"', '"Version"'), 'not valid JSON: the member "Version" stands twice (character 24)'],
      [textOf({ ...good, Effect: 'allow' }), 'the effect must be Allow or Deny (Statement[0].Effect)'],
      [textOf({ ...good, Principle: '*' }), 'unknown element "Principle" (Statement[0])'],
      [textOf(good, { ...good, NotAction: 'kms:*' }), 'Action and NotAction exclude each other (Statement[1])'],
      ['{"Version":"2012-10-17","Statement":[{"Sid":"Ā"}]}', 'a character is not allowed'],
    ]
    for (const [text, problem] of texts) {
      assert.deepEqual(validateKeyPolicy(text, known), malformed(`Syntax errors in policy. ${problem}`), text)
    }
  })

  it('must not have operators that do not exist', () => {
    assert.deepEqual(
      judge({ ...good, Condition: { StringSame: { 'aws:username': 'x' } } }),
      malformed('Syntax errors in policy. there is no condition operator "StringSame" (Statement[0].Condition)'),
    )
  })

  it('is not quoted at length when it is refused', () => {
    const fault = validateKeyPolicy(textOf({ ...good, ['x'.repeat(10_000)]: 1 }), known)
    assert.ok(fault !== undefined && fault.message.length < 400)
  })

  it('needs a principal in every statement', () => {
    const { Principal, ...rest } = good
    for (const statement of [rest, { ...rest, Principal: {} }, { ...rest, Principal: { AWS: [] } }]) {
      assert.deepEqual(judge(good, statement), malformed('Policy contains a statement with no principal.'))
    }
    assert.ok(Principal)
  })

  it('must not allow everybody but some', () => {
    const { Principal, ...rest } = good
    assert.deepEqual(
      judge({ ...rest, NotPrincipal: Principal }),
      malformed('Syntax errors in policy. Allow with NotPrincipal (Statement[0])'),
    )
  })

  it('must name no principals that do not exist, cannot be one, or only look like one', () => {
    const strangers = [
      { AWS: 'arn:aws:iam::111122223333:role/Gone' },
      { AWS: [root, 'AIDAEXAMPLE0000000009'] },
      { AWS: 'arn:aws:iam::111122223333:group/Staff' },
      { AWS: 'arn:aws:iam::111122223333:role/*' },
      { AWS: 'arn:aws:iam::111122223333:ROOT' },
      { AWS: 'arn:aws:iam::111122223333:role/\u0410pp' },
      { AWS: ` ${root}` },
      { AWS: '' },
      { Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com' },
      { AWS: root, Federated: 'cognito-identity.amazonaws.com' },
      { Service: '*' },
      { Service: '*.amazonaws.com' },
      { Service: 's3.example.com' },
      { Service: 'S3.amazonaws.com' },
      { Service: 'amazonaws.com' },
      { Service: 's3.amazonaws.com.evil.com' },
      { Service: '\u0455\u0033.amazonaws.com' },
    ]
    for (const Principal of strangers) {
      const text = textOf(good, { ...good, Principal }).replace(/[^ -ÿ]/g, (one) => {
        return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
      })
      assert.deepEqual(validateKeyPolicy(text, known), invalidPrincipals, text)
    }
  })

  it('must have actions of services, in letters that are theirs', () => {
    assert.deepEqual(
      judge({ ...good, Action: 'Decrypt' }),
      malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'),
    )
    const kelvin = textOf({ ...good, Action: 'X:Decrypt' }).replace('X', '\\u212Ams')
    assert.deepEqual(validateKeyPolicy(kelvin, known), malformed('Vendor \u212Ams is not valid'))
    const dotless = textOf({ ...good, Action: 'kms:X' }).replace('X', 'S\\u0131gn')
    assert.deepEqual(validateKeyPolicy(dotless, known), malformed('Action kms:S\u0131gn is not valid'))
  })

  it('must have ARNs or a star as resources', () => {
    for (const Resource of ['key/1234', 'arn:aws:kms:eu-central-1', '', '**']) {
      const message = `Invalid arn ${Resource}`
      assert.deepEqual(judge({ ...good, Resource }), { code: 'InvalidArnException', message })
      const inverted = { ...good, Resource: undefined, NotResource: Resource }
      assert.deepEqual(judge(inverted), { code: 'InvalidArnException', message })
    }
  })

  it('must not use ForAllValues where there is one value', () => {
    const message =
      'OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator with a single-valued condition key ' +
      'matches requests without the specified encryption context or with an unspecified encryption context. To fix, remove ' +
      'ForAllValues.'
    for (const operator of ['ForAllValues:StringEquals', 'forallvalues:StringLikeIfExists']) {
      for (const key of ['kms:EncryptionContext:App', 'KMS:encryptioncontext:app']) {
        assert.deepEqual(judge(good, { ...good, Condition: { [operator]: { [key]: 'x' } } }), malformed(message))
      }
    }
    assert.deepEqual(
      judge({ ...good, Condition: { 'ForAllValues:StringEquals': { 'aws:RequestTag/team': 'x' } } }),
      malformed(
        'OverlyPermissiveCondition:RequestTag: Using the ForAllValues set operator with a single-valued condition key ' +
          'matches requests without the specified tag or with an unspecified tag. To fix, remove ForAllValues.',
      ),
    )
  })

  it('may use ForAllValues where there are several, and ForAnyValue anywhere', () => {
    const conditions = [
      { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': 'x', 'aws:TagKeys': 'y' } },
      { 'ForAnyValue:StringEquals': { 'kms:EncryptionContext:App': 'x' } },
      { StringEquals: { 'kms:EncryptionContext:App': 'x' } },
    ]
    for (const Condition of conditions) assert.equal(judge({ ...good, Condition }), undefined)
  })
})

describe('hostile key policies', () => {
  const soon = (what: string, text: string): void => {
    it(`refuses ${what} at once`, () => {
      const begun = performance.now()
      assert.notEqual(validateKeyPolicy(text, known), undefined)
      assert.ok(performance.now() - begun < 500)
    })
  }
  soon('deep nesting', `{"Statement":${'['.repeat(15_000)}`)
  soon('deep nesting that is closed', `{"Statement":${'[{"a":'.repeat(3000)}1${'}]'.repeat(3000)}}`)
  soon('a deeply nested principal', `{"Statement":[{"Principal":${'{"AWS":'.repeat(3000)}1${'}'.repeat(3000)}}]}`)
  soon('many statements', textOf(...Array.from({ length: 600 }, () => ({ Effect: 'Deny', Action: '*' }))))
  soon('many members', `{${Array.from({ length: 3000 }, (_, n) => `"m${n}":1`).join()}}`)
  soon('a service of many dots', textOf({ ...good, Principal: { Service: 'a.'.repeat(15_000) } }))
  soon('a resource of many colons', textOf({ ...good, Resource: `x${':'.repeat(30_000)}` }))
  soon('an action of many stars', textOf({ ...good, Action: `kms:${'*'.repeat(30_000)}!` }))
})
