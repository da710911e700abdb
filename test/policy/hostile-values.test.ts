/** Values that somebody chose to get round a policy, or to keep the server busy with one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { controlPolicyProblem, type ControlPolicyKind } from '#policy/control-policy.ts'
import { evaluate } from '#policy/evaluate.ts'
import { ask } from './questions.ts'
import { contextOf } from './subjects.ts'

const everybody = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }

describe('a value that takes long to match', () => {
  const asked = (pattern: string, length: number) => {
    const statement = { ...everybody, Condition: { StringLike: { 'kms:EncryptionContext:x': pattern } } }
    const context = contextOf({ 'kms:EncryptionContext:x': 'a'.repeat(length) })
    const started = performance.now()
    const decision = evaluate(ask([statement], { context }))
    return { decision, milliseconds: performance.now() - started }
  }

  it('is a denial, soon', () => {
    const { decision, milliseconds } = asked(`*${'a'.repeat(15_000)}?b*`, 60_000)
    assert.ok(!decision.allowed && decision.because === 'error')
    assert.match(String(decision.error), /too many steps/)
    assert.ok(milliseconds < 1000, `it took ${milliseconds} ms`)
  })

  it('is a denial also where many patterns share the work', () => {
    const patterns = Array.from({ length: 2000 }, (_, index) => `*a?b${index}*`)
    const Condition = { StringLike: { 'kms:EncryptionContext:x': patterns } }
    const context = contextOf({ 'kms:EncryptionContext:x': 'a'.repeat(200_000) })
    const started = performance.now()
    const decision = evaluate(ask([{ ...everybody, Condition }], { context }))
    assert.ok(!decision.allowed && decision.because === 'error')
    assert.ok(performance.now() - started < 1000)
  })

  it('matches where a pattern and a value are as long as they usually are', () => {
    assert.equal(asked(`*${'a'.repeat(100)}?a*`, 8192).decision.allowed, true)
    assert.equal(asked('*a?a*a*', 300_000).decision.allowed, true)
  })
})

describe('a value of which nobody can say what it is', () => {
  const context = contextOf({ 'aws:RequestTag/Env': '\u0000' })
  const operators: readonly (readonly [string, string])[] = [
    ['StringEquals', 'prod'],
    ['StringNotEquals', 'prod'],
    ['StringLike', '*'],
    ['StringNotLike', 'p*'],
    ['StringEqualsIfExists', 'prod'],
    ['ForAnyValue:StringEquals', 'prod'],
    ['ForAllValues:StringEquals', 'prod'],
  ]
  for (const [operator, value] of operators) {
    const Condition = { [operator]: { 'aws:RequestTag/Env': value } }

    it(`allows nothing by ${operator}`, () => {
      assert.equal(evaluate(ask([{ ...everybody, Condition }], { context })).allowed, false)
    })

    it(`is denied by ${operator}`, () => {
      const deny = { ...everybody, Effect: 'Deny', Condition }
      assert.equal(evaluate(ask([everybody, deny], { context })).allowed, false)
    })
  }

  it('is denied by one of many statements', () => {
    const denials = Array.from({ length: 40 }, (_, index) => ({
      ...everybody,
      Effect: 'Deny',
      Condition: { StringEquals: { 'aws:RequestTag/Env': `stage-${index}` } },
    }))
    assert.equal(evaluate(ask([everybody, ...denials], { context })).allowed, false)
    assert.equal(evaluate(ask([everybody, ...denials], { context: contextOf({}) })).allowed, true)
  })
})

describe('a policy around an account or an endpoint', () => {
  const bare = { Effect: 'Deny', Action: 'kms:*', Resource: '*' }
  const deny = { ...bare, Principal: '*' }
  const alice = 'arn:aws:iam::111122223333:user/Alice'
  const rows: readonly (readonly [string, ControlPolicyKind, object, RegExp | undefined])[] = [
    ['denies everybody', 'resource control', deny, undefined],
    ['denies an account', 'endpoint', { ...deny, Principal: { AWS: '111122223333' } }, undefined],
    ['denies a root ARN', 'endpoint', { ...deny, Principal: { AWS: 'arn:aws:iam::111122223333:root' } }, undefined],
    ['can not name a user', 'endpoint', { ...deny, Principal: { AWS: alice } }, /names the principal ".*user\/Alice"/],
    ['can not name a role', 'resource control', { ...deny, Principal: { AWS: [alice] } }, /aws:PrincipalArn/],
    ['can not except a user', 'resource control', { ...bare, NotPrincipal: { AWS: alice } }, /names the principal/],
    ['needs a principal', 'resource control', bare, /has no Principal/],
    ['needs a resource', 'resource control', { ...deny, Resource: undefined }, /has no Resource/],
    ['needs an action', 'service control', { ...bare, Action: undefined }, /has no Action/],
    ['has no principal', 'service control', deny, /has a Principal/],
    ['is for everybody of the account', 'service control', bare, undefined],
  ]
  for (const [name, kind, statement, problem] of rows) {
    it(`${name} (${kind})`, () => {
      const { document } = compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
      assert.ok(document !== undefined)
      const found = controlPolicyProblem(document, kind)
      if (problem === undefined) assert.equal(found, undefined)
      else assert.match(found ?? '', problem)
    })
  }
})
