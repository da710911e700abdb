/** Temporary credentials over the wire: what one request issues, the next is signed with. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
  type Credentials,
} from '@aws-sdk/client-sts'
import {
  CreateAccessKeyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateKeyCommand, DescribeKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { signingKey, startIssuer, token } from '../oidc/issuer.ts'
import { recordOf } from '../support/audit.ts'
import { startServer } from '../support/server.ts'

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

const document = (...Statement: readonly Readonly<Record<string, unknown>>[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement })

function keysOf(credentials: Credentials | undefined): Keys {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = credentials ?? {}
  assert.ok(accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined)
  return { accessKeyId, secretAccessKey, sessionToken }
}

describe('temporary credentials', async () => {
  const server = await startServer({ args: ['--oidc-allowed-host', '127.0.0.1,localhost'] })
  const key = await signingKey('one', 'ES256')
  const issuer = await startIssuer([key.jwk])
  let user: Keys
  let keyId: string

  const settings = (credentials: Keys) => ({
    endpoint: server.url,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  })
  const sts = (credentials: Keys): STSClient => new STSClient(settings(credentials))
  const iam = (): IAMClient => new IAMClient(settings(server.credentials))
  const kms = (credentials: Keys): KMSClient => new KMSClient(settings(credentials))
  const arnOf = async (credentials: Keys): Promise<string | undefined> =>
    (await sts(credentials).send(new GetCallerIdentityCommand({}))).Arn

  before(async () => {
    await iam().send(new CreateUserCommand({ UserName: 'alice' }))
    const { AccessKey } = await iam().send(new CreateAccessKeyCommand({ UserName: 'alice' }))
    assert.ok(AccessKey?.AccessKeyId !== undefined && AccessKey.SecretAccessKey !== undefined)
    user = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
    await iam().send(
      new PutUserPolicyCommand({
        UserName: 'alice',
        PolicyName: 'all',
        PolicyDocument: document({ Effect: 'Allow', Action: ['sts:*', 'kms:*'], Resource: '*' }),
      }),
    )
    const { KeyMetadata } = await kms(server.credentials).send(new CreateKeyCommand({}))
    keyId = KeyMetadata?.KeyId ?? ''
  })

  it('of a user have the rights of the user', async () => {
    const { Credentials } = await sts(user).send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
    const session = keysOf(Credentials)
    assert.match(session.accessKeyId, /^ASIA[A-Z0-9]{16}$/)
    assert.equal(session.secretAccessKey.length, 40)
    assert.ok(Credentials?.Expiration instanceof Date)
    assert.equal(await arnOf(session), 'arn:aws:iam::111122223333:user/alice')
    await kms(session).send(new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('x') }))
    await assert.rejects(sts(session).send(new GetSessionTokenCommand({})), {
      name: 'AccessDenied',
      message: 'Cannot call GetSessionToken with session credentials',
    })
  })

  it('of the root user are those of the root user', async () => {
    const { Credentials } = await sts(server.credentials).send(new GetSessionTokenCommand({}))
    assert.equal(await arnOf(keysOf(Credentials)), 'arn:aws:iam::111122223333:root')
  })

  it('count only with their token, and a token only with its credentials', async () => {
    const first = keysOf((await sts(user).send(new GetSessionTokenCommand({}))).Credentials)
    const second = keysOf((await sts(user).send(new GetSessionTokenCommand({}))).Credentials)
    const { accessKeyId, secretAccessKey, sessionToken = '' } = first
    const invalid = { name: 'InvalidClientTokenId' }
    await assert.rejects(arnOf({ accessKeyId, secretAccessKey }), invalid)
    await assert.rejects(arnOf({ ...second, sessionToken }), invalid)
    await assert.rejects(arnOf({ ...user, sessionToken }), invalid)
    const at = Math.floor(sessionToken.length / 2)
    const changed = `${sessionToken.slice(0, at)}${sessionToken[at] === 'A' ? 'B' : 'A'}${sessionToken.slice(at + 1)}`
    await assert.rejects(arnOf({ accessKeyId, secretAccessKey, sessionToken: changed }), invalid)
    await assert.rejects(arnOf({ ...first, secretAccessKey: second.secretAccessKey }), {
      name: 'SignatureDoesNotMatch',
    })
  })

  it('of a federated user may do what both the user and the session policy allow', async () => {
    const Policy = document({ Effect: 'Allow', Action: 'kms:DescribeKey', Resource: '*' })
    const answer = await sts(user).send(new GetFederationTokenCommand({ Name: 'guest', Policy }))
    assert.equal(answer.FederatedUser?.Arn, 'arn:aws:sts::111122223333:federated-user/guest')
    assert.equal(answer.FederatedUser.FederatedUserId, '111122223333:guest')
    const guest = keysOf(answer.Credentials)
    assert.equal(await arnOf(guest), 'arn:aws:sts::111122223333:federated-user/guest')
    await kms(guest).send(new DescribeKeyCommand({ KeyId: keyId }))
    await assert.rejects(kms(guest).send(new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('x') })), {
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::111122223333:federated-user/guest is not authorized to perform: kms:Encrypt on resource: ' +
        `arn:aws:kms:us-east-1:111122223333:key/${keyId} because no session policy allows the kms:Encrypt action`,
    })
  })

  it('of a role have its rights, are recorded, and die with it', async () => {
    const RoleName = 'worker'
    await iam().send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: document({
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:user/alice' },
          Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        }),
      }),
    )
    await iam().send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'team',
        PolicyDocument: document({
          Effect: 'Allow',
          Action: 'kms:DescribeKey',
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'keys', 'aws:SourceIdentity': 'alice' } },
        }),
      }),
    )
    const RoleArn = 'arn:aws:iam::111122223333:role/worker'
    const assumed = await sts(user).send(
      new AssumeRoleCommand({
        RoleArn,
        RoleSessionName: 'work',
        Tags: [{ Key: 'Team', Value: 'keys' }],
        SourceIdentity: 'alice',
      }),
    )
    const session = keysOf(assumed.Credentials)
    assert.equal(assumed.AssumedRoleUser?.Arn, 'arn:aws:sts::111122223333:assumed-role/worker/work')
    assert.match(assumed.AssumedRoleUser.AssumedRoleId ?? '', /^AROA[A-Z0-9]{17}:work$/)
    assert.equal(assumed.SourceIdentity, 'alice')
    assert.equal(await arnOf(session), 'arn:aws:sts::111122223333:assumed-role/worker/work')
    await kms(session).send(new DescribeKeyCommand({ KeyId: keyId }))
    const plain = keysOf(
      (await sts(user).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'plain' }))).Credentials,
    )
    await assert.rejects(kms(plain).send(new DescribeKeyCommand({ KeyId: keyId })), { name: 'AccessDeniedException' })
    await assert.rejects(sts(server.credentials).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'root' })), {
      name: 'AccessDenied',
      message: 'Roles may not be assumed by root accounts.',
    })
    await iam().send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'team' }))
    await iam().send(new DeleteRoleCommand({ RoleName }))
    await assert.rejects(arnOf(session), { name: 'InvalidClientTokenId' })
  })

  it('are not given for tokens of providers that nobody has made known', async () => {
    const unsigned = new STSClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1 })
    const WebIdentityToken = await token(key, { iss: 'https://unknown.example', sub: 'x', aud: 'x', iat: 1, exp: 2 })
    await assert.rejects(
      unsigned.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: 'arn:aws:iam::111122223333:role/pod',
          RoleSessionName: 'app',
          WebIdentityToken,
        }),
      ),
      {
        name: 'InvalidIdentityTokenException',
        message: 'No OpenIDConnect provider found in your account for https://unknown.example',
      },
    )
    assert.equal(issuer.requests, 0)
  })

  it('of a role are given for a token of a provider that it trusts, without any signature', async () => {
    const host = issuer.url.replace('http://', '')
    const { OpenIDConnectProviderArn: provider } = await iam().send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: ['sts.amazonaws.com'] }),
    )
    const subject = 'system:serviceaccount:default:app'
    await iam().send(
      new CreateRoleCommand({
        RoleName: 'pod',
        AssumeRolePolicyDocument: document({
          Effect: 'Allow',
          Principal: { Federated: provider },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { [`${host}:sub`]: subject, [`${host}:aud`]: 'sts.amazonaws.com' },
            IpAddress: { 'aws:SourceIp': '127.0.0.0/8' },
          },
        }),
      }),
    )
    await iam().send(
      new PutRolePolicyCommand({
        RoleName: 'pod',
        PolicyName: 'describe',
        PolicyDocument: document({
          Effect: 'Allow',
          Action: 'kms:DescribeKey',
          Resource: '*',
          Condition: { StringEquals: { [`${host}:sub`]: subject, 'aws:FederatedProvider': provider } },
        }),
      }),
    )
    const seconds = Math.floor(Date.now() / 1000)
    const unsigned = new STSClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1 })
    const login = async (sub: string, RoleName = 'pod') =>
      unsigned.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: `arn:aws:iam::111122223333:role/${RoleName}`,
          RoleSessionName: 'app',
          WebIdentityToken: await token(key, {
            iss: issuer.url,
            sub,
            aud: 'sts.amazonaws.com',
            iat: seconds,
            exp: seconds + 600,
          }),
        }),
      )
    const answer = await login(subject)
    const record = await recordOf(server.directory, answer.$metadata.requestId ?? '')
    assert.deepEqual(record['userIdentity'], {
      type: 'WebIdentityUser',
      principalId: `${provider}:sts.amazonaws.com:${subject}`,
      userName: subject,
      identityProvider: provider,
    })
    assert.ok(!JSON.stringify(record).includes('eyJ'), 'the token is not recorded')
    assert.equal(answer.Provider, issuer.url)
    assert.equal(answer.Audience, 'sts.amazonaws.com')
    assert.equal(answer.SubjectFromWebIdentityToken, subject)
    const session = keysOf(answer.Credentials)
    assert.equal(await arnOf(session), 'arn:aws:sts::111122223333:assumed-role/pod/app')
    await kms(session).send(new DescribeKeyCommand({ KeyId: keyId }))
    const denied = { name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity' }
    await assert.rejects(login('system:serviceaccount:default:other'), denied)
    await assert.rejects(login(subject, 'missing'), denied)
    await assert.rejects(
      unsigned.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: 'arn:aws:iam::111122223333:role/pod',
          RoleSessionName: 'app',
          WebIdentityToken: 'eyJhbGciOiJub25lIn0.e30.',
        }),
      ),
      { name: 'InvalidIdentityTokenException' },
    )
  })

  it('are in the audit trail, their secrets are not', async () => {
    const { Credentials, $metadata } = await sts(user).send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
    const { accessKeyId, secretAccessKey } = keysOf(Credentials)
    const record = await recordOf(server.directory, $metadata.requestId ?? '')
    assert.deepEqual(record['requestParameters'], { durationSeconds: 900 })
    const { responseElements } = record
    assert.ok(typeof responseElements === 'object' && responseElements !== null && 'credentials' in responseElements)
    assert.ok(JSON.stringify(responseElements.credentials).includes(accessKeyId))
    assert.ok(!JSON.stringify(record).includes(secretAccessKey))
  })
})
