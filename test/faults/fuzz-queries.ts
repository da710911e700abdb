/** Fuzzed requests of IAM and STS: valid ones, and what becomes of their parameters. */
import { marker } from './fuzz-world.ts'
import { account } from './program.ts'
import { allowing, policyText, type Parameters, type QueryService } from './query-wire.ts'
import type { Dice } from './random.ts'

const arn = (what: string): string => `arn:aws:iam::${account}:${what}`
const made = (dice: Dice): string => `made-${dice.below(12)}`

function policy(dice: Dice): string {
  return dice.pick([
    allowing('kms:Encrypt'),
    policyText({ Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    policyText({ Sid: marker, Effect: 'Allow', NotAction: 'iam:*', Resource: arn('user/${aws:username}') }),
    policyText({ Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: '*' }),
    `{"Version":"2012-10-17","Statement":${'['.repeat(50)}`,
    marker,
    '',
  ])
}

type Build = (dice: Dice) => Parameters

/** By weight: what changes something is asked for less often. The callers and what they live by are never named by changes. */
const requests: readonly {
  readonly service: QueryService
  readonly action: string
  readonly weight: number
  readonly build: Build
}[] = [
  { service: 'sts', action: 'GetCallerIdentity', weight: 8, build: () => ({}) },
  {
    service: 'sts',
    action: 'AssumeRole',
    weight: 6,
    build: (dice) => ({
      RoleArn: dice.pick([arn('role/fuzzing'), arn(`role/${marker}`), 'arn:aws:iam::999999999999:role/x']),
      RoleSessionName: 'fuzz',
      ...(dice.chance(0.5) ? { Policy: policy(dice), 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': marker } : {}),
    }),
  },
  {
    service: 'sts',
    action: 'GetSessionToken',
    weight: 3,
    build: (dice) => ({ DurationSeconds: `${dice.below(2000)}` }),
  },
  {
    service: 'sts',
    action: 'GetFederationToken',
    weight: 3,
    build: (dice) => ({ Name: 'guest', Policy: policy(dice) }),
  },
  {
    service: 'iam',
    action: 'GetUser',
    weight: 4,
    build: (dice) => ({ UserName: dice.pick(['powerful', made(dice)]) }),
  },
  { service: 'iam', action: 'ListUsers', weight: 3, build: (dice) => ({ MaxItems: `${dice.below(4)}` }) },
  { service: 'iam', action: 'GetRole', weight: 3, build: () => ({ RoleName: 'fuzzing' }) },
  {
    service: 'iam',
    action: 'GetRolePolicy',
    weight: 2,
    build: () => ({ RoleName: 'fuzzing', PolicyName: 'conditions' }),
  },
  { service: 'iam', action: 'GetAccountAuthorizationDetails', weight: 2, build: () => ({}) },
  {
    service: 'iam',
    action: 'SimulateCustomPolicy',
    weight: 3,
    build: (dice) => ({
      'PolicyInputList.member.1': policy(dice),
      'ActionNames.member.1': dice.pick(['kms:Encrypt', marker]),
    }),
  },
  {
    service: 'iam',
    action: 'SimulatePrincipalPolicy',
    weight: 2,
    build: (dice) => ({
      PolicySourceArn: dice.pick([arn('user/powerful'), arn('role/fuzzing')]),
      'ActionNames.member.1': 'kms:Decrypt',
    }),
  },
  { service: 'iam', action: 'CreateUser', weight: 1, build: (dice) => ({ UserName: made(dice) }) },
  { service: 'iam', action: 'DeleteUser', weight: 1, build: (dice) => ({ UserName: made(dice) }) },
  {
    service: 'iam',
    action: 'PutUserPolicy',
    weight: 1,
    build: (dice) => ({ UserName: made(dice), PolicyName: 'p', PolicyDocument: policy(dice) }),
  },
  {
    service: 'iam',
    action: 'CreatePolicy',
    weight: 1,
    build: (dice) => ({ PolicyName: made(dice), PolicyDocument: policy(dice) }),
  },
  { service: 'iam', action: 'CreateAccessKey', weight: 0.5, build: (dice) => ({ UserName: made(dice) }) },
  {
    service: 'iam',
    action: 'CreateRole',
    weight: 1,
    build: (dice) => ({ RoleName: made(dice), AssumeRolePolicyDocument: policy(dice) }),
  },
]
const totalWeight = requests.reduce((sum, { weight }) => sum + weight, 0)
const versions = { iam: '2010-05-08', sts: '2011-06-15' } as const

function oddValue(dice: Dice): string {
  return dice.pick([
    '',
    marker,
    '\u0000',
    '💥',
    '\ud7ff\uffff',
    'x'.repeat(3000),
    '-1',
    '1e99',
    '../../etc/passwd',
    "' OR 1=1 --",
    'arn:aws:iam::aws:policy/AdministratorAccess',
    '%00',
    '<a>&amp;</a>',
  ])
}

function spoiled(given: Readonly<Record<string, string>>, dice: Dice): Record<string, string> {
  const parameters = { ...given }
  const name = dice.pick(Object.keys(parameters))
  switch (dice.below(5)) {
    case 0:
      parameters[name] = oddValue(dice)
      break
    case 1:
      Reflect.deleteProperty(parameters, name)
      break
    case 2:
      parameters[
        dice.pick(['__proto__', 'Tags.member.1.Key', 'Tags.member.9999999.Key', 'Tags.member.x', `${marker}.`])
      ] = oddValue(dice)
      break
    case 3:
      parameters[dice.pick(['Marker', 'MaxItems', 'DurationSeconds', 'Path', 'PathPrefix', 'SerialNumber'])] =
        oddValue(dice)
      break
    default:
      parameters[`${name}.member.1`] = oddValue(dice)
  }
  return parameters
}

/** A form with the service that it is for. */
export function fuzzedForm(dice: Dice, spoil: boolean): { readonly service: QueryService; readonly body: Buffer } {
  let rest = dice.below(totalWeight * 1000) / 1000
  const found = requests.find(({ weight }) => (rest -= weight) < 0) ?? requests[0]
  if (found === undefined) throw new Error('no requests')
  const { service, action, build } = found
  const whole = { Action: action, Version: versions[service], ...build(dice), Extra: marker }
  return { service, body: Buffer.from(new URLSearchParams(spoil ? spoiled(whole, dice) : whole).toString()) }
}
