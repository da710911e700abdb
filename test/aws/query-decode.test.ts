import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IAMClient, CreateUserCommand, CreateOpenIDConnectProviderCommand } from '@aws-sdk/client-iam'
import { STSClient, AssumeRoleCommand } from '@aws-sdk/client-sts'
import { isRefusal, type Refusal } from '#aws/errors.ts'
import type { DecodedInput } from '#aws/json-decode.ts'
import { compileQueryInput } from '#aws/query-decode.ts'
import {
  blob,
  boolean,
  integer,
  list,
  oneOf,
  optional,
  secret,
  secretText,
  string,
  stringMap,
  structure,
  timestamp,
  type Fields,
} from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { dice } from './json-random.ts'

const Tags = list(structure({ Key: string({ min: 1, max: 128 }), Value: string({ max: 256 }) }), { max: 50 })

const read = (fields: Fields, body: string): DecodedInput | Refusal =>
  compileQueryInput(fields)(new URLSearchParams(body))

function decoded(fields: Fields, body: string): DecodedInput {
  const input = read(fields, body)
  if (isRefusal(input)) assert.fail(`refused: ${input.message ?? input.code}`)
  return input
}

function refused(fields: Fields, body: string): Refusal {
  const input = read(fields, body)
  if (!isRefusal(input)) assert.fail('not refused')
  return input
}

const malformed = (fields: Fields, body: string): void => {
  const { code, message } = refused(fields, body)
  assert.deepEqual([code, message], ['SerializationException', 'The query string is malformed.'])
}

