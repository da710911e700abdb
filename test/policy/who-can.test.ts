import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate } from '#policy/evaluate.ts'
import type { Grant } from '#policy/grant.ts'
import type { Question } from '#policy/question.ts'
import { whoCan } from '#policy/who-can.ts'
import { randomContext } from './random-conditions.ts'
import { alice, ask, bob } from './questions.ts'
import { printedDice, questionFrom, randomCase } from './random-policies.ts'
import { attached, contextOf } from './subjects.ts'

const everyone = { Principal: '*', Action: 'kms:*', Resource: '*' }
const account = { Effect: 'Allow', ...everyone, Principal: { AWS: 'arn:aws:iam::111122223333:root' } }
const viaService = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } }
const plainHttp = { Bool: { 'aws:SecureTransport': 'false' } }
const own = (...statements: readonly object[]): Question['subject'] => ({
  ...alice,
  identity: attached('own', [{ Version: '2012-10-17', Statement: statements }]),
})
const unknown = (key: string): boolean => key !== 'aws:principaltag/team'
const grant = (constraints: Partial<Grant['constraints']>): Grant => ({
  grantId: 'g1',
  grantee: 'arn:aws:iam::111122223333:user/Alice',
  operations: ['Decrypt', 'CreateGrant'],
  constraints: {
    encryptionContextEquals: undefined,
    encryptionContextSubset: undefined,
    sourceArn: undefined,
    ...constraints,
  },
})
const use = { operation: 'Decrypt', encryptionContext: undefined, child: undefined }

