import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  GetUserCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { allow, clientWith, iamServer, makeKey, makeUser, newName, policy, refusalOf, refused } from './service.ts'

const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'

const fixture = await iamServer()
const { root, server } = fixture

describe('users', () => {
  it('are created with path, tags and boundary, and shown with all of them', async () => {
    const name = newName('Full')
    const before = Math.floor(Date.now() / 1000) * 1000
    const { User: created } = await root.send(
      new CreateUserCommand({
        UserName: name,
        Path: '/team/blue/',
        PermissionsBoundary: administrator,
        Tags: [
          { Key: 'Team', Value: 'Blue' },
          { Key: 'Empty', Value: '' },
        ],
      }),
    )
    const { User } = await root.send(new GetUserCommand({ UserName: name }))
    assert.deepEqual(User, created)
    assert.ok(User?.CreateDate !== undefined && User.CreateDate.getTime() >= before)
    assert.match(User.UserId ?? '', /^AIDA[A-Z2-7]{17}$/)
    assert.deepEqual(
      { ...User, CreateDate: undefined, UserId: undefined },
      {
        Path: '/team/blue/',
        UserName: name,
        UserId: undefined,
        Arn: `arn:aws:iam::${server.account}:user/team/blue/${name}`,
        CreateDate: undefined,
        PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: administrator },
        Tags: [
          { Key: 'Team', Value: 'Blue' },
          { Key: 'Empty', Value: '' },
        ],
      },
    )
  })

  it('have names that differ in more than case, stored as typed', async () => {
    const name = await makeUser(fixture, 'MixedCase')
    const { User } = await root.send(new GetUserCommand({ UserName: name.toLowerCase() }))
    assert.equal(User?.UserName, name)
    const again = name.toUpperCase()
    await refused(
      root.send(new CreateUserCommand({ UserName: again })),
      'EntityAlreadyExistsException',
      `User with name ${again} already exists.`,
      409,
    )
  })

  it('that do not exist cannot be found', async () => {
    for (const sent of [
      root.send(new GetUserCommand({ UserName: 'nobody' })),
      root.send(new DeleteUserCommand({ UserName: 'nobody' })),
      root.send(new UpdateUserCommand({ UserName: 'nobody', NewUserName: 'somebody' })),
      root.send(new TagUserCommand({ UserName: 'nobody', Tags: [{ Key: 'a', Value: 'b' }] })),
      root.send(new ListUserTagsCommand({ UserName: 'nobody' })),
    ]) {
      await refused(sent, 'NoSuchEntityException', 'The user with name nobody cannot be found.', 404)
    }
  })

  it('are validated in the words of the service model', async () => {
    const [name, message, status] = await refusalOf(root.send(new CreateUserCommand({ UserName: 'a b', Path: 'x' })))
    assert.deepEqual([name, status], ['ValidationError', 400])
    assert.equal(
      message,
      "2 validation errors detected: Value 'x' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
        "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F); Value 'a b' at 'userName' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: [\\w+=,.@-]+',
    )
  })

  it('are listed by name, page by page, below a path', async () => {
    const path = `/${newName('list')}/`
    for (const name of ['c', 'B', 'a', 'D']) {
      await root.send(new CreateUserCommand({ UserName: `${path.slice(1, -1)}${name}`, Path: path }))
    }
    const seen: string[] = []
    let Marker: string | undefined
    do {
      const page = await root.send(new ListUsersCommand({ PathPrefix: path, MaxItems: 3, ...(Marker && { Marker }) }))
      seen.push(...(page.Users ?? []).map(({ UserName = '' }) => UserName.slice(path.length - 2)))
      assert.equal(page.IsTruncated, page.Marker !== undefined)
      Marker = page.Marker
    } while (Marker !== undefined)
    assert.deepEqual(seen, ['a', 'B', 'c', 'D'])
    const none = await root.send(new ListUsersCommand({ PathPrefix: '/nowhere/' }))
    assert.deepEqual([none.Users, none.IsTruncated], [[], false])
  })

  it('are listed only from markers of the same list', async () => {
    await makeUser(fixture)
    await makeUser(fixture)
    const { Marker } = await root.send(new ListUsersCommand({ MaxItems: 1 }))
    assert.ok(Marker !== undefined)
    for (const [marker, prefix] of [
      ['nonsense', '/'],
      [Marker, '/other/'],
    ] as const) {
      const sent = root.send(new ListUsersCommand({ Marker: marker, PathPrefix: prefix }))
      // unverified wording
      await refused(sent, 'ValidationError', 'Invalid Marker.', 400)
    }
  })

  it('are renamed and moved, and keep their id', async () => {
    const name = await makeUser(fixture)
    const { User: before } = await root.send(new GetUserCommand({ UserName: name }))
    await root.send(new UpdateUserCommand({ UserName: name, NewUserName: `${name}-new`, NewPath: '/moved/' }))
    const { User: moved } = await root.send(new GetUserCommand({ UserName: `${name}-new` }))
    assert.equal(moved?.UserId, before?.UserId)
    assert.equal(moved?.Arn, `arn:aws:iam::${server.account}:user/moved/${name}-new`)
    await refused(
      root.send(new GetUserCommand({ UserName: name })),
      'NoSuchEntityException',
      `The user with name ${name} cannot be found.`,
      404,
    )
  })

  it('may change the case of their name, but not take that of another', async () => {
    const name = await makeUser(fixture)
    const other = await makeUser(fixture)
    await root.send(new UpdateUserCommand({ UserName: name, NewUserName: name.toUpperCase() }))
    assert.equal((await root.send(new GetUserCommand({ UserName: name }))).User?.UserName, name.toUpperCase())
    const taken = other.toUpperCase()
    await refused(
      root.send(new UpdateUserCommand({ UserName: name, NewUserName: taken })),
      'EntityAlreadyExistsException',
      `User with name ${taken} already exists.`,
      409,
    )
  })

  it('are deleted once they have nothing any more', async () => {
    const UserName = await makeUser(fixture)
    const { accessKeyId: AccessKeyId } = await makeKey(fixture, UserName)
    const GroupName = newName('group')
    await root.send(new CreateGroupCommand({ GroupName }))
    await root.send(new AddUserToGroupCommand({ GroupName, UserName }))
    await root.send(new AttachUserPolicyCommand({ UserName, PolicyArn: administrator }))
    await root.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: policy(allow('*')) }))
    const remove = () => root.send(new DeleteUserCommand({ UserName }))
    const conflict = (message: string) => refused(remove(), 'DeleteConflictException', message, 409)
    await conflict('Cannot delete entity, must delete access keys first.')
    await root.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    await conflict('Cannot delete entity, must detach all policies first.')
    await root.send(new DetachUserPolicyCommand({ UserName, PolicyArn: administrator }))
    await conflict('Cannot delete entity, must delete policies first.')
    await root.send(new DeleteUserPolicyCommand({ UserName, PolicyName: 'p' }))
    await conflict('Cannot delete entity, must remove users from group first.')
    await root.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))
    await remove()
    await refused(remove(), 'NoSuchEntityException', `The user with name ${UserName} cannot be found.`, 404)
  })

  it('get another id when they are created again', async () => {
    const UserName = await makeUser(fixture)
    const first = (await root.send(new GetUserCommand({ UserName }))).User?.UserId
    await root.send(new DeleteUserCommand({ UserName }))
    const second = (await root.send(new CreateUserCommand({ UserName }))).User?.UserId
    assert.notEqual(first, second)
  })

  it('without a name are the caller', async () => {
    const { User } = await root.send(new GetUserCommand({}))
    assert.deepEqual(
      { ...User, CreateDate: undefined },
      { UserId: server.account, Arn: `arn:aws:iam::${server.account}:root`, CreateDate: undefined },
    )
    const { user, iam } = await clientWith(fixture, allow('iam:GetUser', `arn:aws:iam::${server.account}:user/*`))
    assert.equal((await iam.send(new GetUserCommand({}))).User?.UserName, user)
  })
})

