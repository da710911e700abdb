import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import { evaluate } from '#policy/evaluate.ts'
import { accountOf, contextOf, subjectOf } from './subjects.ts'

type Context = Readonly<Record<string, ContextValue>>
type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const subject = subjectOf('arn:aws:iam::111122223333:user/Alice')

/** Whether a statement of `effect` with `condition` matches a request with `context`. */
function matches(condition: Condition, context: Context, effect = 'Allow', version = '2012-10-17'): boolean {
  const statement = { Principal: '*', Action: '*', Resource: '*' }
  const statements =
    effect === 'Allow'
      ? [{ ...statement, Effect: effect, Condition: condition }]
      : [
          { ...statement, Effect: 'Allow' },
          { ...statement, Effect: effect, Condition: condition },
        ]
  const policy = compilePolicy(JSON.stringify({ Version: version, Statement: statements }))
  assert.equal(policy.problem, undefined)
  const decision = evaluate({
    subject,
    action: 'kms:Decrypt',
    resource: {
      arn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      account: accountOf('111122223333'),
      policy,
      policyLayer: 'key policy',
      resourceControl: [],
      awsManaged: false,
    },
    crossAccount: true,
    context: contextOf(context),
    endpoint: undefined,
    grants: undefined,
    grantUse: undefined,
  })
  assert.ok(decision.allowed || decision.because !== 'error')
  return effect === 'Allow' ? decision.allowed : !decision.allowed
}

/** [operator, values, the key's value, whether it matches]; undefined: the key is absent. */
type Row = readonly [operator: string, values: unknown, given: ContextValue, expected: boolean]

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const [operator, values, given, expected] of rows) {
      it(`${operator} ${JSON.stringify(values)} with ${given === undefined ? 'no key' : JSON.stringify(given)}: ${expected}`, () => {
        assert.equal(
          matches({ [operator]: { 'App:Key': values } }, given === undefined ? {} : { 'app:key': given }),
          expected,
        )
      })
    }
  })
}

table('string operators', [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', ['b', 'a'], 'a', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', [], 'a', false],
  ['StringEquals', '', '', true],
  ['StringEquals', 5, '5', true],
  ['StringEquals', true, 'true', true],
  ['stringequals', 'a', 'a', true],
  ['StringNotEquals', 'a', 'a', false],
  ['StringNotEquals', ['a', 'b'], 'c', true],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', [], 'b', true],
  ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
  ['StringEqualsIgnoreCase', ['x', 'aB'], 'Abc', false],
  ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
  ['StringNotEqualsIgnoreCase', 'aB', 'c', true],
  ['StringLike', 'a*c', 'abbc', true],
  ['StringLike', 'a*c', 'abbd', false],
  ['StringLike', 'a?c', 'abc', true],
  ['StringLike', 'a?c', 'ac', false],
  ['StringLike', '*', '', true],
  ['StringLike', '?', '', false],
  ['StringLike', '**a**', 'xay', true],
  ['StringLike', 'A*', 'ab', false],
  ['StringLike', '*ab*ab', 'xabab', true],
  ['StringLike', '*ab*ab', 'xab', false],
  ['StringLike', 'ab*bc', 'abc', false],
  ['StringLike', '*b?d*', 'abbccd', false],
  ['StringLike', '*b?d*', 'abxbcd', true],
  ['StringLike', ['x', 'y*'], 'yes', true],
  ['StringLike', '${*}', '*', true],
  ['StringLike', '${*}', 'a', false],
  ['StringLike', 'a${?}', 'a?', true],
  ['StringLike', 'a${?}', 'ab', false],
  ['StringEquals', '${$}{x}', '${x}', true],
  ['StringNotLike', 'a*', 'ab', false],
  ['StringNotLike', ['a*', 'b*'], 'cb', true],
])

