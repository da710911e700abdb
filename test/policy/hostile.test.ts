/** Policies that somebody made to slow the evaluator down, to confuse it, or to look like others. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import { foldCase } from '#policy/fold.ts'
import type { Decision } from '#policy/question.ts'
import { ask, key, keyWith, policyText } from './questions.ts'
import { contextOf, subjectOf } from './subjects.ts'

const allow = { Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' }
const denyAll = { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }

/** The decision by a key policy of this text. */
const byText = (text: string, changes: Parameters<typeof ask>[1] = {}): Decision =>
  evaluate(ask([], { ...changes, resource: keyWith(text) }))
const by = (statement: object, changes: Parameters<typeof ask>[1] = {}): boolean =>
  evaluate(ask([statement], changes)).allowed

/** The least time of several, in milliseconds: what else the machine does only ever adds to it. */
function quickest(run: () => void): number {
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return Math.min(...times)
}

describe('a storm of wildcards', () => {
  const storms: Readonly<Record<string, (n: number) => readonly [pattern: string, text: string]>> = {
    '*a*a*...b against aaa...': (n) => [`${'*a'.repeat(n)}*b`, 'a'.repeat(2 * n)],
    '*?*?*... against aaa...': (n) => [`${'*?'.repeat(n)}b`, 'a'.repeat(2 * n)],
    '***... against aaa...b': (n) => ['*'.repeat(n), `${'a'.repeat(n)}b`],
    'a*a*...c against aaa...b': (n) => [`${'a*'.repeat(n)}c`, `${'a'.repeat(2 * n)}b`],
    '*ab*ab*...c against aaa...': (n) => [`${'*ab'.repeat(n)}*c`, 'a'.repeat(4 * n)],
  }
  for (const [name, storm] of Object.entries(storms)) {
    it(`takes time in proportion to its length: ${name}`, () => {
      const time = (n: number): number => {
        const [pattern, text] = storm(n)
        const statement = { ...allow, Condition: { StringLike: { 'kms:ViaService': pattern } } }
        const question = ask([statement], { context: contextOf({ 'kms:ViaService': text }) })
        return quickest(() => {
          evaluate(question)
        })
      }
      const [short, long] = [time(2_000), time(8_000)]
      // Four times as long: a square would be 16 times, and what backtracks would never end.
      assert.ok(long < short * 10 + 1, `${short} ms, then ${long} ms`)
    })
  }

  it('is searched for 32 characters at a time where it has gaps', () => {
    for (const stretch of ['?'.repeat(2_000), '?a'.repeat(2_000), `?${'a'.repeat(4_000)}`]) {
      const statement = { ...allow, Condition: { StringLike: { 'kms:ViaService': `*${stretch}b*` } } }
      const [without, within] = ['a'.repeat(8_000), `${'a'.repeat(8_000)}b`]
      const asked = (value: string): Parameters<typeof evaluate>[0] =>
        ask([statement], { context: contextOf({ 'kms:ViaService': value }) })
      const question = asked(without)
      // Comparing at each place took 250 to 900 ms.
      assert.ok(quickest(() => evaluate(question)) < 100)
      assert.equal(evaluate(question).allowed, false)
      assert.equal(evaluate(asked(within)).allowed, true)
    }
  })

  it('ends for actions, resources and ARNs', () => {
    const stars = `${'*a'.repeat(8_000)}*b`
    const arn = `arn:aws:s3:::${'a'.repeat(8_000)}`
    assert.equal(by({ ...allow, Action: `kms:${stars}` }), false)
    assert.equal(by({ ...allow, Resource: `arn:aws:kms:us-east-1:111122223333:${stars}` }), false)
    const condition = { ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${stars}` } }
    assert.equal(by({ ...allow, Condition: condition }, { context: contextOf({ 'aws:SourceArn': arn }) }), false)
  })
})

describe('a document that is made to be hard to read', () => {
  it('is refused, with everything else denied, when it is nested without end', () => {
    const depth = 60_000
    for (const text of [
      '['.repeat(depth),
      '['.repeat(depth) + ']'.repeat(depth),
      `{"Statement":${'{"Condition":'.repeat(depth)}{}${'}'.repeat(depth)}}`,
      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":${'['.repeat(20)}"*"${']'.repeat(20)}}}]}`,
    ]) {
      assert.notEqual(compilePolicy(text).problem, undefined)
      const decision = byText(text)
      assert.ok(!decision.allowed && decision.because === 'error')
    }
  })

  it('is refused when a member stands twice, however it is spelled', () => {
    const statement = JSON.stringify(allow).slice(1, -1)
    for (const twice of [
      `{"Statement":[],"Statement":[{${statement}}]}`,
      `{"Statement":[],"\\u0053tatement":[{${statement}}]}`,
      `{"Statement":[{"Effect":"Deny",${statement}}]}`,
      `{"Statement":[{${statement},"Condition":{"Bool":{"aws:x":"true"},"Bool":{}}}]}`,
      `{"Statement":[{${statement},"Condition":{"Bool":{"aws:x":"true","aws:x":"false"}}}]}`,
      `{"Statement":[{${statement},"Principal":{"AWS":"AIDA","AWS":"*"}}]}`,
      `{"Statement":[{"__proto__":{},"__proto__":{},${statement}}]}`,
    ]) {
      assert.notEqual(compilePolicy(twice).problem, undefined, twice)
      assert.equal(byText(twice).allowed, false, twice)
    }
  })

  it('is read, and its last statement found, when it has 131,072 characters', () => {
    const filler = { ...allow, Action: 'kms:Encrypt', Sid: 'x'.repeat(100) }
    const statements: object[] = []
    while (policyText(...statements, denyAll).length < 130_800) statements.push(filler)
    const text = policyText(...statements, denyAll).padEnd(131_072)
    assert.equal(text.length, 131_072)
    const decision = byText(text)
    assert.ok(!decision.allowed && decision.because === 'explicit deny')
    assert.equal(decision.statement?.index, statements.length)
  })

  it('is decided by the last entry of huge lists', () => {
    const many = (last: string): readonly string[] => [...Array.from({ length: 6_000 }, (_, i) => `kms:No${i}*`), last]
    assert.equal(by({ ...allow, Action: many('kms:Decrypt') }), true)
    assert.equal(by({ ...allow, Action: undefined, NotAction: many('kms:Decrypt') }), false)
    const values = { StringLike: { 'kms:ViaService': many('s3') } }
    assert.equal(by({ ...allow, Condition: values }, { context: contextOf({ 'kms:ViaService': 's3' }) }), true)
    assert.equal(by({ ...allow, Principal: { AWS: many('arn:aws:iam::111122223333:user/Alice') } }), true)
  })
})