describe('the reader of AWS Query forms', () => {
  it('reads every kind of member', () => {
    assert.deepEqual(
      decoded(
        {
          Name: string(),
          Count: integer(),
          Least: integer(),
          Flag: boolean(),
          Other: boolean(),
          Spec: oneOf('A', 'B'),
          When: timestamp(),
          Data: blob(),
          Inner: structure({ Deep: structure({ Text: string() }) }),
          Missing: optional(string()),
        },
        'Action=Op&Version=1&Name=a%20b%2Bc+d&Count=2147483647&Least=-5&Flag=true&Other=false&Spec=B' +
          '&When=2026-11-22T01:02:03Z&Data=/%2B8%3D&Inner.Deep.Text=%C3%A9',
      ),
      {
        Name: 'a b+c d',
        Count: 2147483647,
        Least: -5,
        Flag: true,
        Other: false,
        Spec: 'B',
        When: new Date(Date.UTC(2026, 10, 22, 1, 2, 3)),
        Data: Buffer.from([255, 239]),
        Inner: { Deep: { Text: 'é' } },
      },
    )
  })

  it('reads lists with gaps, in whatever order their elements arrive', () => {
    assert.deepEqual(
      decoded(
        { Tags },
        'Tags.member.10.Value=3&Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.1.Value=1' +
          '&Tags.member.10.Key=c&Tags.member.2.Value=',
      ),
      {
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '' },
          { Key: 'c', Value: '3' },
        ],
      },
    )
  })

  it('reads lists in lists', () => {
    const ContextEntries = list(structure({ Name: string(), Values: list(string()) }))
    assert.deepEqual(
      decoded(
        { ContextEntries },
        'ContextEntries.member.1.Values.member.2=y&ContextEntries.member.1.Values.member.1=x&ContextEntries.member.1.Name=n',
      ),
      { ContextEntries: [{ Name: 'n', Values: ['x', 'y'] }] },
    )
  })

  it('tells an empty list from an absent one', () => {
    const fields = { ThumbprintList: optional(list(string())) }
    assert.deepEqual(decoded(fields, 'ThumbprintList='), { ThumbprintList: [] })
    assert.deepEqual(decoded(fields, ''), {})
  })

  it('reads members whose names begin in lower case', () => {
    assert.deepEqual(
      decoded({ PolicyArns: list(structure({ arn: string() })) }, 'PolicyArns.member.1.arn=arn:aws:iam::aws:policy/A'),
      { PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/A' }] },
    )
  })

  it('ignores unknown parameters, also when they stand there twice', () => {
    assert.deepEqual(
      decoded(
        { Name: string(), Tags: optional(Tags) },
        'Name=a&Other=1&Other=2&X-Amz-Date=3&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.More=1' +
          '&Tags.member.1.More=2&Tags.other=1&__proto__=1&__proto__.Name=b&constructor=2',
      ),
      { Name: 'a', Tags: [{ Key: 'k', Value: 'v' }] },
    )
  })

  it('takes a member that stands there twice as malformed', () => {
    malformed({ Name: string() }, 'Name=a&Name=a')
    malformed({ Name: string() }, 'Name=a&Name=b&Name=c')
    malformed({ Tags }, 'Tags.member.1.Key=a&Tags.member.1.Key=b&Tags.member.1.Value=c')
    malformed({ Tags }, 'Tags=&Tags=')
  })

  it('takes values that are not of their kind as malformed', () => {
    for (const value of ['', '1.5', '1e3', '2147483648', '-2147483649', '+1', ' 1', '0x10', '99999999999']) {
      malformed({ Count: integer() }, `Count=${encodeURIComponent(value)}`)
    }
    for (const value of ['', 'True', '1', 'yes']) malformed({ Flag: boolean() }, `Flag=${value}`)
    for (const value of ['', '2026-11-22', '1763769600', '2026-13-01T00:00:00Z', '2026-11-22T00:00:00', 'yesterday']) {
      malformed({ When: timestamp() }, `When=${value}`)
    }
    for (const value of ['A', '/-8=', 'AA=A', 'AB==']) malformed({ Data: blob() }, `Data=${value}`)
    malformed({ Name: string() }, 'Name.member.1=a')
    malformed({ Tags }, 'Tags=a')
    malformed({ Inner: structure({ Text: string() }) }, 'Inner=a')
    for (const number of ['0', '01', '-1', 'x', '1.5', '9999999999']) {
      malformed({ Names: list(string()) }, `Names.member.${number}=a`)
    }
  })

  it('reads times with fractions and offsets', () => {
    const at = (text: string): unknown => decoded({ When: timestamp() }, `When=${encodeURIComponent(text)}`)['When']
    assert.deepEqual(at('2026-11-22T01:02:03.250Z'), new Date('2026-11-22T01:02:03.250Z'))
    assert.deepEqual(at('2026-11-22T01:02:03+02:00'), new Date('2026-11-21T23:02:03Z'))
  })

  it('reports all violations in one message, with the paths of AWS', () => {
    const fields = {
      UserName: string({ min: 1, max: 64, pattern: '[\\w+=,.@-]+' }),
      MaxItems: optional(integer({ min: 1 })),
      Tags,
    }
    const { code, message } = refused(fields, 'MaxItems=0&Tags.member.1.Key=a&Tags.member.3.Key=&Tags.member.3.Value=v')
    assert.equal(code, 'ValidationException')
    assert.equal(
      message,
      "4 validation errors detected: Value null at 'userName' failed to satisfy constraint: Member must not be null; " +
        "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
        "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null; " +
        "Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  })

  it('refuses lists that are longer than their shape allows', () => {
    const body = Array.from(
      { length: 51 },
      (_, i) => `Tags.member.${i + 1}.Key=k${i}&Tags.member.${i + 1}.Value=`,
    ).join('&')
    assert.match(
      refused({ Tags }, body).message ?? '',
      /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50$/,
    )
  })

  it('refuses forms with more than 4,096 parameters', () => {
    const filler = (count: number): string => '&x=1'.repeat(count)
    assert.deepEqual(decoded({ Name: string() }, `Name=a${filler(4095)}`), { Name: 'a' })
    malformed({ Name: string() }, `Name=a${filler(4096)}`)
  })

  it('ignores names of absurd depth', () => {
    assert.deepEqual(decoded({ Name: string() }, `Name=a&Name${'.x'.repeat(10_000)}=1`), { Name: 'a' })
  })

  it('decodes sensitive blobs into SecretBytes, and destroys none that it hands out', () => {
    const input = decoded({ Password: secret(blob()) }, 'Password=AQID')
    const password = input['Password']
    assert.ok(password instanceof SecretBytes)
    assert.deepEqual(password.insecureSecretAccess(), Buffer.from([1, 2, 3]))
  })

  it('answers input or a refusal to any form, and never throws', () => {
    const random = dice()
    const readAny = compileQueryInput({
      Name: string(),
      Count: optional(integer()),
      When: optional(timestamp()),
      Password: optional(secret(blob())),
      Tags: optional(Tags),
      Entries: optional(list(structure({ Values: list(list(string())) }))),
    })
    const parts = [
      'Name',
      'Tags',
      'Entries',
      'Values',
      'member',
      'Key',
      'Value',
      'Password',
      'When',
      'Count',
      '1',
      '2',
      '0',
      '',
    ]
    let refusals = 0
    for (let round = 0; round < 5000; round += 1) {
      const form = new URLSearchParams()
      for (let count = random.below(6); count >= 0; count -= 1) {
        const name = Array.from({ length: 1 + random.below(6) }, () => random.pick(parts)).join('.')
        form.append(name, random.pick(['', '1', 'AQID', '2026-11-22T00:00:00Z', random.text(5)]))
      }
      if (isRefusal(readAny(form))) refusals += 1
    }
    assert.ok(refusals > 0)
  })

  it('refuses at once to be made for members that no request has', () => {
    assert.throws(() => compileQueryInput({ Map: stringMap() }), TypeError)
    assert.throws(() => compileQueryInput({ Key: secretText() }), TypeError)
  })
})

/** The body of a request as the SDK writes it. */
async function bodyOf(
  send: (requestHandler: { handle(request: unknown): Promise<never> }) => Promise<unknown>,
): Promise<string> {
  let body = ''
  await assert.rejects(
    send({
      handle: (request) => {
        if (typeof request === 'object' && request !== null && 'body' in request) body = String(request.body)
        return Promise.reject(new Error('enough'))
      },
    }),
    /enough/,
  )
  return body
}

describe('forms of the JavaScript SDK', () => {
  const config = {
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'x' },
    maxAttempts: 1,
  }

  it('are read: tags of CreateUser', async () => {
    const body = await bodyOf((requestHandler) =>
      new IAMClient({ ...config, requestHandler }).send(
        new CreateUserCommand({
          UserName: 'a+b',
          Path: '/x y/',
          Tags: [
            { Key: 'k&', Value: '=' },
            { Key: 'l', Value: '' },
          ],
        }),
      ),
    )
    assert.deepEqual(decoded({ Path: string(), UserName: string(), Tags }, body), {
      Path: '/x y/',
      UserName: 'a+b',
      Tags: [
        { Key: 'k&', Value: '=' },
        { Key: 'l', Value: '' },
      ],
    })
  })

  it('are read: an empty list', async () => {
    const body = await bodyOf((requestHandler) =>
      new IAMClient({ ...config, requestHandler }).send(
        new CreateOpenIDConnectProviderCommand({ Url: 'https://issuer.test', ThumbprintList: [], ClientIDList: ['a'] }),
      ),
    )
    assert.deepEqual(decoded({ Url: string(), ClientIDList: list(string()), ThumbprintList: list(string()) }, body), {
      Url: 'https://issuer.test',
      ClientIDList: ['a'],
      ThumbprintList: [],
    })
  })

  it('are read: session policies of AssumeRole', async () => {
    const body = await bodyOf((requestHandler) =>
      new STSClient({ ...config, requestHandler }).send(
        new AssumeRoleCommand({
          RoleArn: 'arn:aws:iam::111122223333:role/r',
          RoleSessionName: 's',
          PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/A' }],
          DurationSeconds: 900,
          TransitiveTagKeys: ['k'],
        }),
      ),
    )
    const fields = {
      RoleArn: string(),
      PolicyArns: list(structure({ arn: string() })),
      DurationSeconds: integer(),
      TransitiveTagKeys: list(string()),
    }
    assert.deepEqual(decoded(fields, body), {
      RoleArn: 'arn:aws:iam::111122223333:role/r',
      PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/A' }],
      DurationSeconds: 900,
      TransitiveTagKeys: ['k'],
    })
  })
})
