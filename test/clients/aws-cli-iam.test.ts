/** Users, groups, roles, sessions, boundaries, grants and two accounts, by the AWS CLI: denied before, allowed after. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { awsEnvironment, run, runForJson, skipReason } from '../support/programs.ts'
import { account, startServer } from '../support/server.ts'

const skip = skipReason('The AWS CLI', ['aws', '--version'], 'apt-get install awscli')
const otherAccount = '444455556666'
const trent = fileURLToPath(new URL('../../bin/trent', import.meta.url))

type Environment = Readonly<Record<string, string>>

// Each request starts a program, on a machine that may be busy.
const timeout = 600_000

describe('the AWS CLI as administrator of who may do what', { skip, timeout }, async () => {
  if (skip !== false) return
  const server = await startServer()
  const root = awsEnvironment(server)
  const command = (args: readonly string[]) => ['aws', '--endpoint-url', server.url, '--output', 'json', ...args]

  /** Is allowed; what it answers, or the member `member` of it, and so on inwards. */
  async function allowed(as: Environment, args: readonly string[], ...members: readonly string[]): Promise<unknown> {
    let value: unknown = await runForJson(command(args), as)
    for (const member of members) {
      assert.ok(typeof value === 'object' && value !== null)
      value = new Map<string, unknown>(Object.entries(value)).get(member)
    }
    return value
  }
  const text = async (...given: Parameters<typeof allowed>): Promise<string> => String(await allowed(...given))

  async function denied(as: Environment, args: readonly string[]): Promise<void> {
    const { code, stderr } = await run(command(args), as)
    assert.notEqual(code, 0, `${args.join(' ')} was allowed`)
    assert.match(stderr, /^\s*(?:aws: \[ERROR\]: )?An error occurred \(AccessDenied(?:Exception)?\) when calling/m)
  }

  const withCredentials = (credentials: unknown): Environment => {
    assert.ok(typeof credentials === 'object' && credentials !== null)
    const given = new Map<string, unknown>(Object.entries(credentials))
    const token = given.get('SessionToken')
    return {
      ...root,
      AWS_ACCESS_KEY_ID: String(given.get('AccessKeyId')),
      AWS_SECRET_ACCESS_KEY: String(given.get('SecretAccessKey')),
      ...(typeof token === 'string' ? { AWS_SESSION_TOKEN: token } : {}),
    }
  }
  /** A new user with an access key. */
  const newUser = async (name: string, as: Environment = root): Promise<Environment> => {
    await allowed(as, ['iam', 'create-user', '--user-name', name])
    return withCredentials(await allowed(as, ['iam', 'create-access-key', '--user-name', name], 'AccessKey'))
  }
  const policy = (...statements: readonly unknown[]): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const allow = (...actions: readonly string[]) => ({ Effect: 'Allow', Action: actions, Resource: '*' })
  const userArn = (name: string, of: string = account): string => `arn:aws:iam::${of}:user/${name}`

  let ann: Environment
  let key = ''
  let encrypt: readonly string[] = []
  let describeKey: readonly string[] = []

  before(async () => {
    const [user, keyArn] = await Promise.all([newUser('ann'), text(root, ['kms', 'create-key'], 'KeyMetadata', 'Arn')])
    ann = user
    key = keyArn
    encrypt = ['kms', 'encrypt', '--key-id', key, '--plaintext', 'aGVsbG8=']
    describeKey = ['kms', 'describe-key', '--key-id', key]
  })

  it('gives a user what a group of his may do', async () => {
    await denied(ann, describeKey)
    await allowed(root, ['iam', 'create-group', '--group-name', 'readers'])
    const group = ['--group-name', 'readers']
    const readable = ['--policy-name', 'read', '--policy-document', policy(allow('kms:DescribeKey'))]
    await Promise.all([
      allowed(root, ['iam', 'put-group-policy', ...group, ...readable]),
      allowed(root, ['iam', 'add-user-to-group', ...group, '--user-name', 'ann']),
    ])
    await allowed(ann, describeKey)
    await denied(ann, encrypt)
  })

  it('holds a user within a boundary', async () => {
    const boundary = await text(
      root,
      ['iam', 'create-policy', '--policy-name', 'boundary', '--policy-document', policy(allow('kms:DescribeKey'))],
      ...['Policy', 'Arn'],
    )
    const bob = await newUser('bob')
    const named = ['--user-name', 'bob']
    await allowed(root, ['iam', 'put-user-permissions-boundary', ...named, '--permissions-boundary', boundary])
    const all = ['--policy-name', 'all', '--policy-document', policy(allow('kms:*'))]
    await allowed(root, ['iam', 'put-user-policy', ...named, ...all])
    await Promise.all([denied(bob, encrypt), allowed(bob, describeKey)])
    await allowed(root, ['iam', 'delete-user-permissions-boundary', ...named])
    await allowed(bob, encrypt)
  })

  it('lets who knows the external id take a role, with no more than the session policy says', async () => {
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: userArn('ann') },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'order-66' } },
    }
    const named = ['--role-name', 'worker']
    const role = await text(
      root,
      ['iam', 'create-role', ...named, '--assume-role-policy-document', policy(trust)],
      ...['Role', 'Arn'],
    )
    const assume = ['sts', 'assume-role', '--role-arn', role, '--role-session-name', 'shift']
    await denied(ann, assume)
    await denied(ann, [...assume, '--external-id', 'order-65'])
    const known = [...assume, '--external-id', 'order-66']
    const session = withCredentials(await allowed(ann, known, 'Credentials'))
    await denied(session, encrypt)
    const use = ['--policy-name', 'use', '--policy-document', policy(allow('kms:Encrypt', 'kms:DescribeKey'))]
    await allowed(root, ['iam', 'put-role-policy', ...named, ...use])
    const [, arn, reader] = await Promise.all([
      allowed(session, encrypt),
      text(session, ['sts', 'get-caller-identity'], 'Arn'),
      allowed(ann, [...known, '--policy', policy(allow('kms:DescribeKey'))], 'Credentials'),
    ])
    assert.equal(arn, `arn:aws:sts::${account}:assumed-role/worker/shift`)
    const narrowed = withCredentials(reader)
    await Promise.all([allowed(narrowed, describeKey), denied(narrowed, encrypt)])
  })

  it('gives a user what a grant permits, until it is revoked', async () => {
    await denied(ann, encrypt)
    const on = ['--key-id', key]
    const grant = await text(
      root,
      ['kms', 'create-grant', ...on, '--grantee-principal', userArn('ann'), '--operations', 'Encrypt'],
      'GrantId',
    )
    await allowed(ann, encrypt)
    await allowed(root, ['kms', 'revoke-grant', ...on, '--grant-id', grant])
    await denied(ann, encrypt)
  })

  it('lets another account use a key when both accounts say so', async () => {
    const made = ['account', 'create', '--id', otherAccount, '--data-dir', server.directory]
    const { code, stdout, stderr } = await run([process.execPath, trent, ...made], root)
    assert.equal(code, 0, stderr)
    const value = (name: string): string => new RegExp(`^${name} = (.+)$`, 'm').exec(stdout)?.[1] ?? ''
    const credentials = {
      AccessKeyId: value('aws_access_key_id'),
      SecretAccessKey: value('aws_secret_access_key'),
    }
    const otherRoot = withCredentials(credentials)
    const carl = await newUser('carl', otherRoot)
    await denied(carl, encrypt)
    const use = ['--policy-name', 'use', '--policy-document', policy(allow('kms:Encrypt'))]
    await allowed(otherRoot, ['iam', 'put-user-policy', '--user-name', 'carl', ...use])
    await denied(carl, encrypt)
    const shared = policy(
      { ...allow('kms:*'), Principal: { AWS: `arn:aws:iam::${account}:root` } },
      { ...allow('kms:Encrypt'), Principal: { AWS: `arn:aws:iam::${otherAccount}:root` } },
    )
    await allowed(root, ['kms', 'put-key-policy', '--key-id', key, '--policy-name', 'default', '--policy', shared])
    await allowed(carl, encrypt)
    await allowed(otherRoot, ['iam', 'delete-user-policy', '--user-name', 'carl', '--policy-name', 'use'])
    await denied(carl, encrypt)
  })
})
