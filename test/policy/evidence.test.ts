import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { compilePolicy, type CompiledPolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import { evidenceOf, evidenceText, questionOf, type DenyEvidence, type Evidence } from '#policy/evidence.ts'
import type { Question } from '#policy/question.ts'
import { ask, alice, keyWith, policyText } from './questions.ts'
import { printedDice, questionFrom, randomCase } from './random-policies.ts'
import { attached, contextOf } from './subjects.ts'

const hashOf = ({ text }: CompiledPolicy): string => createHash('sha256').update(text).digest('hex')

/** The evidence of `question`, as a record holds it. */
function recorded(question: Question): Evidence {
  return JSON.parse(JSON.stringify(evidenceOf(question, evaluate(question), hashOf))) as Evidence
}

function denial(question: Question): DenyEvidence {
  const evidence = recorded(question)
  assert.ok('denied' in evidence, 'the question is allowed')
  return evidence
}

const textsOf = ({ subject, resource }: Question): ReadonlyMap<string, string> => {
  const policies = [
    ...(resource.policy === undefined ? [] : [resource.policy]),
    ...[...subject.identity, ...(subject.boundary === undefined ? [] : [subject.boundary])].map(({ policy }) => policy),
    ...[...subject.serviceControl, ...resource.resourceControl].flat().map(({ policy }) => policy),
  ]
  return new Map(policies.map((policy) => [hashOf(policy), policy.text]))
}

const unexpected = (): never => assert.fail('a policy is missing')

describe('the evidence of a decision', () => {
  it('of an allowance names the statement, the hash of its policy, and nothing of the request', () => {
    const question = ask([
      { Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Resource: '*' },
      { Sid: 'Mine', Effect: 'Allow', Principal: { AWS: alice.names.direct[0] }, Action: 'kms:*', Resource: '*' },
    ])
    assert.deepEqual(recorded(question), {
      action: 'kms:Decrypt',
      by: 'key policy',
      statement: {
        layer: 'key policy',
        policy: hashOf(question.resource.policy ?? compilePolicy('')),
        index: 1,
        sid: 'Mine',
      },
    })
  })

  it('of a denial keeps the values of the condition keys that its policies ask for, and no others', () => {
    const condition = { StringEquals: { 'aws:PrincipalTag/team': 'red', 'kms:ViaService': 's3' } }
    const question = ask([{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*', Condition: condition }], {
      context: contextOf({ 'aws:principaltag/team': 'blue', 'aws:useragent': 'secret' }),
    })
    assert.deepEqual(denial(question).context, { 'aws:principaltag/team': 'blue' })
  })

  it('of a denial holds the texts of session policies, which are stored nowhere else', () => {
    const passed = { Version: '2012-10-17', Statement: [] }
    const session = [
      ...attached('passed', [passed]),
      { name: 'arn:aws:iam::aws:policy/X', policy: compilePolicy('{}') },
    ]
    const { policies } = denial(ask([], { subject: { ...alice, session } }))
    assert.deepEqual(
      policies.filter(({ layer }) => layer === 'session policy'),
      [
        { layer: 'session policy', name: 'passed 0', text: '{"Version":"2012-10-17","Statement":[]}' },
        {
          layer: 'session policy',
          name: 'arn:aws:iam::aws:policy/X',
          hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
        },
      ],
    )
  })

  it('keeps twenty grants and says how many more there were', () => {
    const none = { encryptionContextEquals: undefined, encryptionContextSubset: undefined, sourceArn: undefined }
    const grants = Array.from({ length: 23 }, (_, index) => ({
      grantId: String(index),
      grantee: 'x',
      operations: ['Encrypt'],
      constraints: none,
    }))
    const evidence = denial(ask([], { grants }))
    assert.equal(evidence.grants?.length, 20)
    assert.equal(evidence.moreGrants, 3)
  })

  it('that a record has no room for is replaced by what decided', () => {
    const identity = attached(
      'p',
      Array.from({ length: 300 }, () => ({ Version: '2012-10-17', Statement: [] })),
    )
    const question = ask([{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }], {
      subject: { ...alice, identity },
    })
    const evidence = evidenceOf(question, evaluate(question), hashOf)
    const whole = JSON.stringify(evidence)
    assert.equal(evidenceText(evidence, Buffer.byteLength(whole)), whole)
    assert.deepEqual(JSON.parse(evidenceText(evidence, 26_000)), {
      action: 'kms:Decrypt',
      denied: 'explicit deny',
      layer: 'key policy',
      statement: { layer: 'key policy', policy: hashOf(question.resource.policy ?? compilePolicy('')), index: 0 },
      resource: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      omittedBytes: Buffer.byteLength(whole),
    })
  })

  it('tells of policies whose text is gone, and then allows nothing', () => {
    const question = ask([{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }])
    const missing: unknown[] = []
    const again = questionOf(
      denial(question),
      () => undefined,
      (policy) => missing.push(policy),
    )
    assert.deepEqual(missing, [{ layer: 'key policy', hash: hashOf(question.resource.policy ?? compilePolicy('')) }])
    assert.partialDeepStrictEqual(evaluate(again), { allowed: false, because: 'error' })
  })

  it('keeps levels without any policy, which allow nothing', () => {
    const wide = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
    const question = ask([{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }], {
      subject: { ...alice, serviceControl: [attached('root', [wide]), []] },
      resource: keyWith(policyText({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' })),
    })
    const again = questionOf(denial(question), (hash) => textsOf(question).get(hash), unexpected)
    assert.equal(again.subject.serviceControl.length, 2)
    assert.partialDeepStrictEqual(evaluate(again), { allowed: false, layer: 'service control policy' })
  })

  it('of any denial is enough to decide again as it was decided', () => {
    const random = printedDice('evidence')
    let denied = 0
    for (let round = 0; round < 5_000; round += 1) {
      const question = questionFrom(randomCase(random))
      const decision = evaluate(question)
      if (decision.allowed) continue
      denied += 1
      const texts = textsOf(question)
      const again = evaluate(questionOf(denial(question), (hash) => texts.get(hash), unexpected))
      assert.ok(!again.allowed)
      assert.deepEqual(
        [again.because, again.layer, again.statement?.index],
        [decision.because, decision.layer, decision.statement?.index],
      )
    }
    assert.ok(denied > 1_000, `${denied} denials`)
  })
})
