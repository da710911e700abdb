import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteGroupCommand,
  DeleteGroupPolicyCommand,
  DetachGroupPolicyCommand,
  GetGroupCommand,
  GetUserCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  PutGroupPolicyCommand,
  RemoveUserFromGroupCommand,
  UpdateGroupCommand,
} from '@aws-sdk/client-iam'
import { allow, clientWith, iamServer, makeUser, newName, policy, refusalOf, refused } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'

async function makeGroup(): Promise<string> {
  const GroupName = newName('group')
  await root.send(new CreateGroupCommand({ GroupName }))
  return GroupName
}

describe('groups', () => {
  it('are created and shown with their users', async () => {
    const GroupName = newName('Group')
    const { Group: created } = await root.send(new CreateGroupCommand({ GroupName, Path: '/teams/' }))
    assert.match(created?.GroupId ?? '', /^AGPA[A-Z2-7]{17}$/)
    const names = [newName('b'), newName('a')]
    for (const UserName of names) {
      await root.send(new CreateUserCommand({ UserName, Path: '/x/' }))
      await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    }
    const { Group, Users, IsTruncated } = await root.send(new GetGroupCommand({ GroupName: GroupName.toLowerCase() }))
    assert.deepEqual(Group, created)
    assert.deepEqual(
      { ...Group, GroupId: undefined, CreateDate: undefined },
      {
        Path: '/teams/',
        GroupName,
        GroupId: undefined,
        Arn: `arn:aws:iam::${server.account}:group/teams/${GroupName}`,
        CreateDate: undefined,
      },
    )
    assert.deepEqual(
      Users?.map(({ UserName, Path }) => [UserName, Path]),
      [...names].sort().map((name) => [name, '/x/']),
    )
    assert.equal(IsTruncated, false)
  })

  it('show their users page by page', async () => {
    const GroupName = await makeGroup()
    const names = [await makeUser(fixture), await makeUser(fixture), await makeUser(fixture)]
    for (const UserName of names) await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    const first = await root.send(new GetGroupCommand({ GroupName, MaxItems: 2 }))
    assert.equal(first.IsTruncated, true)
    assert.ok(first.Marker !== undefined)
    const second = await root.send(new GetGroupCommand({ GroupName, MaxItems: 2, Marker: first.Marker }))
    const seen = [...(first.Users ?? []), ...(second.Users ?? [])].map(({ UserName }) => UserName)
    assert.deepEqual([seen, second.IsTruncated], [[...names].sort(), false])
  })

  it('have names that differ in more than case', async () => {
    const GroupName = (await makeGroup()).toUpperCase()
    const message = `Group with name ${GroupName} already exists.`
    await refused(root.send(new CreateGroupCommand({ GroupName })), 'EntityAlreadyExistsException', message, 409)
  })

  it('that do not exist cannot be found', async () => {
    const GroupName = 'nothing'
    const UserName = await makeUser(fixture)
    // Each is waited for from the start: a rejection that nobody waits for yet would end the test.
    const all = [
      root.send(new GetGroupCommand({ GroupName })),
      root.send(new DeleteGroupCommand({ GroupName })),
      root.send(new UpdateGroupCommand({ GroupName, NewPath: '/a/' })),
      root.send(new AddUserToGroupCommand({ GroupName, UserName })),
      root.send(new RemoveUserFromGroupCommand({ GroupName, UserName })),
      root.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: administrator })),
    ].map((sent) => refused(sent, 'NoSuchEntityException', 'The group with name nothing cannot be found.', 404))
    await Promise.all(all)
    const existing = await makeGroup()
    await refused(
      root.send(new AddUserToGroupCommand({ GroupName: existing, UserName: 'nobody' })),
      'NoSuchEntityException',
      'The user with name nobody cannot be found.',
      404,
    )
  })

  it('are listed below a path', async () => {
    const Path = `/${newName('path')}/`
    const GroupName = newName('group')
    await root.send(new CreateGroupCommand({ GroupName, Path }))
    const { Groups } = await root.send(new ListGroupsCommand({ PathPrefix: Path }))
    assert.deepEqual(
      Groups?.map((group) => group.GroupName),
      [GroupName],
    )
    const all = await root.send(new ListGroupsCommand({}))
    assert.ok((all.Groups ?? []).length > 1)
  })

  it('are renamed and moved, and keep their users', async () => {
    const GroupName = await makeGroup()
    const UserName = await makeUser(fixture)
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    const NewGroupName = newName('renamed')
    await root.send(new UpdateGroupCommand({ GroupName, NewGroupName, NewPath: '/new/' }))
    const { Group, Users } = await root.send(new GetGroupCommand({ GroupName: NewGroupName }))
    assert.equal(Group?.Arn, `arn:aws:iam::${server.account}:group/new/${NewGroupName}`)
    assert.deepEqual(
      Users?.map((user) => user.UserName),
      [UserName],
    )
    const taken = await makeGroup()
    await refused(
      root.send(new UpdateGroupCommand({ GroupName: NewGroupName, NewGroupName: taken })),
      'EntityAlreadyExistsException',
      `Group with name ${taken} already exists.`,
      409,
    )
  })

  it('are deleted once nobody and nothing is in them', async () => {
    const GroupName = await makeGroup()
    const UserName = await makeUser(fixture)
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    await root.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: administrator }))
    await root.send(new PutGroupPolicyCommand({ GroupName, PolicyName: 'p', PolicyDocument: policy(allow('*')) }))
    const remove = () => root.send(new DeleteGroupCommand({ GroupName }))
    const conflict = (message: string) => refused(remove(), 'DeleteConflictException', message, 409)
    await conflict('Cannot delete entity, must remove users from group first.')
    await root.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))
    await conflict('Cannot delete entity, must detach all policies first.')
    await root.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn: administrator }))
    await conflict('Cannot delete entity, must delete policies first.')
    await root.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName: 'p' }))
    await remove()
  })
})

