/** Rights that come from roles: whoever assumes one has them for as long as the role is there. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import {
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  GetUserCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { Credentials } from '../support/signed-request.ts'
import {
  allow,
  clientWith,
  iamServer,
  makeKey,
  makeRole,
  newName,
  policy,
  refusalOf,
  refused,
  trust,
} from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const { account } = server
const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`
const userArn = (name: string): string => `arn:aws:iam::${account}:user/${name}`
const permit = (RoleName: string, action: string) =>
  root.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'given', PolicyDocument: policy(allow(action)) }))

const clients: STSClient[] = []
after(() => {
  for (const client of clients) client.destroy()
})

async function assume(credentials: Credentials, role: string): Promise<IAMClient> {
  const sts = new STSClient({ endpoint: server.url, region: server.region, credentials, maxAttempts: 1 })
  clients.push(sts)
  const command = new AssumeRoleCommand({ RoleArn: roleArn(role), RoleSessionName: 'work' })
  const { Credentials: given } = await sts.send(command)
  assert.ok(given?.AccessKeyId !== undefined && given.SecretAccessKey !== undefined)
  const session = { accessKeyId: given.AccessKeyId, secretAccessKey: given.SecretAccessKey }
  return fixture.clientOf(given.SessionToken === undefined ? session : { ...session, sessionToken: given.SessionToken })
}

describe('a role that is assumed', () => {
  it('gives a user rights of which the user has none', async () => {
    const { iam, user, credentials } = await clientWith(fixture)
    const role = await makeRole(fixture, trust(userArn(user)))
    await permit(role, 'iam:ListUsers')
    assert.equal((await refusalOf(iam.send(new ListUsersCommand({}))))[0], 'AccessDenied')
    const session = await assume(credentials, role)
    assert.ok((await session.send(new ListUsersCommand({}))).Users !== undefined)
    await refused(
      session.send(new GetUserCommand({ UserName: user })),
      'AccessDenied',
      `User: arn:aws:sts::${account}:assumed-role/${role}/work is not authorized to perform: iam:GetUser on resource: ` +
        `${userArn(user)} because no identity-based policy allows the iam:GetUser action`,
      403,
    )
  })

  it('gives at once what it is given later, and takes away what is taken', async () => {
    const { user, credentials } = await clientWith(fixture)
    const role = await makeRole(fixture, trust(userArn(user)))
    const session = await assume(credentials, role)
    const list = () => session.send(new ListUsersCommand({}))
    assert.equal((await refusalOf(list()))[0], 'AccessDenied')
    await permit(role, 'iam:*')
    await list()
    await root.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: 'given' }))
    assert.equal((await refusalOf(list()))[0], 'AccessDenied')
  })

  it('is assumed by those alone whom its trust policy names now', async () => {
    const { user, credentials } = await clientWith(fixture)
    const role = await makeRole(fixture, trust(userArn(user)))
    await assume(credentials, role)
    const PolicyDocument = trust(account)
    await root.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument }))
    assert.equal((await refusalOf(assume(credentials, role)))[0], 'AccessDenied')
  })
})

describe('what was deleted', () => {
  it('ends the sessions of a role, also when a namesake is made', async () => {
    const { user, credentials } = await clientWith(fixture)
    const role = await makeRole(fixture, trust(userArn(user)))
    await permit(role, 'iam:*')
    const session = await assume(credentials, role)
    const list = () => session.send(new ListUsersCommand({}))
    await list()
    await root.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: 'given' }))
    await root.send(new DeleteRoleCommand({ RoleName: role }))
    const [gone, , status] = await refusalOf(list())
    assert.deepEqual([gone, status], ['InvalidClientTokenId', 403])
    const AssumeRolePolicyDocument = trust(userArn(user))
    await root.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument }))
    await permit(role, 'iam:*')
    assert.equal((await refusalOf(list()))[0], 'InvalidClientTokenId')
    const again = await assume(credentials, role)
    await again.send(new ListUsersCommand({}))
  })

  it('leaves nothing of the trust in a user to a namesake', async () => {
    const { user, credentials } = await clientWith(fixture)
    const role = await makeRole(fixture, trust(userArn(user)))
    await assume(credentials, role)
    const { accessKeyId: AccessKeyId } = credentials
    await root.send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId }))
    await root.send(new DeleteUserCommand({ UserName: user }))
    await root.send(new CreateUserCommand({ UserName: user }))
    const namesake = await makeKey(fixture, user)
    assert.equal((await refusalOf(assume(namesake, role)))[0], 'AccessDenied')
    // Put once more, the name means who has it now.
    const PolicyDocument = trust(userArn(user))
    await root.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument }))
    await assume(namesake, role)
  })

  it('leaves nothing to a role with the name of another', async () => {
    const { user, credentials } = await clientWith(fixture)
    const first = await makeRole(fixture, trust(userArn(user)))
    const second = newName('second')
    const AssumeRolePolicyDocument = trust(roleArn(first))
    await root.send(new CreateRoleCommand({ RoleName: second, AssumeRolePolicyDocument }))
    await root.send(new DeleteRoleCommand({ RoleName: first }))
    await root.send(new CreateRoleCommand({ RoleName: first, AssumeRolePolicyDocument: trust(userArn(user)) }))
    const session = await assume(credentials, first)
    const sessionCredentials = await session.config.credentials()
    assert.equal((await refusalOf(assume(sessionCredentials, second)))[0], 'AccessDenied')
  })
})