describe('tags of users', () => {
  const tagsOf = async (UserName: string) =>
    ((await root.send(new ListUserTagsCommand({ UserName }))).Tags ?? []).map(({ Key, Value }) => `${Key}=${Value}`)

  it('are replaced without regard to the case of their keys, and removed', async () => {
    const UserName = await makeUser(fixture)
    const tag = (Key: string, Value: string) => root.send(new TagUserCommand({ UserName, Tags: [{ Key, Value }] }))
    await tag('Team', 'blue')
    await tag('Stage', 'test')
    await tag('TEAM', 'red')
    assert.deepEqual(await tagsOf(UserName), ['Stage=test', 'TEAM=red'])
    await root.send(new UntagUserCommand({ UserName, TagKeys: ['team', 'unknown'] }))
    assert.deepEqual(await tagsOf(UserName), ['Stage=test'])
  })

  it('are listed page by page', async () => {
    const UserName = await makeUser(fixture)
    await root.send(new TagUserCommand({ UserName, Tags: ['c', 'a', 'b'].map((Key) => ({ Key, Value: Key })) }))
    const first = await root.send(new ListUserTagsCommand({ UserName, MaxItems: 2 }))
    assert.deepEqual(
      first.Tags?.map(({ Key }) => Key),
      ['a', 'b'],
    )
    assert.ok(first.Marker !== undefined)
    const second = await root.send(new ListUserTagsCommand({ UserName, MaxItems: 2, Marker: first.Marker }))
    assert.deepEqual([second.Tags?.map(({ Key }) => Key), second.IsTruncated], [['c'], false])
  })

  it('are at most 50, without duplicates and reserved keys', async () => {
    const UserName = await makeUser(fixture)
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => ({ Key: `${prefix}${index}`, Value: 'v' }))
    const tag = (Tags: { Key: string; Value: string }[]) => root.send(new TagUserCommand({ UserName, Tags }))
    await tag(many(50, 'k'))
    // unverified wording
    await refused(tag(many(1, 'more')), 'LimitExceededException', 'Cannot exceed quota for Tags: 50', 409)
    await tag(many(50, 'K'))
    await refused(
      tag([
        { Key: 'a', Value: '1' },
        { Key: 'A', Value: '2' },
      ]),
      'InvalidInputException',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      400,
    )
    // unverified wording
    const reserved = 'Tag keys beginning with aws: are reserved for system use.'
    await refused(tag([{ Key: 'AWS:a', Value: '1' }]), 'InvalidInputException', reserved, 400)
  })
})

