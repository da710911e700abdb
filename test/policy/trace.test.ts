import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import { traceOf } from '#policy/trace.ts'
import { alice, ask } from './questions.ts'
import { printedDice, questionFrom, randomCase } from './random-policies.ts'
import { attached, contextOf } from './subjects.ts'

describe('the trace of a decision', () => {
  it('says of every statement which element did not match, and of conditions which values were wanted and there', () => {
    const everyone = { Principal: '*', Action: 'kms:*', Resource: '*' }
    const condition = {
      StringEquals: { 'kms:ViaService': ['s3', 'sqs'] },
      Null: { 'aws:MultiFactorAuthPresent': 'true' },
    }
    const question = ask(
      [
        { Effect: 'Allow', ...everyone, Action: 'kms:Encrypt' },
        { Effect: 'Allow', ...everyone, Principal: { AWS: 'arn:aws:iam::444455556666:root' } },
        { Effect: 'Allow', ...everyone, Resource: 'arn:aws:kms:us-east-1:111122223333:key/other' },
        { Sid: 'Via', Effect: 'Allow', ...everyone, Condition: condition },
      ],
      { context: contextOf({ 'kms:ViaService': 'ec2' }) },
    )
    const [policy] = traceOf(question).policies
    assert.equal(policy?.verdict, 'says nothing')
    assert.deepEqual(
      policy.statements.map(({ principal, action, resource, matched }) => [principal, action, resource, matched]),
      [
        ['direct', false, true, false],
        ['no match', true, true, false],
        ['direct', true, false, false],
        ['direct', true, true, false],
      ],
    )
    assert.deepEqual(policy.statements[3], {
      index: 3,
      sid: 'Via',
      effect: 'Allow',
      principal: 'direct',
      action: true,
      resource: true,
      conditions: [
        { operator: 'StringEquals', key: 'kms:ViaService', wanted: ['s3', 'sqs'], actual: 'ec2', satisfied: false },
        { operator: 'Null', key: 'aws:MultiFactorAuthPresent', wanted: ['true'], actual: undefined, satisfied: true },
      ],
      matched: false,
    })
  })

  it('shows each policy of each layer, and those that are not understood', () => {
    const wide = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
    const question = ask([], {
      subject: {
        ...alice,
        identity: [...attached('own', [wide]), { name: 'broken', policy: compilePolicy('{') }],
        serviceControl: [attached('root', [wide]), attached('unit', [wide])],
      },
    })
    assert.deepEqual(
      traceOf(question).policies.map(({ layer, name, level, verdict }) => [layer, name, level, verdict]),
      [
        ['key policy', undefined, undefined, 'says nothing'],
        ['identity policy', 'own 0', undefined, 'allows'],
        ['identity policy', 'broken', undefined, 'not understood'],
        ['service control policy', 'root 0', 0, 'allows'],
        ['service control policy', 'unit 0', 1, 'allows'],
      ],
    )
  })

  it('does not show resource control policies where they have no say', () => {
    const deny = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }] }
    const question = ask([])
    const resource = { ...question.resource, resourceControl: [attached('rcp', [deny])] }
    const layers = (awsManaged: boolean): readonly string[] =>
      traceOf({ ...question, resource: { ...resource, awsManaged } }).policies.map(({ layer }) => layer)
    assert.deepEqual(layers(false), ['key policy', 'resource control policy'])
    assert.deepEqual(layers(true), ['key policy'])
  })

  it('agrees with the decision, whatever is asked', () => {
    const random = printedDice('trace')
    for (let round = 0; round < 5_000; round += 1) {
      const question = questionFrom(randomCase(random))
      const decision = evaluate(question)
      const { policies, grants } = traceOf(question)
      const matched = (layer: string, name: string | undefined, index: number): boolean =>
        policies.some(
          (each) =>
            each.layer === layer &&
            each.name === name &&
            each.statements.some((statement) => statement.index === index && statement.matched),
        )
      if (decision.allowed) {
        for (const ref of [decision.resourceStatement, decision.identityStatement]) {
          if (ref !== undefined) assert.ok(matched(ref.layer, ref.policyName, ref.index))
        }
        assert.ok(policies.every(({ verdict }) => verdict !== 'denies'))
        const { grant } = decision
        if (grant !== undefined) assert.ok(grants.some((each) => each.grantId === grant.grantId && each.matched))
      } else if (decision.because === 'explicit deny') {
        const { statement } = decision
        assert.ok(statement !== undefined && matched(statement.layer, statement.policyName, statement.index))
      } else if (decision.because === 'missing allow') {
        assert.ok(policies.every(({ verdict }) => verdict !== 'denies'))
      }
    }
  })
})