describe('letters that look like others', () => {
  // KELVIN SIGN, LONG S, fullwidth and Cyrillic letters, a ligature, an invisible joiner, a combining mark.
  const lookalikes = [
    '\u212ams:Decrypt',
    'km\u017f:Decrypt',
    '\uff4b\uff4d\uff53:Decrypt',
    'kms:D\u0435crypt',
    'kms:\u200dDecrypt',
    'kms:Decr\u0443pt',
    'kms\uff1aDecrypt',
    'kms:Decrypt\u0301',
    'kms:Decrypt\u0000',
    'kms:Decrypt\ud800',
    'kms:Decrypt ',
  ]

  it('never name the action that they look like', () => {
    for (const action of lookalikes) {
      assert.equal(by({ ...allow, Action: action }), false, JSON.stringify(action))
      assert.equal(by({ ...allow, Action: `${action}*` }), false, JSON.stringify(action))
      assert.equal(by({ ...allow, Action: undefined, NotAction: action }), true, JSON.stringify(action))
      assert.equal(by({ ...allow }, { action }), false, JSON.stringify(action))
    }
  })

  it('never name the principal, the account or the service that they look like', () => {
    for (const name of [
      'arn:aws:iam::111122223333:user/\u0410lice',
      'arn:aws:iam::111122223333:user/\uff21lice',
      'arn:aws:iam::111122223333:user/ALICE',
      'arn:aws:iam::111122223333:user/Alice\u0000',
      'arn:aws:iam::111122223333:user/Alice ',
      '\u{1d7ef}11122223333',
      '\uff0a',
      '\u2217',
      '**',
      'arn:aws:iam::111122223333:user/*',
    ]) {
      assert.equal(by({ ...allow, Principal: { AWS: name } }), false, JSON.stringify(name))
    }
    const service = { subject: subjectOf('kms.amazonaws.com') }
    assert.equal(by({ ...allow, Principal: { Service: '\u212ams.amazonaws.com' } }, service), false)
    assert.equal(by({ ...allow, Principal: { Service: 'KMS.amazonaws.com' } }, service), false)
    assert.equal(by({ ...allow, Principal: { Service: 'kms.amazonaws.com' } }, service), true)
  })

  it('never name the resource or the ARN that they look like', () => {
    const kelvin = key.replace('kms', '\u212ams')
    const wide = key.replace('1234abcd', '\uff11234abcd')
    for (const arn of [kelvin, wide, key.toUpperCase(), key.replaceAll(':', '\uff1a'), `${key}\u0000`, `${key} `]) {
      assert.equal(by({ ...allow, Resource: arn }), false, JSON.stringify(arn))
      const condition = { ArnLike: { 'aws:SourceArn': arn } }
      const context = contextOf({ 'aws:SourceArn': key })
      assert.equal(by({ ...allow, Condition: condition }, { context }), false, JSON.stringify(arn))
    }
  })

  it('never name the condition key, the operator or the variable that they look like', () => {
    const context = contextOf({ 'aws:TokenIssueTime': 'x', 'kms:ViaService': 'x' })
    for (const name of [
      'aws:To\u212aenIssueTime',
      '\u212ams:ViaService',
      'kms:V\u0131aService',
      'kms:V\u0130aService',
    ]) {
      assert.equal(by({ ...allow, Condition: { StringEquals: { [name]: 'x' } } }, { context }), false, name)
      assert.equal(by({ ...allow, Condition: { Null: { [name]: 'true' } } }, { context }), true, name)
      const value = { StringEquals: { 'kms:ViaService': `\${${name}}` } }
      assert.equal(by({ ...allow, Condition: value }, { context }), false, name)
    }
    const text = policyText({ ...allow, Condition: { 'StringLi\u212ae': { 'kms:ViaService': 'x' } } })
    assert.notEqual(compilePolicy(text).problem, undefined)
  })

  it('are not equal when case is ignored', () => {
    for (const [given, wanted] of [
      ['\u212aey', 'key'],
      ['key', '\u212aey'],
      ['\u017f', 's'],
      ['\u0130', 'i'],
    ] as const) {
      const condition = { StringEqualsIgnoreCase: { 'kms:ViaService': wanted } }
      assert.equal(by({ ...allow, Condition: condition }, { context: contextOf({ 'kms:ViaService': given }) }), false)
    }
  })

  it('never become letters of ASCII', () => {
    for (let code = 0x80; code <= 0x10ffff; code++) {
      const folded = foldCase(String.fromCodePoint(code))
      if (/[\u0000-\u007f]/.test(folded)) assert.fail(code.toString(16))
    }
    assert.equal(foldCase('KMS:Decrypt \u212aMS \u00c9'), 'kms:decrypt \u212ams \u00e9')
  })
})