describe('permissions boundaries of users', () => {
  it('are put, replaced and removed', async () => {
    const UserName = await makeUser(fixture)
    const boundary = async () =>
      (await root.send(new GetUserCommand({ UserName }))).User?.PermissionsBoundary?.PermissionsBoundaryArn
    assert.equal(await boundary(), undefined)
    await root.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: administrator }))
    assert.equal(await boundary(), administrator)
    const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    await root.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: readOnly }))
    assert.equal(await boundary(), readOnly)
    await root.send(new DeleteUserPermissionsBoundaryCommand({ UserName }))
    await root.send(new DeleteUserPermissionsBoundaryCommand({ UserName }))
    assert.equal(await boundary(), undefined)
  })

  it('must be policies that exist', async () => {
    const UserName = await makeUser(fixture)
    const missing = `arn:aws:iam::${server.account}:policy/none`
    const put = (PermissionsBoundary: string) =>
      root.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary }))
    await refused(
      put(missing),
      'NoSuchEntityException',
      `Scope ARN: ${missing} does not exist or is not attachable.`,
      404,
    )
    const user = `arn:aws:iam::${server.account}:user/x`
    // unverified wording
    await refused(put(user), 'InvalidInputException', `ARN ${user} is not valid.`, 400)
    await refused(
      root.send(new CreateUserCommand({ UserName: newName('user'), PermissionsBoundary: missing })),
      'NoSuchEntityException',
      `Scope ARN: ${missing} does not exist or is not attachable.`,
      404,
    )
  })

  it('limit what the user may do', async () => {
    const { user, iam } = await clientWith(fixture, allow('*'))
    const other = newName('made')
    await root.send(
      new PutUserPermissionsBoundaryCommand({
        UserName: user,
        PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
      }),
    )
    await iam.send(new GetUserCommand({ UserName: user }))
    const [name, message, status] = await refusalOf(iam.send(new CreateUserCommand({ UserName: other })))
    assert.deepEqual([name, status], ['AccessDenied', 403])
    assert.match(message, /because no permissions boundary allows the iam:CreateUser action$/)
  })
})
