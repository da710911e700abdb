import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Grant } from '#policy/grant.ts'
import { keepsAccess } from '#policy/lockout.ts'
import type { Question } from '#policy/question.ts'
import { alice, ask, bob, key, keyWith, policyText, session } from './questions.ts'
import { accountOf, attached, contextOf, subjectOf } from './subjects.ts'

const everybody = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }
const root = 'arn:aws:iam::111122223333:root'
const delegation = { ...everybody, Principal: { AWS: root } }
const anything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

/** The outcome in short: what allowed, or why and where not. */
function outcome(question: Question): string {
  const decision = evaluate(question)
  return decision.allowed ? decision.by : `${decision.because}: ${decision.layer}`
}

describe('NotPrincipal with Deny', () => {
  const rows: readonly (readonly [string, unknown, Question['subject'], boolean])[] = [
    ['exempts a user listed with its account', { AWS: [root, 'arn:aws:iam::111122223333:user/Alice'] }, alice, true],
    ['denies a user listed without its account', { AWS: 'arn:aws:iam::111122223333:user/Alice' }, alice, false],
    ['denies a user whose account alone is listed', { AWS: root }, alice, false],
    [
      'denies a session listed without its role',
      { AWS: [root, 'arn:aws:sts::111122223333:assumed-role/App/s1'] },
      session,
      false,
    ],
    [
      'exempts a session listed with its role and account',
      { AWS: ['111122223333', 'arn:aws:iam::111122223333:role/App', 'arn:aws:sts::111122223333:assumed-role/App/s1'] },
      session,
      true,
    ],
    ['exempts a listed service', { Service: 'x.amazonaws.com' }, subjectOf('x.amazonaws.com'), true],
    ['denies a service named as something else', { AWS: 'x.amazonaws.com' }, subjectOf('x.amazonaws.com'), false],
    ['exempts everybody by a star', '*', alice, true],
  ]
  for (const [name, element, subject, exempt] of rows) {
    it(name, () => {
      const deny = { Effect: 'Deny', NotPrincipal: element, Action: 'kms:*', Resource: '*' }
      assert.equal(evaluate(ask([everybody, deny], { subject })).allowed, exempt)
    })
  }
})

describe('actions and resources of a statement', () => {
  const rows: readonly (readonly [string, object, boolean])[] = [
    ['a NotAction of another action matches', { NotAction: 'kms:Encrypt', Resource: '*' }, true],
    ['a NotAction of the action does not', { NotAction: ['kms:Encrypt', 'KMS:DEC*'], Resource: '*' }, false],
    ['an action matches without regard to case', { Action: 'KMS:decrypt', Resource: '*' }, true],
    ['an action matches by a question mark', { Action: 'kms:Decryp?', Resource: '*' }, true],
    ['an action must match as a whole', { Action: 'kms:Decryp', Resource: '*' }, false],
    ['a statement without an action has no effect', { Resource: '*' }, false],
    ['a statement without a resource has no effect', { Action: '*' }, false],
    ['a resource matches in full', { Action: '*', Resource: key }, true],
    ['a resource matches by region and id', { Action: '*', Resource: 'arn:aws:kms:*:111122223333:key/*' }, true],
    ['a star does not reach over components', { Action: '*', Resource: 'arn:aws:*:key/*' }, false],
    ['a resource is compared with case', { Action: '*', Resource: key.toUpperCase() }, false],
    ['a bare id is no resource', { Action: '*', Resource: '1234abcd-12ab-34cd-56ef-1234567890ab' }, false],
    [
      'a variable stands in the sixth component',
      { Action: '*', Resource: 'arn:aws:kms:us-east-1:111122223333:key/${id}' },
      true,
    ],
    ['a variable stands in no other', { Action: '*', Resource: 'arn:aws:kms:${region}:111122223333:key/*' }, false],
    ['a variable is no pattern', { Action: '*', Resource: 'arn:aws:kms:us-east-1:111122223333:key/${star}' }, false],
    ['a NotResource of another key matches', { Action: '*', NotResource: `${key}0` }, true],
    ['a NotResource of the key does not', { Action: '*', NotResource: ['arn:aws:s3:::x', key] }, false],
    ['a NotResource with an unknown variable does not', { Action: '*', NotResource: ['arn:aws:s3:::${gone}'] }, false],
    ['a default stands for a missing variable', { Action: '*', NotResource: ["arn:aws:s3:::${gone, 'x'}"] }, true],
  ]
  const context = contextOf({ id: '1234abcd-12ab-34cd-56ef-1234567890ab', region: 'us-east-1', star: '*' })
  for (const [name, elements, expected] of rows) {
    it(name, () => {
      const statement = { Effect: 'Allow', Principal: '*', ...elements }
      assert.equal(evaluate(ask([statement], { context })).allowed, expected)
    })
  }

  it('are found among many statements as among few', () => {
    const other = (number: number): object => ({
      ...everybody,
      Resource: `arn:aws:kms:us-east-1:111122223333:key/${number}-*`,
    })
    const many = Array.from({ length: 300 }, (_, number) => other(number + 2000))
    const exact = { ...everybody, Sid: 'exact', Resource: key }
    const prefix = { ...everybody, Sid: 'prefix', Resource: 'arn:aws:kms:us-east-1:111122223333:key/1234*' }
    assert.equal(evaluate(ask(many)).allowed, false)
    for (const [statements, sid] of [
      [[...many, exact, prefix], 'exact'],
      [[...many, prefix, exact], 'prefix'],
      [[...many, { ...everybody, Sid: 'all' }, prefix, exact], 'all'],
    ] as const) {
      const decision = evaluate(ask(statements))
      assert.equal(decision.allowed && decision.resourceStatement?.sid, sid)
    }
    assert.equal(outcome(ask([everybody, ...many, { ...exact, Effect: 'Deny' }])), 'explicit deny: key policy')
  })
})

