/**
 * What a decision costs: a workload of everyday policies with 10,000 distinct requests, and a caller with 1,000 statements.
 * No decision is remembered. Beside it, as a yardstick of the machine, parsing the same policies with JSON.parse.
 * Alone: `node_modules/.bin/node bench/policy.ts`.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { parseAccountId } from '#base/brand.ts'
import { compilePolicy, type CompiledPolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Question } from '#policy/question.ts'
import type { AttachedPolicy, Subject } from '#policy/subject.ts'

export interface PolicyFigures {
  /** On one core, of the everyday workload. */
  readonly decisionsPerSecond: number
  /** JSON.parse of the policies of one decision of that workload, in the same second. */
  readonly parsesPerSecond: number
  /** Microseconds of a decision of a caller with 1,000 statements, by how the statements differ. */
  readonly largeMicros: Readonly<Record<string, number>>
}

const account = parseAccountId('111122223333')
const requests = 10_000
const keyArn = (number: number): string =>
  `arn:aws:kms:us-east-1:111122223333:key/${String(number).padStart(8, '0')}-12ab-34cd-56ef-1234567890ab`

/** Every member is a statement. */
type Statements = readonly Readonly<Record<string, unknown>>[]
const text = (statements: Statements): string => JSON.stringify({ Version: '2012-10-17', Statement: statements })

const root = { AWS: 'arn:aws:iam::111122223333:root' }
const administrators = { AWS: ['AROAADMINEXAMPLE00001', 'AIDAADMINEXAMPLE00001'] }
const users = { AWS: ['AROAUSEREXAMPLE000001', 'AIDAUSEREXAMPLE000001', 'arn:aws:iam::444455556666:root'] }
const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey']
const administer = [
  'Create*',
  'Describe*',
  'Enable*',
  'List*',
  'Put*',
  'Update*',
  'Revoke*',
  'Disable*',
  'Get*',
  'Delete*',
]
  .concat(['TagResource', 'UntagResource', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'RotateKeyOnDemand'])
  .map((name) => `kms:${name}`)

// The console's key policy, an organization's Deny, and what a role might have.
const keyPolicy = text([
  { Sid: 'Enable IAM policies', Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' },
  { Sid: 'Administrators', Effect: 'Allow', Principal: administrators, Action: administer, Resource: '*' },
  { Sid: 'Use', Effect: 'Allow', Principal: users, Action: use, Resource: '*' },
  {
    Sid: 'Attachment',
    Effect: 'Allow',
    Principal: users,
    Action: ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'],
    Resource: '*',
    Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
  },
])
const organization = text([
  { Effect: 'Allow', Action: '*', Resource: '*' },
  {
    Effect: 'Deny',
    Action: 'kms:*',
    Resource: '*',
    Condition: {
      StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    },
  },
])
const byAlias = text([
  {
    Effect: 'Allow',
    Action: use,
    Resource: 'arn:aws:kms:*:111122223333:key/*',
    Condition: { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/app-*' } },
  },
])
const byAddress = text([
  {
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: {
      NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '10.0.0.0/8', '2001:db8::/32'] },
      Bool: { 'aws:ViaAWSService': 'false' },
    },
  },
])

const named = (name: string, policy: CompiledPolicy): AttachedPolicy => ({ name, policy })

function session(identity: readonly string[]): Subject {
  return {
    kind: 'role session',
    account,
    names: {
      direct: ['AROAAPPEXAMPLE0000001:session'],
      entity: ['AROAAPPEXAMPLE0000001'],
      account: ['arn:aws:iam::111122223333:root', '111122223333'],
    },
    identity: identity.map((one, index) => named(`policy ${index}`, compilePolicy(one))),
    boundary: undefined,
    session: undefined,
    serviceControl: [[named('organization', compilePolicy(organization))]],
  }
}