table('numeric operators', [
  ['NumericEquals', '5', '5.0', true],
  ['NumericEquals', 5, '5', true],
  ['NumericEquals', ['4', '5'], '5', true],
  ['NumericEquals', '5', '6', false],
  ['NumericEquals', '-1e2', '-100', true],
  ['NumericNotEquals', '5', '6', true],
  ['NumericNotEquals', ['5', '6'], '6', false],
  ['NumericLessThan', '5', '4.9', true],
  ['NumericLessThan', '5', '5', false],
  ['NumericLessThanEquals', '5', '5', true],
  ['NumericGreaterThan', '5', '5', false],
  ['NumericGreaterThan', '5', '10', true],
  ['NumericGreaterThanEquals', '5', '5', true],
  ['NumericEquals', 'five', 'five', false],
  ['NumericEquals', '', '', false],
  ['NumericEquals', '0x10', '16', false],
  ['NumericLessThan', '5', 'four', false],
  ['NumericEquals', ['five', '5'], '5', true],
  ['NumericNotEquals', 'five', '5', false],
  ['NumericNotEquals', '5', 'six', false],
  ['NumericEquals', '${aws:MultiFactorAuthAge}', '5', false],
])

table('date operators', [
  ['DateEquals', '2026-11-21T12:00:00Z', '2026-11-21T12:00:00Z', true],
  ['DateEquals', '2026-11-21T13:00:00+01:00', '2026-11-21T12:00:00Z', true],
  ['DateEquals', '1795262400', '2026-11-21T12:00:00Z', true],
  ['DateEquals', '2026-11-21T12:00:00.500Z', '2026-11-21T12:00:00Z', false],
  ['DateEquals', '2026-11-21', '2026-11-21T00:00Z', true],
  ['DateEquals', '2026', '2026-01-01', true],
  ['DateNotEquals', '2026-11-21T12:00:00Z', '2026-11-21T12:00:01Z', true],
  ['DateLessThan', '2026-11-21T12:00:00Z', '2026-11-21T11:59:59Z', true],
  ['DateLessThan', '2026-11-21T12:00:00Z', '2026-11-21T12:00:00Z', false],
  ['DateLessThanEquals', '2026-11-21T12:00:00Z', '2026-11-21T12:00:00Z', true],
  ['DateGreaterThan', '2026-11-21T12:00:00Z', '1795262401', true],
  ['DateGreaterThanEquals', '2026-11-21T12:00:00Z', '1795262399', false],
  ['DateLessThan', 'tomorrow', '2026-11-21T12:00:00Z', false],
  ['DateEquals', '2026-02-30', '2026-03-02', false],
  ['DateEquals', '2026-13-01', '2027-01-01', false],
  ['DateNotEquals', 'tomorrow', '2026-11-21T12:00:00Z', false],
  ['DateLessThan', '2027-*', '2026-11-21T12:00:00Z', false],
])

table('Bool and BinaryEquals', [
  ['Bool', 'true', 'true', true],
  ['Bool', true, 'true', true],
  ['Bool', 'TRUE', 'true', true],
  ['Bool', 'false', 'true', false],
  ['Bool', ['false', 'true'], 'true', true],
  ['Bool', 'yes', 'yes', false],
  ['Bool', '1', 'true', false],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ6', false],
  ['BinaryEquals', 'not base64', 'not base64', false],
])

