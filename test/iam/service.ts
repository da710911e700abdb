/** What the tests of IAM have in common: a running server and clients of its users. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import type { Credentials } from '../support/signed-request.ts'
import { startServer, type TestServer } from '../support/server.ts'

export interface IamFixture {
  readonly server: TestServer
  /** Of the root user. */
  readonly root: IAMClient
  clientOf(credentials: Credentials): IAMClient
}

/** A server for the tests of the file that calls, with a client of its root user. */
export async function iamServer(): Promise<IamFixture> {
  const server = await startServer({ args: ['--oidc-allowed-host', '127.0.0.1,localhost'] })
  const clients: IAMClient[] = []
  after(() => {
    for (const client of clients) client.destroy()
  })
  const clientOf = (credentials: Credentials): IAMClient => {
    const client = new IAMClient({ endpoint: server.url, region: server.region, credentials, maxAttempts: 1 })
    clients.push(client)
    return client
  }
  return { server, root: clientOf(server.credentials), clientOf }
}

let names = 0
/** A name that no other test uses. */
export const newName = (prefix: string): string => `${prefix}${(names += 1)}`

/** A new user without permissions. */
export async function makeUser({ root }: IamFixture, prefix = 'user'): Promise<string> {
  const name = newName(prefix)
  await root.send(new CreateUserCommand({ UserName: name }))
  return name
}

/** A trust policy that lets `principals` assume its role: ARNs, account numbers or `*`. */
export function trust(...principals: readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principals }, Action: 'sts:AssumeRole' }],
  })
}

/** A new role without permissions; by default the account's own principals may assume it. */
export async function makeRole({ root, server }: IamFixture, trustPolicy = trust(server.account)): Promise<string> {
  const RoleName = newName('role')
  await root.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustPolicy }))
  return RoleName
}

export async function makeKey({ root }: IamFixture, user: string): Promise<Credentials> {
  const { AccessKey } = await root.send(new CreateAccessKeyCommand({ UserName: user }))
  assert.ok(AccessKey?.AccessKeyId !== undefined && AccessKey.SecretAccessKey !== undefined)
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
}

/** A client of a new user to whom `statements` are given. */
export async function clientWith(
  fixture: IamFixture,
  ...statements: readonly Readonly<Record<string, unknown>>[]
): Promise<{ readonly user: string; readonly iam: IAMClient; readonly credentials: Credentials }> {
  const user = await makeUser(fixture, 'caller')
  if (statements.length > 0) {
    await fixture.root.send(
      new PutUserPolicyCommand({ UserName: user, PolicyName: 'given', PolicyDocument: policy(...statements) }),
    )
  }
  const credentials = await makeKey(fixture, user)
  return { user, iam: fixture.clientOf(credentials), credentials }
}

export async function attach({ root }: IamFixture, user: string, arn: string): Promise<void> {
  await root.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn: arn }))
}

/** The text of an identity policy. */
export function policy(...statements: readonly Readonly<Record<string, unknown>>[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export const allow = (
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
  condition?: unknown,
) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition === undefined ? {} : { Condition: condition }),
})

/** The name, message and HTTP status of the error that `sent` is answered. */
export async function refusalOf(sent: Promise<unknown>): Promise<readonly [string, string, number | undefined]> {
  const error = await sent.then(
    () => assert.fail('was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Error)
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : 0
  return [error.name, error.message, typeof status === 'number' ? status : undefined]
}

/** Asserts that `sent` is refused with exactly this. */
export async function refused(sent: Promise<unknown>, name: string, message: string, status: number): Promise<void> {
  assert.deepEqual(await refusalOf(sent), [name, message, status])
}