describe('statements by the values that they want', () => {
  const wants = (value: unknown, operator = 'StringEquals'): object => ({
    ...everybody,
    Sid: JSON.stringify(value),
    Condition: { [operator]: { 'App:Key': value } },
  })
  const many = Array.from({ length: 100 }, (_, number) => wants(`other ${number}`))
  const sidFor = (
    statements: readonly unknown[],
    value: string | readonly string[] | undefined,
  ): string | undefined => {
    const decision = evaluate(ask(statements, { context: contextOf({ 'app:key': value, name: 'me' }) }))
    return decision.allowed ? decision.resourceStatement?.sid : undefined
  }

  it('are found among many as among few', () => {
    assert.equal(sidFor(many, 'other 57'), '"other 57"')
    assert.equal(sidFor(many, ['nothing', 'other 57', 'other 3']), '"other 3"')
    assert.equal(sidFor(many, 'other 100'), undefined)
    assert.equal(sidFor(many, undefined), undefined)
    assert.equal(sidFor([...many, wants(['x', 'y', 'y'])], 'y'), '["x","y","y"]')
    assert.equal(sidFor([...many, wants(['x', 'y'], 'ForAnyValue:StringEquals')], ['x', 'y']), '["x","y"]')
  })

  it('are not left out where a variable, an absent key or another value can match', () => {
    assert.equal(sidFor([...many, wants('${name}')], 'me'), '"${name}"')
    assert.equal(sidFor([...many, wants('x', 'StringEqualsIfExists')], undefined), '"x"')
    assert.equal(sidFor([...many, wants('x', 'ForAllValues:StringEquals')], undefined), '"x"')
    assert.equal(sidFor([...many, wants('x', 'StringNotEquals')], 'y'), '"x"')
    assert.equal(sidFor([...many, wants('x', 'StringEqualsIgnoreCase')], 'X'), '"x"')
  })
})

