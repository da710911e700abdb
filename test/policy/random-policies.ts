/**
 * Random questions for the evaluator. The alphabets are small, so that names, patterns and values meet often; every element,
 * operator and layer occurs, and so do values that are none.
 */
import { compiledPolicies } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import type { Grant, GrantConstraints } from '#policy/grant.ts'
import type { GrantUse, Question } from '#policy/question.ts'
import type { AttachedPolicy, Subject } from '#policy/subject.ts'
import { dice, type Dice } from '../faults/random.ts'
import { randomConditions, randomContext } from './random-conditions.ts'
import { accountOf, contextOf } from './subjects.ts'

export type StatementJson = Readonly<Record<string, unknown>>
export interface PolicyJson {
  readonly Version?: string
  readonly Statement: readonly StatementJson[]
}

/** A question whose policies are still JSON, so that a test can change them. */
export interface RandomCase {
  readonly subject: Pick<Subject, 'kind' | 'account' | 'names'>
  readonly action: string
  readonly arn: string
  readonly policyLayer: 'key policy' | 'trust policy'
  readonly awsManaged: boolean
  readonly crossAccount: boolean
  readonly context: Readonly<Record<string, ContextValue>>
  readonly grants: readonly Grant[]
  readonly grantUse: GrantUse | undefined
  readonly policies: CasePolicies
}

/** One list of lists for each layer: a policy that is absent is an empty list, a level is a list. */
export interface CasePolicies {
  readonly resource: readonly PolicyJson[]
  readonly identity: readonly PolicyJson[]
  readonly boundary: readonly PolicyJson[]
  /** Undefined: no session policies were passed. */
  readonly session: readonly PolicyJson[] | undefined
  readonly serviceControl: readonly (readonly PolicyJson[])[]
  readonly resourceControl: readonly (readonly PolicyJson[])[]
  readonly endpoint: readonly PolicyJson[]
}

/** Dice whose seed is printed; `TRENT_TEST_SEED` repeats a run. */
export function printedDice(name: string): Dice {
  const seed = Number(process.env['TRENT_TEST_SEED'] ?? Date.now() % 1_000_000_007)
  console.log(`${name}: TRENT_TEST_SEED=${seed}`)
  return dice(seed)
}

const owner = '111122223333'
const stranger = '444455556666'
const rootOf = (account: string): string => `arn:aws:iam::${account}:root`
const keys = ['1234abcd-12ab-34cd-56ef-1234567890ab', '0987dcba-09fe-87dc-65ba-ab0987654321'].map(
  (id) => `arn:aws:kms:us-east-1:${owner}:key/${id}`,
)
const roleArn = `arn:aws:iam::${owner}:role/App`
const federatedArn = `arn:aws:sts::${owner}:federated-user/Fred`

function subjects(): readonly RandomCase['subject'][] {
  return [owner, stranger].flatMap((id): readonly RandomCase['subject'][] => {
    const [account, end] = [accountOf(id), id.charAt(0)]
    const names = (direct: string, entity?: string): Subject['names'] => ({
      direct: [direct],
      entity: entity === undefined ? [] : [entity],
      account: [rootOf(id), id],
    })
    return [
      { kind: 'user', account, names: names(`AIDAALICE${end}`) },
      { kind: 'role session', account, names: names(`AROAAPP${end}:s1`, `AROAAPP${end}`) },
      { kind: 'federated user', account, names: names(federatedArn.replace(owner, id), `AIDAALICE${end}`) },
      { kind: 'root', account, names: names(rootOf(id)) },
    ]
  })
}
const service: RandomCase['subject'] = {
  kind: 'service',
  account: undefined,
  names: { direct: ['s3.amazonaws.com'], entity: [], account: [] },
}
const everySubject = subjects()

const actions = [
  'kms:Decrypt',
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:DescribeKey',
  'kms:CreateGrant',
  'kms:RetireGrant',
].concat(['kms:EnableKey'])
const actionPatterns = [
  '*',
  'kms:*',
  'KMS:decrypt',
  'kms:De*',
  'kms:?e*',
  'kms:Encrypt',
  'kms:*Grant',
  's3:*',
  'sts:*',
].concat(['kms:Decrypt', 'kms:*c*r*t*', 'sts:AssumeRole', 'kms:Decrypt*', 'kms:Decryp', '?ms:*'])
const resourcePatterns = ['*', '*', ...keys]
  .concat([
    'arn:aws:kms:*:111122223333:key/*',
    'arn:*:kms:*:*:*',
    'arn:aws:kms:*:key/*',
    'arn:aws:kms:us-east-1:*:alias/*',
  ])
  .concat([`arn:aws:kms:us-east-1:${owner}:alias/\${aws:username}*`, 'arn:aws:kms:*:*:key/${aws:PrincipalTag/team}*'])
  .concat([
    "arn:aws:kms:*:*:*/${aws:PrincipalTag/none, '1234'}*",
    'arn:aws:kms:*:*:key/${*}',
    '1234abcd',
    'ARN:aws:kms:*:*:*',
  ])
  .concat(['arn:aws:kms:*:*:key/${kms:EncryptionContextKeys}', 'arn:aws:kms:us-east-?:*:key/????abcd*', 'arn:aws:kms'])

