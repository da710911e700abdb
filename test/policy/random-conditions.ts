/** Random conditions and the random request contexts that they read. */
import type { ContextValue } from '#policy/context.ts'
import type { Dice } from '../faults/random.ts'

interface Family {
  readonly operators: readonly string[]
  readonly keys: readonly string[]
  /** As policies have them. */
  readonly wanted: readonly (string | number | boolean)[]
  /** As requests have them. */
  readonly given: readonly string[]
}

const six = (name: string): readonly string[] =>
  ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((end) => name + end)

const families: readonly Family[] = [
  {
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
    ].concat(['StringNotLike']),
    keys: ['aws:PrincipalTag/team', 'aws:username', 'kms:EncryptionContext:app', 'kms:EncryptionContextKeys'],
    wanted: [
      'red',
      'Red',
      'r*',
      're?',
      '*',
      '',
      'Alice',
      'alice',
      'app',
      '${aws:username}',
      '${AWS:UserName}-x',
      'r${*}',
    ]
      .concat([
        '${aws:PrincipalTag/team}',
        "${aws:PrincipalTag/none, 'red'}",
        '${aws:PrincipalTag/none}',
        "${aws:PrincipalTag/team, 'red'}",
        '${$}',
        '${?}ed',
      ])
      .concat([
        '${kms:EncryptionContextKeys}',
        '*e*d*',
        'rred',
        '*${aws:PrincipalTag/team}',
        '${*}',
        '?',
        '\u212aey',
        'key',
      ]),
    given: ['red', 'Red', 'blue', '*', 'r*', 'Alice', '', '$', '${aws:username}', 'app', 'r', 'Alice-x', '?ed', 'KEY'],
  },
  {
    operators: six('Numeric'),
    keys: ['kms:ScheduleKeyDeletionPendingWindowInDays', 'aws:MultiFactorAuthAge'],
    wanted: ['5', '5.0', 5, 7, '10', 'x', '', '-1', -1, '+5', '0x5', ' 5', '05'],
    given: ['5', '7', '10', '5.0', 'x', '-1', ''],
  },
  {
    operators: six('Date'),
    keys: ['aws:CurrentTime', 'aws:EpochTime'],
    wanted: [
      '2026-11-21T12:00:00Z',
      '2026-11-21',
      '1795262400',
      1795262400,
      '1795262399',
      'then',
      '2026-13-01',
      '2026-*',
    ].concat(['2026-11-21T14:00:00+02:00', '2026-11-21T12:00:00.5Z']),
    given: ['2026-11-21T12:00:00Z', '2026-11-21T11:59:59Z', '1795262400', '1795262401', 'now', ''],
  },
  {
    operators: ['Bool'],
    keys: ['aws:MultiFactorAuthPresent', 'aws:SecureTransport'],
    wanted: [true, false, 'true', 'false', 'x'],
    given: ['true', 'false', 'x'],
  },
  { operators: ['BinaryEquals'], keys: ['kms:Blob'], wanted: ['QQ==', 'QUI='], given: ['QQ==', 'QUI='] },
  {
    operators: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp', 'aws:VpcSourceIp'],
    wanted: [
      '203.0.113.0/24',
      '203.0.113.10',
      '203.0.113.7/28',
      '2001:DB8::/32',
      '::ffff:203.0.113.10',
      '0.0.0.0/0',
    ].concat(['::/0', 'bad', '203.0.113.0/33', '203.0.113', '::ffff:203.0.113.0/120', '2001:db8::1', '203.0.113.010']),
    given: [
      '203.0.113.10',
      '203.0.113.20',
      '198.51.100.1',
      '2001:db8::1',
      '2001:db8:0:0::2',
      '::ffff:203.0.113.10',
      'bad',
    ],
  },
  {
    operators: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:SourceArn', 'aws:PrincipalArn'],
    wanted: [
      'arn:aws:s3:*:111122223333:finance/*',
      'arn:aws:s3:::b',
      '${aws:PrincipalTag/none}:x:y',
      'arn:*:s3:::*',
      'arn:aws:s3:::${aws:username}',
    ]
      .concat([
        '${aws:PrincipalArn}',
        'nothing',
        'arn:aws:s3:*',
        'arn:aws:iam::*:user/?lice',
        'ARN:aws:s3:::b',
        '*',
        '${aws:SourceArn}',
      ])
      .concat([
        'arn:aws:s3:us:111122223333:finance/x:${aws:username}',
        'arn:aws:s3:us:111122223333:finance/x:?',
        'arn:aws:s3:u?:*:finance/x:${aws:PrincipalTag/team}',
      ]),
    given: [
      'arn:aws:s3:::b',
      'arn:aws:s3:us:111122223333:finance/x:y',
      'arn:aws:iam::111122223333:user/Alice',
      'no',
    ].concat(['arn:aws:s3:us:111122223333:finance/x:Alice', 'arn:aws:s3:us:111122223333:finance/x:red']),
  },
]
const everyKey = families.flatMap(({ keys }) => keys)

const anyCase = (random: Dice, key: string): string =>
  random.pick([key, key, key, key.toLowerCase(), key.toUpperCase()])

/** A Condition element. */
export function randomConditions(random: Dice): Readonly<Record<string, unknown>> {
  const element: Record<string, Record<string, unknown>> = {}
  for (let blocks = 1 + random.below(2); blocks > 0; blocks--) {
    const family = random.pick(families)
    const key = random.chance(0.9) ? random.pick(family.keys) : random.pick(everyKey)
    const isNull = random.chance(0.1)
    const operator = isNull ? 'Null' : randomOperator(random, family)
    const values = isNull ? [true, false, 'true', 'false'] : family.wanted
    const one = (): string | number | boolean => random.pick<string | number | boolean>(values)
    const listed = random.chance(0.5) ? one() : Array.from({ length: 1 + random.below(3) }, one)
    element[operator] = { ...element[operator], [anyCase(random, key)]: listed }
  }
  return element
}

function randomOperator(random: Dice, { operators }: Family): string {
  const set = random.pick(['', '', '', 'ForAllValues:', 'ForAnyValue:'])
  return set + random.pick(operators) + random.pick(['', '', 'IfExists'])
}

/** Values for about two thirds of all keys; some have several, some an empty list. */
export function randomContext(random: Dice): Readonly<Record<string, ContextValue>> {
  const context: Record<string, ContextValue> = {}
  for (const { keys, given } of families) {
    for (const key of keys) {
      if (random.chance(0.3)) continue
      const several = key === 'kms:EncryptionContextKeys' || random.chance(0.1)
      context[anyCase(random, key)] = several
        ? Array.from({ length: random.below(4) }, () => random.pick(given))
        : random.pick(given)
    }
  }
  return context
}