table('address operators', [
  ['IpAddress', '203.0.113.0/24', '203.0.113.255', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.0', false],
  ['IpAddress', '203.0.113.7/24', '203.0.113.9', true],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '203.0.113.7', '203.0.113.8', false],
  ['IpAddress', '0.0.0.0/0', '203.0.113.8', true],
  ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
  ['IpAddress', '128.0.0.0/1', '255.255.255.255', true],
  ['IpAddress', '::/0', '203.0.113.8', false],
  ['IpAddress', '2001:db8::/32', '2001:DB8:ffff::1', true],
  ['IpAddress', '2001:db8:0:8000::/49', '2001:db8:0:8001::1', true],
  ['IpAddress', '2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
  ['IpAddress', '::ffff:203.0.113.0/120', '203.0.113.9', true],
  ['IpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.3.4', true],
  ['IpAddress', '203.0.113.0/33', '203.0.113.1', false],
  ['IpAddress', '203.0.113.0/024', '203.0.113.1', false],
  ['IpAddress', '203.0.113', '203.0.113.0', false],
  ['IpAddress', '0203.0.113.1', '203.0.113.1', false],
  ['IpAddress', '1::2::3', '1::2:0:3', false],
  ['IpAddress', '203.0.113.*', '203.0.113.1', false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.114.0', true],
  ['NotIpAddress', ['203.0.113.0/24', '203.0.114.0/24'], '203.0.114.0', false],
  ['NotIpAddress', '203.0.113.0/24', 'here', false],
  ['NotIpAddress', 'here', '203.0.113.0', false],
])

table('ARN operators', [
  ['ArnEquals', 'arn:aws:s3:::bucket', 'arn:aws:s3:::bucket', true],
  ['ArnEquals', 'arn:aws:s3:::b*', 'arn:aws:s3:::bucket', true],
  ['ArnLike', 'arn:aws:*:::bucket', 'arn:aws:s3:::bucket', true],
  ['ArnLike', 'arn:*:bucket', 'arn:aws:s3:::bucket', false],
  ['ArnLike', 'arn:aws:s3:*:finance', 'arn:aws:s3:x:y:z:finance', false],
  ['ArnLike', 'arn:aws:s3:::*', 'arn:aws:s3:::a:b:c', true],
  ['ArnLike', 'arn:aws:s3:::BUCKET', 'arn:aws:s3:::bucket', false],
  ['ArnLike', 'arn:aws:iam::${aws:PrincipalAccount}:role/*', 'arn:aws:iam::1:role/x', false],
  ['ArnLike', '*', 'anything', true],
  ['ArnNotEquals', 'arn:aws:s3:::bucket', 'arn:aws:s3:::bucket', false],
  ['ArnNotLike', 'arn:aws:s3:::b*', 'arn:aws:s3:::c', true],
  ['ArnLike', 'arn:aws:s3:::b', 'no arn', false],
])

table('a key that is not in the request', [
  ['StringEquals', 'a', undefined, false],
  ['StringNotEquals', 'a', undefined, true],
  ['StringLike', '*', undefined, false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['StringNotEqualsIfExists', 'a', 'a', false],
  ['NumericLessThan', '5', undefined, false],
  ['NumericNotEquals', '5', undefined, true],
  ['NumericLessThanIfExists', '5', undefined, true],
  ['DateGreaterThan', '2026-01-01', undefined, false],
  ['DateGreaterThanIfExists', '2026-01-01', undefined, true],
  ['Bool', 'false', undefined, false],
  ['BoolIfExists', 'true', undefined, true],
  ['BinaryEquals', 'QQ==', undefined, false],
  ['IpAddress', '0.0.0.0/0', undefined, false],
  ['NotIpAddress', '0.0.0.0/0', undefined, true],
  ['IpAddressIfExists', '10.0.0.0/8', undefined, true],
  ['ArnLike', 'arn:*:*:*:*:*', undefined, false],
  ['ArnNotLike', 'arn:*:*:*:*:*', undefined, true],
  ['ForAllValues:StringEquals', 'a', undefined, true],
  ['ForAllValues:StringNotEquals', 'a', undefined, true],
  ['ForAnyValue:StringEquals', 'a', undefined, false],
  ['ForAnyValue:StringNotEquals', 'a', undefined, false],
  ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ['ForAllValues:StringEquals', 'a', [], true],
  ['ForAnyValue:StringEquals', 'a', [], false],
  ['StringEquals', 'a', [], false],
  ['Null', 'true', undefined, true],
  ['Null', true, undefined, true],
  ['Null', 'true', [], true],
  ['Null', 'true', '', false],
  ['Null', 'false', undefined, false],
  ['Null', 'false', 'a', true],
  ['Null', 'FALSE', 'a', true],
  ['Null', ['true', 'false'], 'a', true],
  ['Null', 'maybe', 'a', false],
])

table('a key with several values', [
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b', 'a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'd'], true],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'a'], false],
  ['ForAllValues:StringEquals', 'a', 'a', true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'c'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
  ['ForAnyValue:StringLike', 'alias/app-*', ['alias/x', 'alias/app-1'], true],
  ['ForAnyValue:NumericLessThan', '5', ['7', '3'], true],
  ['ForAllValues:ArnLike', 'arn:aws:s3:::a*', ['arn:aws:s3:::a1', 'arn:aws:s3:::b'], false],
  ['StringEquals', 'a', ['b', 'a'], true],
  ['StringNotEquals', 'a', ['b', 'a'], false],
  ['StringNotEquals', 'a', ['b', 'c'], true],
])