describe('a policy that is not understood', () => {
  const broken = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny"}]}'
  it('denies, as the error that it is, in whatever layer', () => {
    const bad = { name: 'bad', policy: compilePolicy(broken) }
    const rows: readonly (readonly [string, Partial<Question>])[] = [
      ['key policy', { resource: keyWith(broken) }],
      ['identity policy', { subject: { ...alice, identity: [bad] } }],
      ['permissions boundary', { subject: { ...alice, boundary: bad } }],
      ['session policy', { subject: { ...alice, session: [bad] } }],
      ['service control policy', { subject: { ...alice, serviceControl: [[bad]] } }],
      ['resource control policy', { resource: { ...keyWith(policyText(everybody)), resourceControl: [[bad]] } }],
      ['endpoint policy', { endpoint: bad }],
    ]
    for (const [layer, changes] of rows) {
      const decision = evaluate(ask([everybody], changes))
      assert.ok(!decision.allowed && decision.because === 'error' && decision.error instanceof Error, layer)
      assert.equal(decision.layer, layer)
    }
  })

  it('is what an exception in the context amounts to', () => {
    const boom = new Error('boom')
    const context = {
      value: (): never => {
        throw boom
      },
    }
    const decision = evaluate(ask([{ ...everybody, Condition: { Bool: { k: 'true' } } }], { context }))
    assert.ok(!decision.allowed && decision.because === 'error')
    assert.equal(decision.error, boom)
  })
})

describe('grants', () => {
  const grant: Grant = {
    grantId: 'g',
    grantee: 'arn:aws:iam::111122223333:user/Alice',
    operations: ['Decrypt', 'CreateGrant'],
    constraints: { encryptionContextEquals: undefined, encryptionContextSubset: undefined, sourceArn: undefined },
  }
  const grantUse = { operation: 'Decrypt', encryptionContext: undefined, child: undefined }
  const nobody = { ...everybody, Principal: { AWS: 'AIDANOBODY' } }

  it('are wanted when no policy allows and they are not loaded', () => {
    const wanted = (statements: readonly unknown[], changes: Partial<Question>): boolean => {
      const decision = evaluate(ask(statements, changes))
      return !decision.allowed && decision.grantsWanted
    }
    assert.equal(wanted([nobody], { grantUse }), true)
    assert.equal(wanted([nobody], {}), false)
    assert.equal(wanted([nobody], { grantUse, grants: [] }), false)
    assert.equal(wanted([nobody, { ...everybody, Effect: 'Deny' }], { grantUse }), false)
    assert.equal(wanted([nobody], { grantUse, subject: bob, crossAccount: false }), false)
  })

  it('allow their grantee, and its sessions within their limits, but no explicit deny', () => {
    assert.equal(outcome(ask([nobody], { grantUse, grants: [grant] })), 'grant')
    assert.equal(outcome(ask([nobody], { grantUse, grants: [grant], subject: session })), 'missing allow: key policy')
    const toRole = { ...grant, grantee: 'arn:aws:iam::111122223333:role/App' }
    assert.equal(outcome(ask([nobody], { grantUse, grants: [toRole], subject: session })), 'grant')
    const limited = { ...session, session: [] }
    assert.equal(outcome(ask([nobody], { grantUse, grants: [toRole], subject: limited })), 'missing allow: key policy')
    const deny = { ...everybody, Effect: 'Deny' }
    assert.equal(outcome(ask([deny], { grantUse, grants: [grant] })), 'explicit deny: key policy')
  })

  it('to an account are for whom its policies allow', () => {
    const toAccount = { ...grant, grantee: root }
    assert.equal(outcome(ask([nobody], { grantUse, grants: [toAccount] })), 'missing allow: key policy')
    const subject = { ...alice, identity: attached('i', [anything]) }
    assert.equal(outcome(ask([nobody], { grantUse, grants: [toAccount], subject })), 'grant')
    assert.equal(outcome(ask([nobody], { grantUse, grants: [toAccount], subject: subjectOf(root) })), 'grant')
  })

  it('make no grant that allows more', () => {
    const pairs = (...names: readonly string[]): ReadonlyMap<string, string> =>
      new Map(names.map((name) => [name, name]))
    const equals = (...names: readonly string[]) => ({ ...grant.constraints, encryptionContextEquals: pairs(...names) })
    const subset = (...names: readonly string[]) => ({ ...grant.constraints, encryptionContextSubset: pairs(...names) })
    const source = { ...grant.constraints, sourceArn: 'arn:aws:s3:::b' }
    const rows: readonly (readonly [Grant['constraints'], Grant['constraints'], boolean])[] = [
      [grant.constraints, grant.constraints, true],
      [grant.constraints, equals('a'), true],
      [equals('a'), grant.constraints, false],
      [equals('a'), equals('a'), true],
      [equals('a'), equals('a', 'b'), false],
      [equals('a'), subset('a'), false],
      [subset('a'), subset('a', 'b'), true],
      [subset('a', 'b'), subset('a'), false],
      [subset('a'), equals('a', 'b'), true],
      [subset('a'), equals('b'), false],
      [source, source, true],
      [source, grant.constraints, false],
    ]
    const context = contextOf({ 'aws:SourceArn': 'arn:aws:s3:::b' })
    for (const [constraints, child, expected] of rows) {
      const use = { ...grantUse, operation: 'CreateGrant', child: { operations: ['Decrypt'], constraints: child } }
      const question = ask([nobody], { grantUse: use, grants: [{ ...grant, constraints }], context })
      assert.equal(evaluate(question).allowed, expected)
    }
  })
})