describe('who can', () => {
  it('is yes where no condition asks for what only a request has, with the statements that allow', () => {
    assert.deepEqual(whoCan(ask([{ Sid: 'All', Effect: 'Allow', ...everyone }]), unknown), {
      answer: 'yes',
      path: { by: 'key policy', statements: [{ layer: 'key policy', index: 0, sid: 'All' }] },
    })
    const subject = own({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' })
    assert.deepEqual(whoCan(ask([account], { subject }), unknown), {
      answer: 'yes',
      path: {
        by: 'key policy',
        statements: [
          { layer: 'key policy', index: 0 },
          { layer: 'identity policy', policy: 'own 0', index: 0 },
        ],
      },
    })
  })

  it('decides conditions on what is known beforehand', () => {
    const statement = { Effect: 'Allow', ...everyone, Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'red' } } }
    const tagged = (team: string): unknown =>
      whoCan(ask([statement], { context: contextOf({ 'aws:PrincipalTag/team': team }) }), unknown).answer
    assert.equal(tagged('red'), 'yes')
    assert.equal(tagged('blue'), 'no')
  })

  it('is no with the layer that does not allow, or the statement that denies', () => {
    assert.deepEqual(whoCan(ask([account]), unknown), {
      answer: 'no',
      because: 'missing allow',
      layer: 'identity policy',
    })
    assert.deepEqual(
      whoCan(
        ask([
          { Effect: 'Allow', ...everyone },
          { Effect: 'Deny', ...everyone },
        ]),
        unknown,
      ),
      {
        answer: 'no',
        because: 'explicit deny',
        layer: 'key policy',
        statement: { layer: 'key policy', index: 1 },
      },
    )
    assert.partialDeepStrictEqual(whoCan(ask([], { subject: bob, crossAccount: false }), unknown), {
      answer: 'no',
      because: 'local only',
    })
  })

  it('is yes-if with the conditions that must hold, and those that must not', () => {
    const question = ask([
      { Effect: 'Allow', ...everyone, Condition: viaService },
      { Sid: 'Tls', Effect: 'Deny', ...everyone, Condition: plainHttp },
    ])
    assert.deepEqual(whoCan(question, unknown), {
      answer: 'yes-if',
      ways: [
        {
          path: { by: 'key policy', statements: [{ layer: 'key policy', index: 0 }] },
          conditions: [
            {
              kind: 'statement',
              effect: 'Allow',
              statement: { layer: 'key policy', index: 0 },
              conditions: [{ operator: 'StringEquals', key: 'kms:ViaService', wanted: ['s3.us-east-1.amazonaws.com'] }],
            },
            {
              kind: 'statement',
              effect: 'Deny',
              statement: { layer: 'key policy', index: 1, sid: 'Tls' },
              conditions: [{ operator: 'Bool', key: 'aws:SecureTransport', wanted: ['false'] }],
            },
          ],
        },
      ],
    })
  })

  it('shows each way to be allowed, and no condition that a way can do without', () => {
    const other = { StringEquals: { 'kms:EncryptionContext:app': 'a' } }
    const verdict = whoCan(
      ask([
        { Effect: 'Allow', ...everyone, Condition: viaService },
        { Effect: 'Allow', ...everyone, Condition: other },
        { Effect: 'Deny', ...everyone, Action: 'kms:Encrypt', Condition: plainHttp },
      ]),
      unknown,
    )
    assert.ok(verdict.answer === 'yes-if')
    assert.deepEqual(
      verdict.ways.map(({ conditions }) =>
        conditions.map((each) => (each.kind === 'statement' ? each.statement.index : each.grantId)),
      ),
      [[0], [1]],
    )
  })

  it('takes resources with variables that only a request has for conditions', () => {
    const resource = 'arn:aws:kms:us-east-1:111122223333:key/${aws:SourceIp}'
    const subject = own({ Effect: 'Allow', Action: 'kms:*', Resource: resource })
    assert.partialDeepStrictEqual(whoCan(ask([account], { subject }), unknown), {
      answer: 'yes-if',
      ways: [{ conditions: [{ kind: 'statement', conditions: [], resources: [resource] }] }],
    })
  })

  it('shows grants with their constraints, except where the operation has no encryption context', () => {
    const grants = [grant({ encryptionContextSubset: new Map([['app', 'a']]) })]
    assert.deepEqual(whoCan(ask([], { grants, grantUse: use }), unknown), {
      answer: 'yes-if',
      ways: [
        {
          path: { by: 'grant', statements: [], grantId: 'g1' },
          conditions: [{ kind: 'grant', grantId: 'g1', encryptionContextSubset: [['app', 'a']] }],
        },
      ],
    })
    assert.deepEqual(whoCan(ask([], { grants: [grant({})], grantUse: use }), unknown), {
      answer: 'yes',
      path: { by: 'grant', statements: [], grantId: 'g1' },
    })
    const none = grant({}).constraints
    const making = {
      operation: 'CreateGrant',
      encryptionContext: undefined,
      child: { operations: [], constraints: none },
    }
    assert.partialDeepStrictEqual(whoCan(ask([], { grants: [grant({})], grantUse: making }), unknown), {
      answer: 'yes-if',
      ways: [{ conditions: [{ kind: 'grant', grantId: 'g1', childOfGrant: true }] }],
    })
  })

  it('says yes and no only of what every request gets, whatever the policies', () => {
    const random = printedDice('who-can')
    const answers = { yes: 0, no: 0, 'yes-if': 0 }
    for (let round = 0; round < 3_000; round += 1) {
      const given = randomCase(random)
      const open = new Set(Object.keys(given.context).filter(() => random.chance(0.5)))
      const isUnknown = (name: string): boolean => [...open].some((each) => each.toLowerCase() === name)
      const known = Object.fromEntries(Object.entries(given.context).filter(([name]) => !open.has(name)))
      const question = questionFrom(given)
      const { answer } = whoCan({ ...question, context: contextOf(known) }, isUnknown)
      answers[answer] += 1
      for (let request = 0; request < 5; request += 1) {
        const drawn = Object.entries(randomContext(random)).filter(([name]) => open.has(name))
        const context = contextOf({ ...known, ...Object.fromEntries(drawn) })
        const { allowed } = evaluate({ ...question, context })
        if (answer !== 'yes-if') assert.equal(allowed, answer === 'yes')
      }
    }
    assert.ok(answers.yes > 100 && answers.no > 100 && answers['yes-if'] > 20, JSON.stringify(answers))
  })
})
