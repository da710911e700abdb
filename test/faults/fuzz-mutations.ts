/** Ways to spoil a request: its members, the text of its body, its headers, and the bytes on the wire. */
import { account, region } from './program.ts'
import type { Dice } from './random.ts'
import { arnOf, marker, type World } from './fuzz-world.ts'

type Members = Record<string, unknown>

const nobody = '00000000-0000-4000-8000-000000000000'

/** Identifiers of nothing, of things in the wrong state, and of no form at all. */
function wrongKeys(world: World): readonly string[] {
  return [
    nobody,
    arnOf(`key/${nobody}`),
    arnOf(`key/${world.keys[0] ?? ''}`, 'eu-west-1'),
    arnOf(`key/${world.keys[0] ?? ''}`, region, '999999999999'),
    'alias/absent',
    'alias/aws/s3',
    arnOf('alias/absent'),
    world.disabled,
    world.pending,
    arnOf(`key/${world.disabled}`),
    'arn:aws:kms',
    `arn:aws:iam::${account}:root`,
    'alias/',
    '',
    'x'.repeat(2049),
    `${marker}\u0000`,
    '💥',
    '../../etc/passwd',
    "' OR 1=1 --",
  ]
}

function oddValue(dice: Dice): unknown {
  return dice.pick<unknown>([
    null,
    true,
    0,
    -1,
    2 ** 31,
    1e308,
    0.5,
    '',
    marker,
    '\u0000',
    'A'.repeat(9000),
    '====',
    'AAA',
    'not base64!',
    [],
    [null],
    [[[]]],
    [marker],
    {},
    { a: { b: {} } },
    { [marker]: 1 },
    [{ TagKey: 'aws:x', TagValue: marker }],
    [{ TagKey: 'k' }],
  ])
}

const anyMember = (dice: Dice, members: Members): string => dice.pick([...Object.keys(members), marker])