describe('names that objects already have', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', 'prototype']

  it('are no elements, operators or principals', () => {
    for (const name of names) {
      const quoted = JSON.stringify(name)
      for (const text of [
        `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",${quoted}:{}}]}`,
        `{"Statement":[],${quoted}:{"Statement":[]}}`,
        `{"Statement":[{"Effect":"Allow","Principal":{${quoted}:"*"},"Action":"*","Resource":"*"}]}`,
        `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{${quoted}:{"a":"b"}}}]}`,
        `{${quoted}:{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}}`,
      ]) {
        assert.notEqual(compilePolicy(text).problem, undefined, text)
        assert.equal(byText(text).allowed, false, text)
      }
    }
  })

  it('are condition keys like any others', () => {
    for (const name of names) {
      const absent = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringLike":{"${name}":"*"}}}]}`
      assert.equal(byText(absent).allowed, false, name)
      const map = new Map([[name.toLowerCase(), 'x']])
      assert.equal(byText(absent, { context: { value: (one) => map.get(one) } }).allowed, true, name)
    }
  })

  it('are actions, principals and values like any others', () => {
    for (const name of names) {
      assert.equal(by({ ...allow, Action: name }), false)
      assert.equal(by({ ...allow, Action: name }, { action: name }), true)
      assert.equal(by({ ...allow, Principal: { AWS: name } }), false)
      assert.equal(by({ ...allow }, { action: name }), false)
    }
  })
})
