import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  EncryptCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms'
import { AssumeRoleCommand, GetFederationTokenCommand, STSClient } from '@aws-sdk/client-sts'
import { trent, type Ended } from '../cli/trent-process.ts'
import { startServer, temporaryDirectory } from '../support/server.ts'
import type { Credentials } from '../support/signed-request.ts'

const root = 'arn:aws:iam::111122223333:root'
const everything = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }
const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

type Json = Readonly<Record<string, unknown>>

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The request id of what `sent` answered, refused or not. */
async function requestIdOf(
  sent: Promise<{ readonly $metadata: { readonly requestId?: string | undefined } }>,
): Promise<string> {
  try {
    return (await sent).$metadata.requestId ?? ''
  } catch (error) {
    const { $metadata } = error as { readonly $metadata?: { readonly requestId?: string } }
    if ($metadata?.requestId === undefined) throw error
    return $metadata.requestId
  }
}

describe('explain and who-can', async () => {
  const files = temporaryDirectory()
  const endpointPolicy = join(files, 'endpoint.json')
  writeFileSync(endpointPolicy, document({ ...everything, Action: 'kms:Decrypt' }))
  const privatePort = await freePort()
  const server = await startServer({
    args: [
      ...['--private-endpoint', `vpce-apps=127.0.0.1:${privatePort}`],
      ...['--private-endpoint-policy', `vpce-apps=${endpointPolicy}`],
    ],
  })
  const settings = (credentials: Credentials, endpoint = server.url) =>
    ({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 }) as const
  const at = ['--data-dir', server.directory]
  const kms = server.kms()
  const iam = new IAMClient(settings(server.credentials))
  const sts = server.sts()
  const newKey = async (): Promise<string> => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? ''
  const encrypt = (credentials: Credentials, KeyId: string, endpoint?: string): Promise<string> =>
    requestIdOf(
      new KMSClient(settings(credentials, endpoint)).send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') })),
    )
  const user = async (UserName: string): Promise<Credentials> => {
    await iam.send(new CreateUserCommand({ UserName }))
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
  }
  const issued = (
    made: {
      readonly AccessKeyId?: string | undefined
      readonly SecretAccessKey?: string | undefined
      readonly SessionToken?: string | undefined
    } = {},
  ): Credentials => ({
    accessKeyId: made.AccessKeyId ?? '',
    secretAccessKey: made.SecretAccessKey ?? '',
    sessionToken: made.SessionToken ?? '',
  })
  const run = async (...args: readonly string[]): Promise<Ended> => trent([...args, ...at])
  const text = async (...args: readonly string[]): Promise<string> => {
    const { exit, stdout, stderr } = await run(...args)
    assert.equal(exit, 0, stderr)
    return stdout
  }
  const decision = async (requestId: string): Promise<Json> => {
    const explained = JSON.parse(await text('explain', requestId, '--json')) as { decisions: readonly Json[] }
    return explained.decisions[0] ?? {}
  }
  const alice = await user('Alice')
  const aliceArn = 'arn:aws:iam::111122223333:user/Alice'

  it('an allowance by its statement and the hash of its policy, or by its grant', async () => {
    const key = await newKey()
    const allowed = await text('explain', await encrypt(server.credentials, key))
    assert.match(allowed, /^kms:Encrypt was allowed by the key policy$/m)
    assert.match(allowed, /^ {2}key policy, statement 0 \(Enable IAM User Permissions\)$/m)
    assert.match(allowed, /^ {2}policy with SHA-256 [0-9a-f]{64}$/m)
    const { GrantId } = await kms.send(
      new CreateGrantCommand({ KeyId: key, GranteePrincipal: aliceArn, Operations: ['Encrypt'] }),
    )
    const granted = await text('explain', await encrypt(alice, key))
    assert.match(granted, new RegExp(`^kms:Encrypt was allowed by the grant\n {2}grant ${GrantId}$`, 'm'))
  })

  it('a denial by every statement that was considered, and stays the same whatever becomes of the policies', async () => {
    const key = await newKey()
    const condition = { StringEquals: { 'kms:EncryptionContext:app': 'orders' } }
    await iam.send(
      new PutUserPolicyCommand({
        UserName: 'Alice',
        PolicyName: 'orders',
        PolicyDocument: document({ Effect: 'Allow', Action: 'kms:Encrypt', Resource: '*', Condition: condition }),
      }),
    )
    const requestId = await encrypt(alice, key)
    const before = await text('explain', requestId)
    assert.match(before, /^kms:Encrypt on arn:\S+ was denied: nothing allows it \(identity policy\)$/m)
    assert.match(before, /^ {2}key policy: allows$/m)
    assert.match(before, /^ {2}identity policy, inline policy orders of user Alice: says nothing$/m)
    assert.match(
      before,
      /^ {6}StringEquals kms:EncryptionContext:app \["orders"\]: kms:EncryptionContext:app is not in the request$/m,
    )
    assert.match(before, /a request with kms:EncryptionContext:app one of \["orders"\]/)
    assert.match(before, /a grant of Encrypt to arn:aws:iam::111122223333:user\/Alice$/m)
    assert.match(before, /"Principal":\{"AWS":"arn:aws:iam::111122223333:user\/Alice"\}/)
    const json = await text('explain', requestId, '--json')

    const policy = document({ Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' })
    await kms.send(new PutKeyPolicyCommand({ KeyId: key, Policy: policy }))
    await iam.send(new DeleteUserPolicyCommand({ UserName: 'Alice', PolicyName: 'orders' }))
    assert.equal(await text('explain', requestId), before)
    assert.equal(await text('explain', requestId, '--json'), json)
    await server.kms().send(new PutKeyPolicyCommand({ KeyId: key, Policy: document(everything) }))
    assert.equal((await decision(await encrypt(alice, key)))['outcome'], 'allowed')
    assert.equal(await text('explain', requestId), before)
  })

  it('a denial by a managed policy of AWS, which is stored nowhere', async () => {
    const bob = await user('Bob')
    await iam.send(
      new AttachUserPolicyCommand({ UserName: 'Bob', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
    )
    const explained = await decision(await encrypt(bob, await newKey()))
    assert.partialDeepStrictEqual(explained, { outcome: 'denied', missing: [], reproduced: true })
  })

  it('denials by session policies, which nothing but the record has', async () => {
    const key = await newKey()
    const narrow = document({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' })
    const trust = document({ Effect: 'Allow', Principal: { AWS: root }, Action: 'sts:AssumeRole' })
    await iam.send(new CreateRoleCommand({ RoleName: 'App', AssumeRolePolicyDocument: trust }))
    const wide = document({ Effect: 'Allow', Action: ['kms:*', 'sts:*'], Resource: '*' })
    await iam.send(new PutRolePolicyCommand({ RoleName: 'App', PolicyName: 'wide', PolicyDocument: wide }))
    await iam.send(new PutUserPolicyCommand({ UserName: 'Alice', PolicyName: 'wide', PolicyDocument: wide }))
    const { Credentials: session } = await new STSClient(settings(alice)).send(
      new AssumeRoleCommand({
        RoleArn: 'arn:aws:iam::111122223333:role/App',
        RoleSessionName: 's1',
        Policy: narrow,
      }),
    )
    const limited = await text('explain', await encrypt(issued(session), key))
    assert.match(limited, /was denied: nothing allows it \(session policy\)$/m)
    assert.match(limited, /^ {2}session policy 1: says nothing$/m)
    assert.match(limited, /in the session policy 1, the statement \{"Effect":"Allow","Action":"kms:Encrypt"/)
    const { Credentials: federated } = await sts.send(new GetFederationTokenCommand({ Name: 'Fred' }))
    const explained = await decision(await encrypt(issued(federated), key))
    assert.partialDeepStrictEqual(explained, { layer: 'session policy', reproduced: true })
  })

  it('a denial by the policy of a private endpoint', async () => {
    const explained = await text(
      'explain',
      await encrypt(server.credentials, await newKey(), `http://127.0.0.1:${privatePort}`),
    )
    assert.match(explained, /was denied: nothing allows it \(endpoint policy\)$/m)
    assert.match(
      explained,
      /^ {2}endpoint policy, policy of endpoint vpce-apps: says nothing\n {4}statement 0, Allow: does not match: another action$/m,
    )
    assert.match(
      explained,
      /in the endpoint policy, policy of endpoint vpce-apps, the statement \{"Effect":"Allow","Action":"kms:Encrypt"/,
    )
  })

  it('a denial with more policies than a record has room for by what decided, saying so', async () => {
    const carol = await user('Carol')
    const names = Array.from({ length: 45 }, (_, index) => `${'p'.repeat(120)}${index}`)
    for (const GroupName of ['One', 'Two', 'Three']) {
      await iam.send(new CreateGroupCommand({ GroupName }))
      await iam.send(new AddUserToGroupCommand({ GroupName, UserName: 'Carol' }))
      for (const PolicyName of names) {
        const PolicyDocument = document({ Effect: 'Deny', Action: 'a:b', Resource: '*' })
        await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument }))
      }
    }
    const requestId = await encrypt(carol, await newKey())
    const explained = await text('explain', requestId)
    assert.match(explained, /^kms:Encrypt on arn:\S+ was denied: nothing allows it \(identity policy\)$/m)
    assert.match(
      explained,
      /^ {2}All that had a say takes \d{5} bytes, more than a record keeps: it can't be shown\.$/m,
    )
    assert.partialDeepStrictEqual(await decision(requestId), { outcome: 'denied, brief', denied: 'missing allow' })
  })

  it('an unknown request is not found', async () => {
    const unknown = '00000000-0000-7000-8000-000000000000'
    const { exit, stderr } = await run('explain', unknown)
    assert.deepEqual([exit, stderr], [1, `trent: the audit trail has no record of the request ${unknown}\n`])
  })

  it('who can is yes, no or yes-if, by which path, before and after a change', async () => {
    const KeyId = await newKey()
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/who', TargetKeyId: KeyId }))
    const answers = async (): Promise<Readonly<Record<string, Json>>> => {
      const lines = (await text('who-can', 'Encrypt', 'alias/who', '--json')).trimEnd().split('\n')
      return Object.fromEntries(
        lines.map((line) => {
          const answer = JSON.parse(line) as { principal: string } & Json
          return [answer.principal, answer] as const
        }),
      )
    }
    const before = await answers()
    assert.partialDeepStrictEqual(before[root], { answer: 'yes', kind: 'root user' })
    assert.partialDeepStrictEqual(before[aliceArn], {
      answer: 'yes',
      path: {
        by: 'key policy',
        statements: [{ layer: 'key policy' }, { layer: 'identity policy', policy: 'inline policy wide of user Alice' }],
      },
    })
    assert.partialDeepStrictEqual(before['arn:aws:iam::111122223333:role/App'], { answer: 'yes', kind: 'role' })
    assert.partialDeepStrictEqual(before['arn:aws:iam::111122223333:user/Bob'], {
      answer: 'no',
      layer: 'identity policy',
    })
    await kms.send(
      new CreateGrantCommand({
        KeyId,
        GranteePrincipal: 'arn:aws:iam::111122223333:user/Bob',
        Operations: ['Encrypt'],
        Constraints: { EncryptionContextSubset: { app: 'orders' } },
      }),
    )
    const source = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
    await kms.send(
      new PutKeyPolicyCommand({
        KeyId,
        Policy: document(
          { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
          { Sid: 'Outside', Effect: 'Deny', Principal: { AWS: aliceArn }, Action: 'kms:Encrypt', Resource: '*' },
          {
            Effect: 'Allow',
            Principal: { Service: 's3.amazonaws.com', AWS: 'arn:aws:sts::111122223333:assumed-role/App/s2' },
            Action: 'kms:Encrypt',
            Resource: '*',
            Condition: source,
          },
        ),
      }),
    )
    const after = await answers()
    assert.partialDeepStrictEqual(after[aliceArn], {
      answer: 'no',
      because: 'explicit deny',
      statement: { sid: 'Outside' },
    })
    assert.partialDeepStrictEqual(after['arn:aws:iam::111122223333:user/Bob'], {
      answer: 'yes-if',
      ways: [{ path: { by: 'grant' }, conditions: [{ encryptionContextSubset: [['app', 'orders']] }] }],
    })
    assert.partialDeepStrictEqual(after['s3.amazonaws.com'], { answer: 'yes-if', kind: 'service' })
    assert.partialDeepStrictEqual(after['arn:aws:sts::111122223333:assumed-role/App/s2'], { kind: 'role session' })
    const shown = await text('who-can', 'kms:Encrypt', KeyId)
    assert.match(shown, /^kms:Encrypt on arn:aws:kms:us-east-1:111122223333:key\//)
    assert.match(shown, /^ {10}if the encryption context has \{"app":"orders"\} \(grant\)$/m)
    assert.match(
      shown,
      /^no {6}arn:aws:iam::111122223333:user\/Alice\n {8}a statement denies it \(key policy\): key policy, statement 1 \(Outside\)$/m,
    )
  })

  it('who can with an attestation alone is yes-if', async () => {
    const KeyId = await newKey()
    const attestation = { StringEquals: { 'kms:RecipientAttestation:ImageSha384': 'ab'.repeat(48) } }
    await kms.send(
      new PutKeyPolicyCommand({
        KeyId,
        Policy: document(
          { Effect: 'Allow', Principal: { AWS: root }, NotAction: 'kms:Decrypt', Resource: '*' },
          {
            Effect: 'Allow',
            Principal: { AWS: aliceArn },
            Action: 'kms:Decrypt',
            Resource: '*',
            Condition: attestation,
          },
        ),
      }),
    )
    const shown = await text('who-can', 'kms:Decrypt', KeyId)
    assert.match(shown, /^yes-if {2}arn:aws:iam::111122223333:user\/Alice$/m)
    assert.match(shown, /^ {10}if .*kms:RecipientAttestation:ImageSha384.*(?:ab){48}/m)
  })

  it('who-can refuses what is no action on a key, and keys that there are not', async () => {
    const key = await newKey()
    const table: readonly [readonly string[], number, RegExp][] = [
      [['Decrpyt', key], 64, /^trent: there is no action "Decrpyt" of KMS; name one such as kms:Decrypt$/m],
      [['kms:CreateKey', key], 64, /^trent: kms:CreateKey is not an action on a key$/m],
      [['RetireGrant', key], 64, /^trent: who may do kms:RetireGrant is decided for each grant/m],
      [['Decrypt', 'nonsense'], 64, /^trent: "nonsense" names no key/m],
      [['Decrypt', 'alias/none'], 1, /^trent: there is no key alias\/none in us-east-1$/m],
      [['Decrypt', key, '--region', 'eu-west-1'], 1, /^trent: there is no key \S+ in eu-west-1$/m],
      [['Decrypt', key, '--account', '1'], 64, /An account id has twelve digits\./],
    ]
    for (const [args, exit, message] of table) {
      const ended = await run('who-can', ...args)
      assert.equal(ended.exit, exit)
      assert.match(ended.stderr, message)
    }
    assert.equal((await run('who-can', 'decrypt', `arn:aws:kms:us-east-1:111122223333:key/${key}`)).exit, 0)
  })

  it('both work without a server, and answer the same', async () => {
    const key = await newKey()
    const requestId = await encrypt(await user('Dave'), key)
    const explained = await text('explain', requestId)
    const listed = await text('who-can', 'Encrypt', key)
    await server.stop()
    assert.equal(await text('explain', requestId), explained)
    assert.equal(await text('who-can', 'Encrypt', key), listed)
  })
})
