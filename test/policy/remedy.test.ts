import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy, type CompiledPolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Question } from '#policy/question.ts'
import { remediesFor, type Change, type Remedy } from '#policy/remedy.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import { alice, ask, bob, key } from './questions.ts'
import { printedDice, questionFrom, randomCase } from './random-policies.ts'
import { attached, contextOf } from './subjects.ts'

const aliceArn = 'arn:aws:iam::111122223333:user/Alice'
const allow = (more: object = {}): object => ({ Effect: 'Allow', Action: 'kms:*', Resource: '*', ...more })
const policy = (...statements: readonly object[]): object => ({ Version: '2012-10-17', Statement: statements })
const account = allow({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } })
const ownStatement = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: key }
const keyStatement = { Effect: 'Allow', Principal: { AWS: aliceArn }, Action: 'kms:Decrypt', Resource: '*' }
const added = (layer: string, statement: object, name?: string): object => ({
  kind: 'add a statement',
  layer,
  policy: name,
  statement,
})

interface Document {
  readonly Statement: readonly object[] | object
}

const statementsOf = ({ text }: CompiledPolicy): readonly object[] => [(JSON.parse(text) as Document).Statement].flat()

/** `question` after the changes of `remedy`, made in the texts of its policies. */
function changed(question: Question, remedy: Remedy): Question {
  const addedTo = (layer: string, name: string | undefined): readonly object[] =>
    remedy.flatMap((change) =>
      change.kind === 'add a statement' && change.layer === layer && change.policy === name ? [change.statement] : [],
    )
  const rewrite = (compiled: CompiledPolicy, layer: string, name: string | undefined): CompiledPolicy => {
    if (compiled.problem !== undefined) return compiled
    const removed = new Set(
      remedy.flatMap((change) =>
        change.kind === 'remove a statement' && change.layer === layer && change.policy === name ? [change.index] : [],
      ),
    )
    const rest = statementsOf(compiled).filter((_, index) => !removed.has(index))
    const { Version } = JSON.parse(compiled.text) as { Version?: string }
    const more = addedTo(layer, name)
    // As text, variables of what was there stay what they were: only their version says whether they are any.
    const whole = { ...(Version === undefined ? {} : { Version }), Statement: [...rest, ...more] }
    return compilePolicy(JSON.stringify(whole))
  }
  const each =
    (layer: string) =>
    ({ name, policy: compiled }: AttachedPolicy): AttachedPolicy => ({ name, policy: rewrite(compiled, layer, name) })
  const further = (layer: string): readonly AttachedPolicy[] =>
    addedTo(layer, undefined).map((statement) => ({
      name: 'more',
      policy: compilePolicy(JSON.stringify(policy(statement))),
    }))
  const met = new Map(
    remedy.flatMap((change) =>
      change.kind === 'meet a condition' ? [[change.key.toLowerCase(), change.wanted[0]] as const] : [],
    ),
  )
  const grants = remedy.flatMap((change) =>
    change.kind === 'create a grant'
      ? [
          {
            grantId: 'new',
            grantee: change.grantee,
            operations: [change.operation],
            constraints: {
              encryptionContextEquals: undefined,
              encryptionContextSubset: undefined,
              sourceArn: undefined,
            },
          },
        ]
      : [],
  )
  const { subject, resource, endpoint, context } = question
  const session = [...(subject.session ?? []).map(each('session policy')), ...further('session policy')]
  return {
    ...question,
    subject: {
      ...subject,
      identity: [...subject.identity.map(each('identity policy')), ...further('identity policy')],
      boundary: subject.boundary && each('permissions boundary')(subject.boundary),
      session: subject.session === undefined && session.length === 0 ? undefined : session,
      serviceControl: subject.serviceControl.map((level) => level.map(each('service control policy'))),
    },
    resource: {
      ...resource,
      policy: resource.policy && rewrite(resource.policy, resource.policyLayer, undefined),
      resourceControl: resource.resourceControl.map((level) => level.map(each('resource control policy'))),
    },
    endpoint: endpoint && each('endpoint policy')(endpoint),
    context: { value: (name) => (met.has(name) ? met.get(name) : context.value(name)) },
    grants: [...(question.grants ?? []), ...grants],
  }
}

/** Names that no two policies of the question share. */
function named(question: Question): Question {
  const levels = (all: Question['subject']['serviceControl']): Question['subject']['serviceControl'] =>
    all.map((level, at) => level.map((each) => ({ ...each, name: `${each.name} of level ${at}` })))
  return {
    ...question,
    subject: { ...question.subject, serviceControl: levels(question.subject.serviceControl) },
    resource: { ...question.resource, resourceControl: levels(question.resource.resourceControl) },
  }
}