/** One value bare, or several. */
function oneOrMore(random: Dice, from: readonly string[]): unknown {
  return random.chance(0.6) ? random.pick(from) : Array.from({ length: 1 + random.below(3) }, () => random.pick(from))
}

function randomPrincipal(random: Dice, { kind, names }: RandomCase['subject']): unknown {
  if (random.chance(0.15)) return random.pick(['*', { AWS: '*' }, { AWS: ['*', 'AIDAOTHER'] }])
  const mine = [...names.direct, ...names.direct, ...names.entity, ...names.account]
  const aws = ['AIDAOTHER', 'AIDAALICE1', 'AROAAPP1', 'AROAAPP1:s1', 'AROAAPP1:s2', federatedArn, rootOf(owner)]
  const near = ['AROAAPP*', 'aroaapp1', owner, rootOf(stranger), roleArn, 'AROAAPP1:*', 's3.amazonaws.com']
  const pool = kind === 'service' ? [...aws, ...near] : [...mine, ...mine, ...aws, ...near]
  const element: Record<string, unknown> = { AWS: oneOrMore(random, pool) }
  if (random.chance(kind === 'service' ? 0.7 : 0.1)) {
    element['Service'] = oneOrMore(random, ['s3.amazonaws.com', 's3.amazonaws.com', 'ssm.amazonaws.com', '*'])
    if (random.chance(0.5)) delete element['AWS']
  }
  return element
}

interface StatementOptions {
  readonly principal: boolean
  readonly resource: boolean
  readonly effect?: 'Allow' | 'Deny'
}

/** A statement for a policy that names principals, or none, and resources, or none. */
export function randomStatement(
  random: Dice,
  subject: RandomCase['subject'],
  { principal, resource, effect = random.chance(0.12) ? 'Deny' : 'Allow' }: StatementOptions,
): StatementJson {
  const statement: Record<string, unknown> = { Effect: effect }
  if (random.chance(0.3)) statement['Sid'] = 'S'
  if (random.chance(principal ? 0.98 : 0.02)) {
    const not = effect === 'Deny' && random.chance(0.3)
    const lists = {
      AWS: [...subject.names.direct, ...subject.names.entity, subject.names.account[random.below(2)] ?? 'x'],
    }
    const element = not && random.chance(0.5) ? lists : randomPrincipal(random, subject)
    statement[not ? 'NotPrincipal' : 'Principal'] = element
  }
  if (random.chance(0.98)) statement[random.chance(0.15) ? 'NotAction' : 'Action'] = oneOrMore(random, actionPatterns)
  if (resource && random.chance(0.98)) {
    statement[random.chance(0.15) ? 'NotResource' : 'Resource'] = oneOrMore(random, resourcePatterns)
  }
  if (random.chance(effect === 'Deny' ? 0.7 : 0.4)) statement['Condition'] = randomConditions(random)
  return statement
}

function randomPolicy(random: Dice, subject: RandomCase['subject'], options: StatementOptions): PolicyJson {
  const version = random.pick(['2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', ''])
  // Large policies are searched by other means than small ones.
  const count = random.chance(0.05) ? 17 + random.below(8) : 1 + random.below(4)
  const statements = Array.from({ length: count }, () => randomStatement(random, subject, options))
  return { ...(version === '' ? {} : { Version: version }), Statement: statements }
}

function randomPolicies(random: Dice, subject: RandomCase['subject'], trust: boolean): CasePolicies {
  const bare = { principal: false, resource: true }
  const named = { principal: true, resource: true }
  const some = (options: StatementOptions, least: number, most: number): readonly PolicyJson[] =>
    Array.from({ length: least + random.below(most - least + 1) }, () => randomPolicy(random, subject, options))
  const open: PolicyJson = { Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }
  const wide: PolicyJson = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  const mostlyOpen = (policies: readonly PolicyJson[], opening: PolicyJson): readonly PolicyJson[] =>
    random.chance(0.7) ? [...policies, opening] : policies
  const levels = (options: StatementOptions, opening: PolicyJson): readonly (readonly PolicyJson[])[] =>
    Array.from({ length: 1 + random.below(2) }, () => mostlyOpen(some(options, 0, 2), opening))
  return {
    resource: random.chance(0.9) ? some({ principal: true, resource: !trust }, 1, 1) : [],
    identity: some(bare, 0, 3),
    boundary: random.chance(0.3) ? some(bare, 1, 1) : [],
    session: random.chance(0.3) ? some(bare, 0, 2) : undefined,
    serviceControl: random.chance(0.2) ? levels(bare, wide) : [],
    resourceControl: random.chance(0.2) ? levels({ ...named, effect: 'Deny' }, open) : [],
    endpoint: random.chance(0.15) ? (random.chance(0.5) ? [open] : some(named, 1, 1)) : [],
  }
}

