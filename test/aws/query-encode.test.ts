import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CreateAccessKeyCommand,
  GetAccountSummaryCommand,
  GetUserCommand,
  IAMClient,
  ListUsersCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { refusal, type ErrorCode } from '#aws/errors.ts'
import { compileQueryAnswer, encodeQueryError } from '#aws/query-encode.ts'
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

const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/'
const answer = (operation: string, fields: Fields, output: Readonly<Record<string, unknown>>): string =>
  compileQueryAnswer(operation, namespace, fields)(output, 'id').toString('utf8')
const resultOf = (fields: Fields, output: Readonly<Record<string, unknown>>): string =>
  /<OpResult>(.*)<\/OpResult>/s.exec(answer('Op', fields, output))?.[1] ?? assert.fail('no result')
const hidden = (text: string): SecretBytes => new SecretBytes(Buffer.from(text, 'utf8'))

describe('the writer of AWS Query answers', () => {
  it('writes result and metadata', () => {
    assert.equal(
      answer('GetName', { Name: string() }, { Name: 'x' }),
      '<GetNameResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetNameResult><Name>x</Name></GetNameResult>' +
        '<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetNameResponse>',
    )
  })

  it('leaves out the result of an operation without output', () => {
    assert.equal(
      answer('DeleteName', {}, {}),
      '<DeleteNameResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>id</RequestId>' +
        '</ResponseMetadata></DeleteNameResponse>',
    )
  })

  it('writes every kind of member in the order of the declaration', () => {
    assert.equal(
      resultOf(
        {
          Text: string(),
          Kind: oneOf('A'),
          Number: integer(),
          Flag: boolean(),
          When: timestamp(),
          Data: blob(),
          Names: list(string()),
          Inner: structure({ arn: string(), Gone: optional(string()) }),
          Users: list(structure({ Name: string(), Tags: list(structure({ Key: string() })) })),
          Summary: stringMap(),
        },
        {
          Summary: new Map([
            ['Users', '5'],
            ['<', '>'],
          ]),
          Users: [
            { Name: 'a', Tags: [{ Key: 'k' }] },
            { Name: 'b', Tags: [] },
          ],
          Inner: { arn: 'x', Gone: undefined },
          Names: ['1', '2'],
          Data: Buffer.from([255, 239]),
          When: new Date(Date.UTC(2026, 10, 22)),
          Flag: false,
          Number: -5,
          Kind: 'A',
          Text: `&<>"'`,
        },
      ),
      '<Text>&amp;&lt;&gt;&quot;&apos;</Text><Kind>A</Kind><Number>-5</Number><Flag>false</Flag>' +
        '<When>2026-11-22T00:00:00Z</When><Data>/+8=</Data><Names><member>1</member><member>2</member></Names>' +
        '<Inner><arn>x</arn></Inner>' +
        '<Users><member><Name>a</Name><Tags><member><Key>k</Key></member></Tags></member>' +
        '<member><Name>b</Name><Tags/></member></Users>' +
        '<Summary><entry><key>Users</key><value>5</value></entry><entry><key>&lt;</key><value>&gt;</value></entry></Summary>',
    )
  })

  it('writes empty lists, maps and structures as empty elements', () => {
    const fields = { Users: list(string()), Map: stringMap(), Inner: structure({ Name: optional(string()) }) }
    assert.equal(resultOf(fields, { Users: [], Map: new Map(), Inner: {} }), '<Users/><Map/><Inner/>')
  })

  it('writes whole seconds', () => {
    assert.equal(
      resultOf({ When: timestamp() }, { When: new Date('2026-11-22T10:00:59.999Z') }),
      '<When>2026-11-22T10:00:59Z</When>',
    )
  })

  it('replaces characters that XML does not allow', () => {
    assert.equal(
      resultOf({ Text: string() }, { Text: 'a\u0000\u001F\uFFFE\uD800b\t😀' }),
      '<Text>a\uFFFD\uFFFD\uFFFD\uFFFDb\t😀</Text>',
    )
  })

  it('writes secrets from their own buffers, escaped, and leaves them to their owner', () => {
    const fields = {
      Before: string(),
      Keys: list(structure({ Id: string(), Secret: secretText() })),
      After: string(),
    }
    const first = hidden('ab/+=')
    const second = hidden(`<&>"'é`)
    assert.equal(
      resultOf(fields, {
        Before: 'é',
        Keys: [
          { Id: '1', Secret: first },
          { Id: '2', Secret: second },
        ],
        After: 'ü',
      }),
      '<Before>é</Before><Keys><member><Id>1</Id><Secret>ab/+=</Secret></member>' +
        '<member><Id>2</Id><Secret>&lt;&amp;&gt;&quot;&apos;é</Secret></member></Keys><After>ü</After>',
    )
    assert.equal(first.insecureSecretAccess().toString(), 'ab/+=')
  })

  it('throws, without showing the value, when one is not what its type says', () => {
    const wrong: readonly (readonly [Fields, unknown])[] = [
      [{ A: string() }, 1],
      [{ A: string() }, hidden('hush')],
      [{ A: secretText() }, 'hush'],
      [{ A: integer() }, 'hush'],
      [{ A: integer() }, 1.5],
      [{ A: boolean() }, 'hush'],
      [{ A: timestamp() }, 'hush'],
      [{ A: timestamp() }, new Date(NaN)],
      [{ A: blob() }, 'hush'],
      [{ A: list(string()) }, 'hush'],
      [{ A: stringMap() }, { hush: 'hush' }],
      [{ A: structure({}) }, 'hush'],
    ]
    for (const [fields, value] of wrong) {
      assert.throws(
        () => answer('Op', fields, { A: value }),
        (error) => error instanceof TypeError && !error.message.includes('hush'),
      )
    }
    assert.throws(() => compileQueryAnswer('Op', namespace, { A: secret(blob()) }), TypeError)
  })
})