function question(subject: Subject, number: number, policy: CompiledPolicy): Question {
  assert.ok(account !== undefined)
  const operations = ['Decrypt', 'Encrypt', 'GenerateDataKey', 'DescribeKey'] as const
  const values = new Map<string, ContextValue>([
    ['aws:principalorgid', 'o-a1b2c3d4e5'],
    ['aws:principalisawsservice', 'false'],
    ['aws:viaawsservice', 'false'],
    ['aws:sourceip', `203.0.113.${number % 256}`],
    ['kms:resourcealiases', [`alias/team-${number % 7}`, `alias/app-${number}`]],
    ['aws:principalarn', 'arn:aws:iam::111122223333:role/App'],
    ['kms:calleraccount', '111122223333'],
    ['kms:encryptioncontext:tenant', `tenant-${number}`],
  ])
  return {
    subject,
    action: `kms:${operations[number % operations.length] ?? 'Decrypt'}`,
    resource: {
      arn: keyArn(number),
      account,
      policy,
      policyLayer: 'key policy',
      resourceControl: [],
      awsManaged: false,
    },
    crossAccount: true,
    context: { value: (key) => values.get(key) },
    endpoint: undefined,
    grants: undefined,
    grantUse: undefined,
  }
}

/** Runs `once` over and over for about a second; how many times a second it ran. */
function rate(once: (index: number) => void): number {
  for (let index = 0; index < 2 * requests; index++) once(index)
  const begin = process.cpuUsage()
  let count = 0
  for (;;) {
    for (let index = 0; index < requests; index++) once(count + index)
    count += requests
    const { user, system } = process.cpuUsage(begin)
    if (user + system > 1_000_000) return (count * 1_000_000) / (user + system)
  }
}

const statementsOf = (make: (number: number) => Readonly<Record<string, unknown>>): readonly string[] =>
  Array.from({ length: 10 }, (_, policy) =>
    text(Array.from({ length: 100 }, (_none, index) => ({ Effect: 'Allow', ...make(policy * 100 + index) }))),
  )

// Ten policies of 100 statements. In each the last one is what allows.
const large: Readonly<Record<string, readonly string[]>> = {
  'other actions': statementsOf((number) => ({
    Action: number === 999 ? use : [`s3:Get${number}*`, `kms:Other${number}`],
    Resource: '*',
  })),
  'other keys by ARN': statementsOf((number) => ({
    Action: use,
    Resource: number === 999 ? 'arn:aws:kms:*:111122223333:key/*' : keyArn(1_000_000 + number),
  })),
  'other keys by pattern': statementsOf((number) => ({
    Action: use,
    Resource: number === 999 ? '*' : `arn:aws:kms:us-east-1:111122223333:key/other-${number}-*`,
  })),
  'other regions by pattern': statementsOf((number) => ({
    Action: use,
    Resource: number === 999 ? '*' : `arn:aws:kms:region-${number}-*:111122223333:key/*`,
  })),
  'other conditions': statementsOf((number) => ({
    Action: use,
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:PrincipalArn': number === 999 ? 'arn:aws:iam::111122223333:role/App' : `x${number}` },
    },
  })),
}

/** Measures for about eight seconds; one core is busy. */
export function measurePolicy(): PolicyFigures {
  const policy = compilePolicy(keyPolicy)
  const subject = session([byAlias, byAddress])
  const questions = Array.from({ length: requests }, (_, number) => question(subject, number, policy))
  const decide = (asked: readonly Question[]) => {
    return (index: number): void => {
      const one = asked[index % asked.length]
      if (one === undefined || !evaluate(one).allowed) throw new Error(`request ${index} is not allowed`)
    }
  }
  const decisionsPerSecond = rate(decide(questions))
  const texts = [keyPolicy, organization, byAlias, byAddress]
  const parsesPerSecond = rate(() => {
    for (const one of texts) JSON.parse(one)
  })
  const largeMicros: Record<string, number> = {}
  for (const [name, identity] of Object.entries(large)) {
    const caller = session(identity)
    const asked = Array.from({ length: 1_000 }, (_, number) => question(caller, number, policy))
    largeMicros[name] = 1_000_000 / rate(decide(asked))
  }
  return { decisionsPerSecond, parsesPerSecond, largeMicros }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const figures = measurePolicy()
  console.log(`everyday policies: ${Math.round(figures.decisionsPerSecond)} decisions/s`)
  console.log(`JSON.parse of the same policies: ${Math.round(figures.parsesPerSecond)} /s`)
  for (const [name, micros] of Object.entries(figures.largeMicros)) {
    console.log(`1,000 statements, ${name}: ${micros.toFixed(2)} us`)
  }
}