describe('a trust policy', () => {
  const provider = 'arn:aws:iam::111122223333:oidc-provider/issuer.example'
  const resource = (principal: unknown): Question['resource'] => ({
    ...keyWith(policyText({ Effect: 'Allow', Principal: principal, Action: 'sts:*' })),
    arn: 'arn:aws:iam::111122223333:role/Target',
    policyLayer: 'trust policy',
  })
  const asking = (principal: unknown, subject: Question['subject']): string =>
    outcome(ask([], { action: 'sts:AssumeRole', resource: resource(principal), subject }))
  const web = { ...subjectOf(provider), kind: 'role session' as const }

  it('needs no resource, and the caller needs nothing more where it is named itself', () => {
    assert.equal(asking({ AWS: 'arn:aws:iam::111122223333:user/Alice' }, alice), 'trust policy')
  })
  it('that names the account leaves it to the policies of the account', () => {
    assert.equal(asking({ AWS: root }, alice), 'missing allow: identity policy')
    assert.equal(asking({ AWS: root }, { ...alice, identity: attached('i', [anything]) }), 'trust policy')
  })
  it('is one of two sides for a caller of another account', () => {
    assert.equal(asking({ AWS: 'arn:aws:iam::444455556666:user/Bob' }, bob), 'missing allow: identity policy')
  })
  it('means by Federated whom the provider vouches for, and by a star nobody outside', () => {
    assert.equal(asking({ Federated: provider }, web), 'trust policy')
    assert.equal(asking({ Federated: `${provider}x` }, web), 'missing allow: trust policy')
    assert.equal(asking({ AWS: provider }, web), 'missing allow: trust policy')
    assert.equal(asking('*', web), 'missing allow: trust policy')
  })
})

describe('the lockout check', () => {
  const check = (subject: Question['subject'], ...statements: readonly unknown[]): boolean =>
    keepsAccess(compilePolicy(policyText(...statements)), subject, contextOf({}), key, accountOf('111122223333'))
  it('wants the caller or its account to keep PutKeyPolicy', () => {
    assert.equal(check(alice, delegation), true)
    assert.equal(check(alice, { ...everybody, Principal: { AWS: 'arn:aws:iam::111122223333:user/Alice' } }), true)
    assert.equal(check(alice, { ...delegation, Action: 'kms:Put*' }), true)
    assert.equal(check(alice, { ...delegation, Action: 'kms:Get*' }), false)
    assert.equal(check(alice, { ...everybody, Principal: { AWS: 'arn:aws:iam::111122223333:user/Carol' } }), false)
    assert.equal(check(alice), false)
  })
  it('fails by an explicit deny, for a stranger, and for what is not understood', () => {
    assert.equal(check(alice, delegation, { ...everybody, Effect: 'Deny', Action: 'kms:PutKeyPolicy' }), false)
    assert.equal(check(bob, everybody), false)
    assert.equal(check(alice, delegation, { Effect: 'Permit' }), false)
  })
})