/** Changes of members: what is left is JSON of an object. */
const memberMutations: readonly ((members: Members, world: World, dice: Dice) => void)[] = [
  (members, _, dice) => {
    members[anyMember(dice, members)] = oddValue(dice)
  },
  (members, _, dice) => {
    Reflect.deleteProperty(members, anyMember(dice, members))
  },
  (members, world, dice) => {
    const name = dice.pick(['KeyId', 'KeyId', 'TargetKeyId', 'DestinationKeyId', 'SourceKeyId'])
    members[name] = dice.pick(wrongKeys(world))
  },
  (members, _, dice) => {
    members[dice.pick(['EncryptionContext', 'SourceEncryptionContext', 'DestinationEncryptionContext'])] = dice.pick([
      { a: 'other' },
      { purpose: marker },
      {},
      { '': '' },
      { a: 1 },
      { a: 'x'.repeat(8300) },
      Object.fromEntries(Array.from({ length: 70 }, (__, index) => [`k${index}`, marker])),
    ])
  },
  (members, _, dice) => {
    const text = members['CiphertextBlob'] ?? members['Plaintext']
    const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : dice.bytes(100)
    const at = dice.below(bytes.length)
    const changed = dice.pick([
      () => {
        bytes[at] = (bytes[at] ?? 0) ^ (1 + dice.below(255))
        return bytes
      },
      () => bytes.subarray(0, at),
      () => Buffer.concat([bytes, dice.bytes(1 + dice.below(20))]),
      () => dice.bytes(dice.below(300)),
    ])()
    members[dice.pick(['CiphertextBlob', 'CiphertextBlob', 'Plaintext'])] = changed.toString('base64')
  },
  (members, _, dice) => {
    Object.assign(
      members,
      dice.pick<Members>([
        { GrantTokens: [marker] },
        { DryRun: true },
        { DryRun: marker },
        { Recipient: { AttestationDocument: 'AAAA' } },
        { EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
        { EncryptionAlgorithm: marker },
        { KeySpec: 'AES_256', NumberOfBytes: 32 },
        { NumberOfBytes: 1025 },
        { Limit: 0 },
        { Marker: marker },
        { PolicyName: 'other' },
        { Origin: 'EXTERNAL' },
        { MultiRegion: true },
        { KeyUsage: 'SIGN_VERIFY' },
        { PendingWindowInDays: 3 },
        { AliasName: 'alias/aws/mine' },
        { AliasName: marker },
        { Tags: Array.from({ length: 51 }, (__, index) => ({ TagKey: `k${index}`, TagValue: '' })) },
      ]),
    )
  },
]

/** Spoils one or several members of `members`. */
export function spoilMembers(members: Members, world: World, dice: Dice): Members {
  const spoiled = { ...members }
  do dice.pick(memberMutations)(spoiled, world, dice)
  while (dice.chance(0.3))
  return spoiled
}

/** Changes of the text: it may be no JSON any more. */
const textMutations: readonly ((text: string, dice: Dice) => string)[] = [
  (text) => text.replace(/^\{/, `{"KeyId":"${marker}",`),
  (text) => text.replace(/^\{/, '{"__proto__":{"KeyId":"x"},'),
  (text) => text.replace(/^\{/, '{"__proto__":null,"__proto__":{},'),
  (text) => text.replace(/^\{/, '{"constructor":{"prototype":{"polluted":true}},'),
  (text) => text.replace(/^\{/, `{"x":"${marker}\\ud800",`),
  (text) => text.replace(/^\{/, '{"x":"\\udc00\\ud800",'),
  (_, dice) => `${'{"a":'.repeat(dice.pick([10, 100, 5000]))}1`,
  (text, dice) => text.replace(/^\{/, `{"x":${'['.repeat(dice.pick([5, 64, 1000, 20_000]))},`),
  (text, dice) => text.replace(/^\{/, `{"x":${'['.repeat(64)}${']'.repeat(64)},"y":${dice.below(9)},`),
  (text) => text.replace(/^\{/, '{"n":1e999999,'),
  (text) => text.replace(/^\{/, `{"n":${'9'.repeat(5000)},`),
  (text) => `\ufeff${text}`,
  (text) => text.replaceAll('"', "'"),
  (text) => `[${text}]`,
  (text) => `${text}${text}`,
  (text) => `${text}\u0000`,
  (text) => JSON.stringify(text),
  () => '',
  () => 'null',
  (text) => text.replace(/\}$/, ',}'),
  (text) => text.replaceAll(':', ' : ').replaceAll(',', '\n,\t'),
]

export function spoilText(text: string, dice: Dice): string {
  return dice.pick(textMutations)(text, dice)
}

/** Flips, cuts out, doubles or inserts bytes. */
export function spoilBytes(bytes: Buffer, dice: Dice): Buffer {
  const spoiled = Buffer.from(bytes)
  if (spoiled.length === 0) return dice.bytes(5)
  const at = dice.below(spoiled.length)
  const to = Math.min(spoiled.length, at + 1 + dice.below(12))
  switch (dice.below(4)) {
    case 0:
      spoiled[at] = (spoiled[at] ?? 0) ^ (1 + dice.below(255))
      return spoiled
    case 1:
      return Buffer.concat([spoiled.subarray(0, at), spoiled.subarray(to)])
    case 2:
      return Buffer.concat([spoiled.subarray(0, to), spoiled.subarray(at)])
    default:
      return Buffer.concat([spoiled.subarray(0, at), dice.bytes(1 + dice.below(12)), spoiled.subarray(at)])
  }
}

/** Spoils the headers that routing and verification look at. */
export function spoilHeaders(headers: Readonly<Record<string, string>>, dice: Dice): Record<string, string> {
  const spoiled = { ...headers }
  const authorization = spoiled['authorization'] ?? ''
  const target = spoiled['x-amz-target'] ?? ''
  const set = dice.pick<Record<string, string>>([
    { 'content-type': dice.pick(['text/plain', 'application/json', '', 'application/x-amz-json-1.0', '\u00ff']) },
    { 'x-amz-target': dice.pick([`${target}X`, 'TrentService.', '.', 'x', target.toLowerCase(), 'S3.GetObject']) },
    { authorization: authorization.replace(/[0-9a-f]$/, (digit) => (digit === '0' ? '1' : '0')) },
    { authorization: authorization.replace(/Signature=.*/, `Signature=${'0'.repeat(64)}`) },
    { authorization: authorization.replace(/Credential=[^/]*/, 'Credential=AKIAABSENTABSENTABSE') },
    { authorization: authorization.replace('us-east-1', dice.pick(['eu-west-9', '', 'us-east-1/x'])) },
    { authorization: authorization.replace('/kms/', dice.pick(['/sts/', '/s3/', '//'])) },
    { authorization: authorization.slice(0, dice.below(authorization.length)) },
    { authorization: authorization.replace('host;', '') },
    { authorization: '' },
    { 'x-amz-date': dice.pick(['20200101T000000Z', 'yesterday', '', '99999999T999999Z']) },
    { 'x-amz-security-token': marker },
    { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    { host: 'kms.us-east-1.amazonaws.com' },
  ])
  return { ...spoiled, ...set }
}