describe('users in groups', () => {
  it('are added and removed any number of times', async () => {
    const GroupName = await makeGroup()
    const UserName = await makeUser(fixture)
    const groups = async () =>
      (await root.send(new ListGroupsForUserCommand({ UserName }))).Groups?.map((group) => group.GroupName)
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    assert.deepEqual(await groups(), [GroupName])
    await root.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))
    await root.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))
    assert.deepEqual(await groups(), [])
  })

  it('may be in ten', async () => {
    const UserName = await makeUser(fixture)
    for (let count = 0; count < 10; count += 1) {
      await root.send(new AddUserToGroupCommand({ GroupName: await makeGroup(), UserName }))
    }
    await refused(
      root.send(new AddUserToGroupCommand({ GroupName: await makeGroup(), UserName })),
      'LimitExceededException',
      'Cannot exceed quota for GroupsPerUser: 10',
      409,
    )
    const first = await root.send(new ListGroupsForUserCommand({ UserName, MaxItems: 7 }))
    assert.ok(first.Marker !== undefined)
    const second = await root.send(new ListGroupsForUserCommand({ UserName, Marker: first.Marker }))
    assert.deepEqual([first.Groups?.length, second.Groups?.length], [7, 3])
  })

  it('have the permissions of the group for as long as they are in it', async () => {
    const { user: UserName, iam } = await clientWith(fixture)
    const GroupName = await makeGroup()
    await root.send(
      new PutGroupPolicyCommand({ GroupName, PolicyName: 'p', PolicyDocument: policy(allow('iam:GetUser')) }),
    )
    const may = async () => (await iam.send(new GetUserCommand({}))).User?.UserName
    assert.equal((await refusalOf(may()))[0], 'AccessDenied')
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    assert.equal(await may(), UserName)
    await root.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))
    assert.equal((await refusalOf(may()))[0], 'AccessDenied')
  })
})