/** What a service's client makes of `body`. */
const answering = (body: Buffer | string, statusCode = 200) => ({
  handle: () =>
    Promise.resolve({
      response: { statusCode, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body), reason: '' },
    }),
})
const config = {
  region: 'eu-west-1',
  endpoint: 'http://127.0.0.1:1',
  credentials: { accessKeyId: 'AKIA', secretAccessKey: 'x' },
  maxAttempts: 1,
}

describe('answers as the JavaScript SDK reads them', () => {
  const User = structure({
    Path: string(),
    UserName: string(),
    CreateDate: timestamp(),
    Tags: optional(list(structure({ Key: string(), Value: string() }))),
  })

  it('lists, dates, booleans and an empty list', async () => {
    const write = compileQueryAnswer('ListUsers', namespace, {
      Users: list(User),
      IsTruncated: boolean(),
      Marker: optional(string()),
    })
    const send = (users: readonly unknown[]) =>
      new IAMClient({
        ...config,
        requestHandler: answering(write({ Users: users, IsTruncated: true, Marker: 'a&b' }, 'the-id')),
      }).send(new ListUsersCommand({}))
    const CreateDate = new Date('2026-11-22T00:00:00Z')
    const full = await send([{ Path: '/', UserName: 'a', CreateDate, Tags: [{ Key: 'k', Value: '' }] }])
    assert.deepEqual(full.Users, [{ Path: '/', UserName: 'a', CreateDate, Tags: [{ Key: 'k', Value: '' }] }])
    assert.deepEqual([full.IsTruncated, full.Marker], [true, 'a&b'])
    assert.deepEqual((await send([])).Users, [])
  })

  it('a map of numbers', async () => {
    const write = compileQueryAnswer('GetAccountSummary', namespace, { SummaryMap: stringMap() })
    const body = write({ SummaryMap: new Map([['Users', '12']]) }, 'id')
    const { SummaryMap } = await new IAMClient({ ...config, requestHandler: answering(body) }).send(
      new GetAccountSummaryCommand({}),
    )
    assert.deepEqual(SummaryMap, { Users: 12 })
  })

  it('a secret access key', async () => {
    const fields = {
      AccessKey: structure({ AccessKeyId: string(), SecretAccessKey: secretText(), Status: oneOf('Active') }),
    }
    const output = { AccessKey: { AccessKeyId: 'AKIA1', SecretAccessKey: hidden('a/+b='), Status: 'Active' } }
    const body = compileQueryAnswer('CreateAccessKey', namespace, fields)(output, 'id')
    const { AccessKey } = await new IAMClient({ ...config, requestHandler: answering(body) }).send(
      new CreateAccessKeyCommand({}),
    )
    assert.deepEqual(AccessKey, { AccessKeyId: 'AKIA1', SecretAccessKey: 'a/+b=', Status: 'Active' })
  })

  it('errors, under the name that the client knows', async () => {
    const iam = async (code: ErrorCode, status: number): Promise<unknown> => {
      const requestHandler = answering(encodeQueryError(refusal(code, 'no <b>'), namespace, 'id'), status)
      return new IAMClient({ ...config, requestHandler }).send(new GetUserCommand({})).catch((error: unknown) => error)
    }
    const names: readonly (readonly [ErrorCode, number])[] = [
      ['NoSuchEntityException', 404],
      ['EntityAlreadyExistsException', 409],
      ['DeleteConflictException', 409],
      ['LimitExceededException', 409],
      ['ConcurrentModificationException', 409],
      ['EntityTemporarilyUnmodifiableException', 409],
      ['InvalidInputException', 400],
      ['MalformedPolicyDocumentException', 400],
      ['PolicyNotAttachableException', 400],
      ['UnmodifiableEntityException', 400],
      ['OpenIdIdpCommunicationErrorException', 400],
      ['ServiceFailureException', 500],
      ['PolicyEvaluationException', 500],
    ]
    for (const [code, status] of names) {
      const error = await iam(code, status)
      assert.ok(error instanceof Error)
      assert.deepEqual([error.name, error.message], [code, 'no <b>'])
    }
    const sts = async (code: ErrorCode): Promise<string> => {
      const requestHandler = answering(encodeQueryError(refusal(code, 'no'), namespace, 'id'), 400)
      const command = new AssumeRoleWithWebIdentityCommand({
        RoleArn: 'a',
        RoleSessionName: 'b',
        WebIdentityToken: 'c',
      })
      return new STSClient({ ...config, requestHandler }).send(command).then(
        () => 'none',
        (error: unknown) => (error instanceof Error ? `${error.constructor.name} ${error.name}` : 'none'),
      )
    }
    for (const name of [
      'IDPRejectedClaimException',
      'IDPCommunicationErrorException',
      'InvalidIdentityTokenException',
      'PackedPolicyTooLargeException',
      'RegionDisabledException',
      'MalformedPolicyDocumentException',
    ] as const) {
      assert.equal(await sts(name), `${name} ${name}`)
    }
    assert.equal(await sts('ExpiredIdentityTokenException'), 'ExpiredTokenException ExpiredTokenException')
  })
})