const contexts = [undefined, {}, { app: 'x' }, { app: 'x', team: 'red' }, { app: 'X' }] as const
const mapOf = (pairs: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> | undefined =>
  pairs === undefined ? undefined : new Map(Object.entries(pairs))

function randomConstraints(random: Dice): GrantConstraints {
  const pairs = mapOf(random.pick(contexts.slice(2)))
  const kind = random.below(4)
  return {
    encryptionContextEquals: kind === 0 ? pairs : undefined,
    encryptionContextSubset: kind === 1 ? pairs : undefined,
    sourceArn: random.chance(0.15) ? 'arn:aws:s3:::b' : undefined,
  }
}

function randomOperations(random: Dice): readonly string[] {
  return ['Decrypt', 'Encrypt', 'DescribeKey', 'CreateGrant', 'RetireGrant'].filter(() => random.chance(0.5))
}

function randomGrants(random: Dice, { names }: RandomCase['subject']): readonly Grant[] {
  const grantees = [...names.direct, ...names.entity, ...names.account.slice(0, 1), 'AIDAOTHER', 'AROAAPP1:s2']
  return Array.from({ length: random.chance(0.35) ? 1 + random.below(2) : 0 }, (_, index) => ({
    grantId: `grant-${index}`,
    grantee: random.pick(grantees),
    operations: randomOperations(random),
    constraints: randomConstraints(random),
  }))
}

type RandomRequest = Pick<RandomCase, 'action' | 'arn' | 'awsManaged' | 'crossAccount' | 'context' | 'grantUse'>

function randomRequest(random: Dice, trust: boolean): RandomRequest {
  const action = trust ? 'sts:AssumeRole' : random.pick(actions)
  const operation = action.slice(4)
  const child = { operations: randomOperations(random).slice(0, 2), constraints: randomConstraints(random) }
  const alias = `arn:aws:kms:us-east-1:${owner}:alias/Alice-1`
  const grantUse: GrantUse = {
    operation,
    encryptionContext: mapOf(contexts[random.below(contexts.length)]),
    child: operation === 'CreateGrant' ? child : undefined,
  }
  return {
    action,
    arn: trust ? roleArn : random.pick([...keys, ...keys, ...keys, alias, '*']),
    awsManaged: random.chance(0.1),
    crossAccount: random.chance(0.8),
    context: randomContext(random),
    grantUse: trust || operation === 'EnableKey' ? undefined : grantUse,
  }
}

/** A random question. */
export function randomCase(random: Dice): RandomCase {
  const subject = random.chance(0.08) ? service : random.pick([...everySubject, ...everySubject.slice(0, 4)])
  const trust = random.chance(0.08)
  return {
    ...randomRequest(random, trust),
    subject,
    policyLayer: trust ? 'trust policy' : 'key policy',
    grants: randomGrants(random, subject),
    policies: randomPolicies(random, subject, trust),
  }
}

/** Another request of the same caller, under the same policies. */
export function otherRequest(given: RandomCase, random: Dice): RandomCase {
  return { ...given, ...randomRequest(random, given.policyLayer === 'trust policy') }
}

// As the service does it: what a policy remembers of one request must not change its answer to another.
const compiled = compiledPolicies(8_000_000)

const attach = (name: string, policies: readonly PolicyJson[]): readonly AttachedPolicy[] =>
  policies.map((json, index) => ({ name: `${name} ${index}`, policy: compiled(JSON.stringify(json)) }))

/** The question that `given` is. */
export function questionFrom(given: RandomCase): Question {
  const { policies } = given
  const [resource] = policies.resource
  return {
    subject: {
      ...given.subject,
      identity: attach('identity', policies.identity),
      boundary: attach('boundary', policies.boundary)[0],
      session: policies.session === undefined ? undefined : attach('session', policies.session),
      serviceControl: policies.serviceControl.map((level) => attach('scp', level)),
    },
    action: given.action,
    resource: {
      arn: given.arn,
      account: accountOf(owner),
      policy: resource === undefined ? undefined : compiled(JSON.stringify(resource)),
      policyLayer: given.policyLayer,
      resourceControl: policies.resourceControl.map((level) => attach('rcp', level)),
      awsManaged: given.awsManaged,
    },
    crossAccount: given.crossAccount,
    context: contextOf(given.context),
    endpoint: attach('endpoint', policies.endpoint)[0],
    grants: given.grants,
    grantUse: given.grantUse,
  }
}