describe('remedies', () => {
  const table: readonly [string, Question, readonly (readonly object[])[]][] = [
    [
      'an identity policy where the key leaves it to the account, or a statement of the key',
      ask([account]),
      [[added('identity policy', ownStatement)], [added('key policy', keyStatement)]],
    ],
    [
      'a statement of the key or a grant where the key says nothing',
      ask([], { grantUse: { operation: 'Decrypt', encryptionContext: undefined, child: undefined } }),
      [[added('key policy', keyStatement)], [{ kind: 'create a grant', grantee: aliceArn, operation: 'Decrypt' }]],
    ],
    [
      'both sides where the key belongs to another account',
      ask([], { subject: bob }),
      [
        [
          added('key policy', { ...keyStatement, Principal: { AWS: 'arn:aws:iam::444455556666:user/Bob' } }),
          added('identity policy', ownStatement),
        ],
      ],
    ],
    [
      'without the statement that denies',
      ask([allow({ Principal: '*' }), { Sid: 'No', ...allow({ Principal: '*' }), Effect: 'Deny' }]),
      [[{ kind: 'remove a statement', layer: 'key policy', policy: undefined, index: 1, sid: 'No' }]],
    ],
    [
      'a request that the denying statement does not mean',
      ask(
        [
          allow({ Principal: '*' }),
          { ...allow({ Principal: '*' }), Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
        { context: contextOf({ 'aws:SecureTransport': 'false' }) },
      ),
      [
        [
          {
            kind: 'meet a condition',
            layer: 'key policy',
            policy: undefined,
            index: 1,
            sid: undefined,
            operator: 'Bool',
            key: 'aws:SecureTransport',
            wanted: ['true'],
          },
        ],
        [{ kind: 'remove a statement', layer: 'key policy', policy: undefined, index: 1, sid: undefined }],
      ],
    ],
    [
      'no change that another one makes needless',
      ask(
        [
          allow({ Principal: '*' }),
          // What would not be meant by it can't be told of a pattern, so only its removal is tried at first.
          {
            ...allow({ Principal: '*' }),
            Effect: 'Deny',
            Condition: { StringNotLike: { 'kms:EncryptionContext:app': 'pay*' } },
          },
          {
            ...allow({ Principal: '*' }),
            Effect: 'Deny',
            Condition: { StringNotEquals: { 'kms:EncryptionContext:app': 'payments' } },
          },
        ],
        { context: contextOf({ 'kms:EncryptionContext:app': 'orders' }) },
      ),
      [
        [
          {
            kind: 'meet a condition',
            layer: 'key policy',
            policy: undefined,
            index: 2,
            sid: undefined,
            operator: 'StringNotEquals',
            key: 'kms:EncryptionContext:app',
            wanted: ['payments'],
          },
        ],
        [
          { kind: 'remove a statement', layer: 'key policy', policy: undefined, index: 1, sid: undefined },
          { kind: 'remove a statement', layer: 'key policy', policy: undefined, index: 2, sid: undefined },
        ],
      ],
    ],
    [
      'the condition that failed',
      ask([allow({ Principal: '*', Condition: { StringEquals: { 'kms:EncryptionContext:app': ['a', 'b'] } } })]),
      [
        [
          {
            kind: 'meet a condition',
            layer: 'key policy',
            policy: undefined,
            index: 0,
            sid: undefined,
            operator: 'StringEquals',
            key: 'kms:EncryptionContext:app',
            wanted: ['a', 'b'],
          },
        ],
        [added('key policy', keyStatement)],
      ],
    ],
    [
      'one more statement of the boundary',
      ask([account], {
        subject: {
          ...alice,
          identity: attached('own', [policy(allow())]),
          boundary: attached('boundary', [policy(allow({ Action: 'kms:Encrypt' }))])[0],
        },
      }),
      [[added('permissions boundary', ownStatement, 'boundary 0')]],
    ],
    [
      'one more statement at the level that does not allow',
      ask([allow({ Principal: '*' })], {
        subject: {
          ...alice,
          serviceControl: [
            attached('root', [policy(allow())]),
            attached('unit', [policy(allow({ Action: 'kms:Encrypt' }))]),
          ],
        },
      }),
      [[added('service control policy', ownStatement, 'unit 0')]],
    ],
    ['nothing where the operation does not cross accounts', ask([], { subject: bob, crossAccount: false }), []],
  ]
  for (const [name, question, expected] of table) {
    it(`are: ${name}`, () => {
      const remedies = remediesFor(question)
      assert.deepEqual(remedies, expected)
      for (const remedy of remedies) assert.equal(evaluate(changed(question, remedy)).allowed, true)
    })
  }

  it('allow what was denied when they are made in the texts of the policies, and no part of them does', () => {
    const random = printedDice('remedy')
    let found = 0
    for (let round = 0; round < 600; round += 1) {
      const question = named(questionFrom(randomCase(random)))
      if (evaluate(question).allowed) continue
      for (const remedy of remediesFor(question)) {
        found += 1
        const about = (): string => JSON.stringify(remedy)
        assert.equal(evaluate(changed(question, remedy)).allowed, true, about())
        remedy.forEach((_: Change, index) => {
          if (remedy.length === 1) return
          assert.equal(evaluate(changed(question, remedy.toSpliced(index, 1))).allowed, false, about())
        })
      }
    }
    assert.ok(found > 100, `${found} remedies`)
  })
})
