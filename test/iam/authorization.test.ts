import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  GetAccountSummaryCommand,
  GetUserCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { allow, clientWith, iamServer, makeUser, newName, refusalOf, refused } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const arnOf = (rest: string): string => `arn:aws:iam::${server.account}:${rest}`
const denied = async (sent: Promise<unknown>): Promise<string> => {
  const [name, message, status] = await refusalOf(sent)
  assert.deepEqual([name, status], ['AccessDenied', 403])
  return message
}
const noPolicy = (user: string, action: string, resource: string): string =>
  `User: ${arnOf(`user/${user}`)} is not authorized to perform: ${action} on resource: ${resource} ` +
  `because no identity-based policy allows the ${action} action`

describe('requests to IAM', () => {
  it('need a policy that allows them', async () => {
    const { user, iam } = await clientWith(fixture)
    const other = await makeUser(fixture)
    assert.equal(
      await denied(iam.send(new GetUserCommand({ UserName: other }))),
      noPolicy(user, 'iam:GetUser', arnOf(`user/${other}`)),
    )
    assert.equal(await denied(iam.send(new ListUsersCommand({}))), noPolicy(user, 'iam:ListUsers', arnOf('user/')))
    assert.equal(
      await denied(iam.send(new ListUsersCommand({ PathPrefix: '/a/b' }))),
      noPolicy(user, 'iam:ListUsers', arnOf('user/a/b')),
    )
    assert.equal(await denied(iam.send(new GetAccountSummaryCommand({}))), noPolicy(user, 'iam:GetAccountSummary', '*'))
    assert.equal(
      await denied(iam.send(new CreateGroupCommand({ GroupName: 'g', Path: '/p/' }))),
      noPolicy(user, 'iam:CreateGroup', arnOf('group/p/g')),
    )
  })

  it('do not tell who may not ask whether somebody exists', async () => {
    const { user, iam } = await clientWith(fixture)
    assert.equal(
      await denied(iam.send(new GetUserCommand({ UserName: 'nobody' }))),
      noPolicy(user, 'iam:GetUser', arnOf('user/nobody')),
    )
  })

  it('are limited by the path of the resource', async () => {
    const { iam } = await clientWith(fixture, allow(['iam:CreateUser', 'iam:GetUser'], arnOf('user/team/*')))
    const UserName = newName('user')
    await denied(iam.send(new CreateUserCommand({ UserName })))
    await iam.send(new CreateUserCommand({ UserName, Path: '/team/' }))
    // The request does not say the path: it is that of the user there is.
    await iam.send(new GetUserCommand({ UserName }))
  })

  it('that move a user need the permission for both its places', async () => {
    const { iam } = await clientWith(fixture, allow('iam:UpdateUser', arnOf('user/team/*')))
    const UserName = newName('user')
    await root.send(new CreateUserCommand({ UserName, Path: '/team/' }))
    assert.match(
      await denied(iam.send(new UpdateUserCommand({ UserName, NewPath: '/other/' }))),
      new RegExp(`on resource: ${arnOf(`user/other/${UserName}`)} because`),
    )
    await iam.send(new UpdateUserCommand({ UserName, NewPath: '/team/sub/' }))
    await iam.send(new UpdateUserCommand({ UserName, NewUserName: `${UserName}x` }))
  })

  it('that create with tags need the permission to tag', async () => {
    const { iam } = await clientWith(fixture, allow('iam:CreateUser'))
    const Tags = [{ Key: 'a', Value: 'b' }]
    assert.match(
      await denied(iam.send(new CreateUserCommand({ UserName: newName('user'), Tags }))),
      /not authorized to perform: iam:TagUser /,
    )
    await iam.send(new CreateUserCommand({ UserName: newName('user') }))
    const { iam: tagger } = await clientWith(fixture, allow(['iam:CreateUser', 'iam:TagUser']))
    await tagger.send(new CreateUserCommand({ UserName: newName('user'), Tags }))
  })

  it('are conditioned by tags of the resource', async () => {
    for (const key of ['iam:ResourceTag/Team', 'aws:ResourceTag/team']) {
      const { iam } = await clientWith(fixture, allow('iam:GetUser', '*', { StringEquals: { [key]: 'blue' } }))
      const UserName = await makeUser(fixture)
      await denied(iam.send(new GetUserCommand({ UserName })))
      await root.send(new TagUserCommand({ UserName, Tags: [{ Key: 'team', Value: 'blue' }] }))
      await iam.send(new GetUserCommand({ UserName }))
    }
  })

  it('that rename are conditioned by the tags that the user has', async () => {
    const { iam } = await clientWith(
      fixture,
      allow('iam:UpdateUser', '*', { StringEquals: { 'iam:ResourceTag/Team': 'blue' } }),
    )
    const UserName = await makeUser(fixture)
    const rename = () => iam.send(new UpdateUserCommand({ UserName, NewUserName: `${UserName}new` }))
    await denied(rename())
    await root.send(new TagUserCommand({ UserName, Tags: [{ Key: 'Team', Value: 'blue' }] }))
    await rename()
  })

  it('are conditioned by tags of the request', async () => {
    const { iam } = await clientWith(
      fixture,
      allow('iam:TagUser', '*', {
        StringEquals: { 'aws:RequestTag/Team': 'blue' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['Team', 'Stage'] },
      }),
      allow('iam:UntagUser', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Stage'] } }),
    )
    const UserName = await makeUser(fixture)
    const tag = (...tags: (readonly [string, string])[]) =>
      iam.send(new TagUserCommand({ UserName, Tags: tags.map(([Key, Value]) => ({ Key, Value })) }))
    await denied(tag(['Team', 'red']))
    await denied(tag(['Team', 'blue'], ['Other', 'x']))
    await tag(['Team', 'blue'], ['Stage', 'x'])
    await denied(iam.send(new UntagUserCommand({ UserName, TagKeys: ['Stage', 'Team'] })))
    await iam.send(new UntagUserCommand({ UserName, TagKeys: ['Stage'] }))
  })

  it('are conditioned by the permissions boundary, the one that is to be before the one there is', async () => {
    const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
    const { iam } = await clientWith(
      fixture,
      allow(['iam:CreateUser', 'iam:PutUserPermissionsBoundary', 'iam:AttachUserPolicy'], '*', {
        StringEquals: { 'iam:PermissionsBoundary': readOnly },
      }),
    )
    const UserName = newName('user')
    await denied(iam.send(new CreateUserCommand({ UserName })))
    await denied(iam.send(new CreateUserCommand({ UserName, PermissionsBoundary: administrator })))
    await iam.send(new CreateUserCommand({ UserName, PermissionsBoundary: readOnly }))
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: administrator }))
    await denied(iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: administrator })))
    const unbounded = await makeUser(fixture)
    await denied(iam.send(new AttachUserPolicyCommand({ UserName: unbounded, PolicyArn: administrator })))
  })

  it('are conditioned by the ARN of the policy that is attached', async () => {
    const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    const { iam } = await clientWith(
      fixture,
      allow('iam:AttachUserPolicy', '*', { ArnEquals: { 'iam:PolicyARN': readOnly } }),
    )
    const UserName = await makeUser(fixture)
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: readOnly }))
    await denied(
      iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' })),
    )
  })

  it('are validated before they are authorized', async () => {
    const { iam } = await clientWith(fixture)
    await refused(
      iam.send(new GetUserCommand({ UserName: 'a b' })),
      'ValidationError',
      "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: [\\w+=,.@-]+',
      400,
    )
  })
})
