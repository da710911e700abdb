/** Requests of temporary credentials that somebody got hold of, bent, or sent again otherwise: none of them is answered. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  account,
  killAll,
  launch,
  makeDirectory,
  readAccessKey,
  region,
  removeDirectory,
  type AccessKey,
  type Program,
} from './program.ts'
import { allowing, credentialsIn, policyText, queryRequest, QueryWire, signersOf } from './query-wire.ts'
import { createKey, errorCode, KmsWire, requestBytes, Signer, Wire, type WireAnswer } from './wire.ts'

const arn = (what: string): string => `arn:aws:iam::${account}:${what}`
const invalidToken = 'UnrecognizedClientException'

interface Installation {
  readonly directory: string
  readonly server: Program
  readonly url: string
  readonly keyId: string
  /** Sessions of a role that may encrypt. */
  readonly sessions: readonly [AccessKey, AccessKey]
  /** Of a user, from GetSessionToken, and of GetFederationToken. */
  readonly others: readonly AccessKey[]
}

async function install(): Promise<Installation> {
  const directory = makeDirectory()
  const server = launch({ directory })
  const url = await server.ready
  const kms = new KmsWire(url, readAccessKey(directory), region)
  const root = new QueryWire(url, readAccessKey(directory))
  const keyId = await createKey(kms)
  kms.close()
  const use = allowing('kms:Encrypt')
  const UserName = 'user'
  await root.call('iam', 'CreateUser', { UserName })
  const PolicyDocument = allowing('kms:Encrypt', 'sts:*')
  await root.call('iam', 'PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument })
  const AssumeRolePolicyDocument = policyText({
    Effect: 'Allow',
    Principal: { AWS: arn('user/user') },
    Action: 'sts:AssumeRole',
  })
  await root.call('iam', 'CreateRole', { RoleName: 'role', AssumeRolePolicyDocument })
  await root.call('iam', 'PutRolePolicy', { RoleName: 'role', PolicyName: 'own', PolicyDocument: use })
  const user = new QueryWire(url, credentialsIn(await root.call('iam', 'CreateAccessKey', { UserName })))
  const session = async (RoleSessionName: string): Promise<AccessKey> =>
    credentialsIn(await user.call('sts', 'AssumeRole', { RoleArn: arn('role/role'), RoleSessionName }))
  const sessions = [await session('one'), await session('two')] as const
  const others = [
    credentialsIn(await user.call('sts', 'GetSessionToken', {})),
    credentialsIn(await user.call('sts', 'GetFederationToken', { Name: 'guest', Policy: use })),
  ]
  root.close()
  user.close()
  return { directory, server, url, keyId, sessions, others }
}

describe('a request of temporary credentials', () => {
  let here: Installation
  let elsewhere: Installation
  let one: AccessKey
  let two: AccessKey

  before(async () => {
    here = await install()
    elsewhere = await install()
    ;[one, two] = here.sessions
  })
  after(async () => {
    await killAll()
    for (const { directory } of [here, elsewhere]) removeDirectory(directory)
  })

  const body = (): Buffer => Buffer.from(JSON.stringify({ KeyId: here.keyId, Plaintext: 'AAAA' }))
  const plain = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.Encrypt' }
  const tokenOf = ({ sessionToken }: AccessKey): string => sessionToken ?? ''

  async function send(bytes: Buffer): Promise<WireAnswer> {
    const wire = await Wire.open(here.url)
    try {
      return await wire.exchange(bytes)
    } finally {
      wire.destroy()
    }
  }

  const signed = (key: AccessKey, more: Readonly<Record<string, string>> = {}, at?: Date): Record<string, string> => {
    const signing = { key, host: new URL(here.url).host, region, service: 'kms' }
    const signer = new Signer(at === undefined ? signing : { ...signing, at })
    return signer.headers('POST', '/', { ...plain, ...more }, body())
  }

  async function codeOf(headers: Readonly<Record<string, string>>, sent = body()): Promise<string> {
    return errorCode(await send(requestBytes('POST', '/', headers, sent))) ?? 'success'
  }

  it('is answered as it was made, by sessions of every kind', async () => {
    for (const key of [...here.sessions, ...here.others]) assert.equal(await codeOf(signed(key)), 'success')
  })

  it('is refused when any character of its token is another one, signed or not', async () => {
    const token = tokenOf(one)
    for (let at = 0; at < token.length; at += at < 60 || at > token.length - 30 ? 1 : 11) {
      for (const other of ['A', 'B', '-', '=', '.']) {
        if (token.charAt(at) === other) continue
        const sessionToken = `${token.slice(0, at)}${other}${token.slice(at + 1)}`
        const code = await codeOf(signed({ ...one, sessionToken }))
        assert.equal(code, invalidToken, `character ${at} is ${other}`)
        if (other === 'A') {
          const unsigned = await codeOf({ ...signed(one), 'x-amz-security-token': sessionToken })
          assert.equal(unsigned, invalidToken, `character ${at} changed after it was signed`)
        }
      }
    }
  })

  it('is refused when its token is cut off, longer, written otherwise, or none', async () => {
    const token = tokenOf(one)
    const variants = [
      ...[1, 2, 3, 4, 16, 64].map((length) => token.slice(0, -length)),
      ...['A', '=', '==', 'AAAA', '.', '\u00a0'].map((more) => token + more),
      token.slice(1),
      token + token,
      token.replaceAll('-', '+').replaceAll('_', '/'),
      token.toLowerCase(),
      Buffer.from(token).toString('base64'),
      `"${token}"`,
      'x'.repeat(8000),
      'null',
    ]
    for (const sessionToken of variants) {
      if (sessionToken === token) continue
      assert.equal(await codeOf(signed({ ...one, sessionToken })), invalidToken, sessionToken.slice(0, 40))
    }
    const { accessKeyId, secretAccessKey } = one
    assert.equal(await codeOf(signed({ accessKeyId, secretAccessKey })), invalidToken)
  })

  it('is refused with the token of another session, and with parts of two', async () => {
    for (const key of [two, ...here.others]) {
      assert.equal(await codeOf(signed({ ...one, sessionToken: tokenOf(key) })), invalidToken)
      assert.equal(await codeOf(signed({ ...key, sessionToken: tokenOf(one) })), invalidToken)
      const { secretAccessKey } = key
      assert.equal(await codeOf(signed({ ...one, secretAccessKey })), 'InvalidSignatureException')
      assert.equal(await codeOf(signed({ ...one, accessKeyId: key.accessKeyId })), invalidToken)
      const half = Math.floor(tokenOf(one).length / 2)
      const sessionToken = tokenOf(one).slice(0, half) + tokenOf(key).slice(half)
      assert.equal(await codeOf(signed({ ...one, sessionToken })), invalidToken)
    }
  })

  it('is refused with credentials of another installation, whole or in part', async () => {
    for (const foreign of [...elsewhere.sessions, ...elsewhere.others]) {
      assert.equal(await codeOf(signed(foreign)), invalidToken)
      assert.equal(await codeOf(signed({ ...one, sessionToken: tokenOf(foreign) })), invalidToken)
    }
  })

  it('is refused with a token beside a long-term access key', async () => {
    const root = readAccessKey(here.directory)
    assert.equal(await codeOf(signed({ ...root, sessionToken: tokenOf(one) })), invalidToken)
    assert.equal(await codeOf(signed({ ...root, sessionToken: 'anything' })), invalidToken)
    assert.equal(await codeOf(signed(root)), 'success')
  })

  it('is refused with a token that was not signed, or sent twice', async () => {
    const { accessKeyId, secretAccessKey } = one
    const without = signed({ accessKeyId, secretAccessKey })
    assert.equal(await codeOf({ ...without, 'x-amz-security-token': tokenOf(one) }), 'InvalidSignatureException')
    const twice = requestBytes('POST', '/', signed(one), body())
      .toString('latin1')
      .replace('\r\nx-amz-date', `\r\nX-Amz-Security-Token: ${tokenOf(two)}\r\nx-amz-date`)
    assert.equal(errorCode(await send(Buffer.from(twice, 'latin1'))), 'IncompleteSignatureException')
  })

  it('is refused with any x-amz-* header that was not signed', async () => {
    for (const name of ['x-amz-user-agent', 'x-amz-content-sha256', 'x-amz-anything', 'X-AMZ-Grantee', 'x-amz-']) {
      assert.equal(await codeOf({ ...signed(one), [name]: 'x' }), 'InvalidSignatureException', name)
    }
    assert.equal(await codeOf({ ...signed(one), 'user-agent': 'may be unsigned' }), 'success')
  })

  it('is refused for another time, body, operation, region or service than it was signed for', async () => {
    const headers = signed(one)
    const authorization = headers['authorization'] ?? ''
    const later = new Date(Date.now() + 5000).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const wrong = 'InvalidSignatureException'
    assert.equal(await codeOf({ ...headers, 'x-amz-date': later }), wrong)
    assert.equal(await codeOf({ ...headers, 'x-amz-target': 'TrentService.DescribeKey' }), wrong)
    assert.equal(await codeOf(headers, Buffer.from(body().toString().replace('AAAA', 'BBBB'))), wrong)
    assert.equal(await codeOf({ ...headers, host: 'kms.us-east-1.amazonaws.com' }), wrong)
    for (const [from, to] of [
      ['/us-east-1/', '/eu-west-1/'],
      ['/kms/', '/sts/'],
      ['/aws4_request', '/aws3_request'],
    ] as const) {
      const code = await codeOf({ ...headers, authorization: authorization.replace(from, to) })
      assert.match(code, /^(?:InvalidSignatureException|SignatureDoesNotMatch)$/, to)
    }
    // Signed for KMS, sent to STS and IAM.
    for (const service of ['sts', 'iam'] as const) {
      const { kms } = signersOf(here.url, one)
      const answer = await send(queryRequest(kms, service, 'GetCallerIdentity', {}))
      assert.notEqual(answer.status, 200)
    }
  })

  it('is refused a quarter of an hour before and after its time, however well it is signed', async () => {
    for (const minutes of [-24 * 60, -60, -16, 16, 60]) {
      const at = new Date(Date.now() + minutes * 60_000)
      assert.equal(await codeOf(signed(one, {}, at)), 'InvalidSignatureException', `${minutes} minutes`)
    }
    for (const minutes of [-4, 4]) {
      assert.equal(await codeOf(signed(one, {}, new Date(Date.now() + minutes * 60_000))), 'success')
    }
  })

  it('is refused once its role has gone, although it is within its time and was answered before', async () => {
    const bytes = requestBytes('POST', '/', signed(one), body())
    assert.equal((await send(bytes)).status, 200)
    const root = new QueryWire(here.url, readAccessKey(here.directory))
    await root.call('iam', 'DeleteRolePolicy', { RoleName: 'role', PolicyName: 'own' })
    assert.equal(errorCode(await send(bytes)), 'AccessDeniedException')
    await root.call('iam', 'DeleteRole', { RoleName: 'role' })
    assert.equal(errorCode(await send(bytes)), invalidToken)
    root.close()
    for (const { server } of [here, elsewhere]) {
      assert.equal((await server.end('SIGTERM')).code, 0)
      assert.doesNotMatch(server.stderr(), /"level":[56]0/)
    }
  })
})