describe('conditions', () => {
  it('are joined by AND over operators and keys', () => {
    const both = { StringEquals: { k: 'a', l: 'b' }, Bool: { m: 'true' } }
    assert.equal(matches(both, { k: 'a', l: 'b', m: 'true' }), true)
    for (const missing of ['k', 'l', 'm'])
      assert.equal(matches(both, { k: 'a', l: 'b', m: 'true', [missing]: 'x' }), false)
  })

  it('deny when a negated operator meets something that is no number, date or address', () => {
    const rows = [
      ['NumericNotEquals', 'five', '5'],
      ['NumericNotEquals', '5', 'six'],
      ['DateNotEquals', 'tomorrow', '2026-01-01'],
      ['NotIpAddress', '10.0.0.0/8', 'unknown'],
      ['NotIpAddress', 'office', '10.0.0.1'],
    ] as const
    for (const [operator, value, given] of rows) {
      assert.equal(matches({ [operator]: { k: value } }, { k: given }, 'Deny'), true, operator)
      assert.equal(matches({ [operator]: { k: value } }, { k: given }, 'Allow'), false, operator)
    }
  })
})

describe('variables in conditions', () => {
  const rows: readonly (readonly [string, unknown, Context, boolean, string?])[] = [
    ['StringEquals', '${aws:username}', { k: 'Alice', 'aws:UserName': 'Alice' }, true],
    ['StringEquals', 'x-${AWS:username}-y', { k: 'x-Alice-y', 'aws:username': 'Alice' }, true],
    ['StringEquals', '${aws:username}', { k: '${aws:username}', 'aws:username': 'Alice' }, false],
    ['StringEquals', '${aws:username}', { k: '${aws:username}', 'aws:username': 'Alice' }, true, '2008-10-17'],
    ['StringEquals', '${aws:username}', { k: 'Alice' }, false],
    ['StringNotEquals', '${aws:username}', { k: 'Alice' }, true],
    ['StringEquals', ['${aws:username}', 'Bob'], { k: 'Bob' }, true],
    ['StringEquals', "${aws:username, 'Bob'}", { k: 'Bob' }, true],
    ['StringEquals', "${ aws:username , 'a}b' }", { k: 'a}b' }, true],
    ['StringEquals', "${aws:username, 'Bob'}", { k: 'Bob', 'aws:username': 'Alice' }, false],
    ['StringEquals', "${aws:username, ''}", { k: '' }, true],
    ['StringEquals', '${aws:TagKeys}', { k: 'a', 'aws:TagKeys': ['a'] }, false],
    ['StringEqualsIgnoreCase', '${aws:username}', { k: 'ALICE', 'aws:username': 'Alice' }, true],
    ['StringLike', '${aws:username}*', { k: 'Alice-1', 'aws:username': 'Alice' }, true],
    ['StringLike', '${aws:username}', { k: 'anything', 'aws:username': '*' }, false],
    ['StringLike', '${aws:username}', { k: '*', 'aws:username': '*' }, true],
    ['StringNotLike', '${aws:username}', { k: 'anything', 'aws:username': '*' }, true],
    ['StringEquals', '${aws:PrincipalTag/Cost Center}', { k: '7', 'aws:PrincipalTag/Cost Center': '7' }, true],
    ['ArnLike', 'arn:aws:iam::${acct}:role/*', { k: 'arn:aws:iam::1:role/x', acct: '1' }, true],
    ['ArnLike', 'arn:aws:iam::${acct}:role/*', { k: 'arn:aws:iam::1:role/x', acct: '*' }, false],
    ['ArnLike', 'arn:aws:s3:${x}:b', { k: 'arn:aws:s3:1:2:b', x: '1:2' }, false],
  ]
  for (const [operator, value, context, expected, version] of rows) {
    it(`${operator} ${JSON.stringify(value)} with ${JSON.stringify(context)}, ${version ?? '2012-10-17'}: ${expected}`, () => {
      assert.equal(matches({ [operator]: { k: value } }, context, 'Allow', version), expected)
    })
  }
})
