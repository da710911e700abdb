/**
 * Callers as installations have them: a session of a role that its two policies allow, both with conditions, and one of a role
 * that has no policy and is allowed by grants alone. Beside them the root user, whom the default key policy allows.
 */
import { concurrently, type Client } from './client.ts'
import { textMember } from './json.ts'
import { elementText, queryCalls } from './query.ts'
import type { SigningIdentity } from './signer.ts'
import { tenants } from './workload.ts'

export interface Callers {
  /** By name of the caller. */
  readonly identities: Readonly<Record<CallerName, SigningIdentity>>
  /** The key that each of them uses. */
  readonly keyIds: Readonly<Record<CallerName, string>>
}

export const callerNames = ['root user', 'assumed role', 'grant only'] as const
export type CallerName = (typeof callerNames)[number]

const grants = 1000
const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey']
const administer = ['Create', 'Describe', 'Enable', 'List', 'Put', 'Update', 'Revoke', 'Disable', 'Get', 'Delete']
  .map((verb) => `kms:${verb}*`)
  .concat(['kms:TagResource', 'kms:UntagResource', 'kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion'])

const document = (Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })

/** Makes them at `url`; `root` is the root user and `client` sends its requests. */
export async function makeCallers(url: string, root: SigningIdentity, client: Client): Promise<Callers> {
  const call = queryCalls(url, root)
  const account = elementText(await call('sts', 'GetCallerIdentity', {}), 'Account')
  const arn = (what: string): string => `arn:aws:iam::${account}:${what}`
  const suffix = String(process.hrtime.bigint())
  const user = `bench-${suffix}`
  await call('iam', 'CreateUser', { UserName: user })
  const made = await call('iam', 'CreateAccessKey', { UserName: user })
  const identity: SigningIdentity = {
    accessKeyId: elementText(made, 'AccessKeyId'),
    secretAccessKey: elementText(made, 'SecretAccessKey'),
    region: root.region,
  }
  const trust = document([{ Effect: 'Allow', Principal: { AWS: arn(`user/${user}`) }, Action: 'sts:AssumeRole' }])
  const [application, service, other] = ['application', 'service', 'other'].map((name) => `bench-${name}-${suffix}`)
  for (const RoleName of [application, service, other]) {
    await call('iam', 'CreateRole', { RoleName: RoleName ?? '', AssumeRolePolicyDocument: trust })
  }
  await addPolicies()
  const { body } = await client.call('CreateKey', JSON.stringify({ Description: 'bench root' }))
  const own = textMember(body, 'KeyMetadata', 'KeyId')
  const key = await client.call('CreateKey', JSON.stringify({ Description: 'bench', Policy: keyPolicy() }))
  const shared = textMember(key.body, 'KeyMetadata', 'KeyId')
  await concurrently(grants, 16, async (index) => {
    await client.call('CreateGrant', JSON.stringify(grant(index)))
  })
  return {
    keyIds: { 'root user': own, 'assumed role': shared, 'grant only': shared },
    identities: {
      'root user': root,
      'assumed role': await session(application ?? ''),
      'grant only': await session(service ?? ''),
    },
  }

  async function addPolicies(): Promise<void> {
    const allowing = document([
      {
        Effect: 'Allow',
        Action: use,
        Resource: `arn:aws:kms:*:${account}:key/*`,
        Condition: { StringLike: { 'kms:EncryptionContext:tenant': 'tenant-*' } },
      },
    ])
    const denying = document([
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '127.0.0.0/8', '2001:db8::/32'] },
          Bool: { 'aws:ViaAWSService': 'false' },
        },
      },
    ])
    const RoleName = application ?? ''
    await call('iam', 'PutRolePolicy', { RoleName, PolicyName: 'use', PolicyDocument: allowing })
    const policy = await call('iam', 'CreatePolicy', { PolicyName: `bench-network-${suffix}`, PolicyDocument: denying })
    await call('iam', 'AttachRolePolicy', { RoleName, PolicyArn: elementText(policy, 'Arn') })
  }

  /** The console's, which leaves it to the account's own policies what the two roles may do. */
  function keyPolicy(): string {
    const named = { AWS: arn(`role/${other ?? ''}`) }
    return document([
      { Sid: 'Enable IAM policies', Effect: 'Allow', Principal: { AWS: arn('root') }, Action: 'kms:*', Resource: '*' },
      { Sid: 'Administrators', Effect: 'Allow', Principal: named, Action: administer, Resource: '*' },
      { Sid: 'Use', Effect: 'Allow', Principal: named, Action: use, Resource: '*' },
      {
        Sid: 'Attachment',
        Effect: 'Allow',
        Principal: named,
        Action: ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'],
        Resource: '*',
        Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      },
    ])
  }

  /** One for each tenant of the requests, and many for somebody else. */
  function grant(index: number): object {
    return {
      KeyId: shared,
      GranteePrincipal: arn(`role/${(index < tenants ? service : other) ?? ''}`),
      Operations: ['Encrypt', 'Decrypt', 'GenerateDataKey', 'DescribeKey'],
      Constraints: { EncryptionContextSubset: { tenant: `tenant-${index}` } },
    }
  }

  async function session(role: string): Promise<SigningIdentity> {
    const parameters = { RoleArn: arn(`role/${role}`), RoleSessionName: 'bench' }
    const xml = await queryCalls(url, identity)('sts', 'AssumeRole', parameters)
    return {
      accessKeyId: elementText(xml, 'AccessKeyId'),
      secretAccessKey: elementText(xml, 'SecretAccessKey'),
      sessionToken: elementText(xml, 'SessionToken'),
      region: root.region,
    }
  }
}
