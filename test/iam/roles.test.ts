import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam'
import {
  allow,
  clientWith,
  iamServer,
  makeRole,
  makeUser,
  newName,
  policy,
  refused,
  refusalOf,
  trust,
} from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const { account } = server
const roleArn = (path: string, name: string): string => `arn:aws:iam::${account}:role${path}${name}`
const userArn = (name: string): string => `arn:aws:iam::${account}:user/${name}`
const nobody = 'The role with name nobody cannot be found.'

const trustOf = async (RoleName: string): Promise<string> => {
  const { Role } = await root.send(new GetRoleCommand({ RoleName }))
  return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')
}

describe('CreateRole', () => {
  it('makes a role with all that was asked for', async () => {
    const RoleName = newName('made')
    const { Role } = await root.send(
      new CreateRoleCommand({
        RoleName,
        Path: '/team/',
        AssumeRolePolicyDocument: trust(account),
        Description: 'Says what it is for.',
        MaxSessionDuration: 7200,
        PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
        Tags: [{ Key: 'team', Value: 'a' }],
      }),
    )
    assert.match(Role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/)
    assert.equal(Role?.Arn, roleArn('/team/', RoleName))
    const { Role: read } = await root.send(new GetRoleCommand({ RoleName }))
    assert.deepEqual(read, Role)
    assert.deepEqual(
      [read.Path, read.Description, read.MaxSessionDuration, read.Tags, read.PermissionsBoundary],
      [
        '/team/',
        'Says what it is for.',
        7200,
        [{ Key: 'team', Value: 'a' }],
        { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
      ],
    )
  })

  it('takes names once, whatever their case and path', async () => {
    const name = await makeRole(fixture)
    const again = { RoleName: name.toUpperCase(), Path: '/other/', AssumeRolePolicyDocument: trust(account) }
    const message = `Role with name ${name.toUpperCase()} already exists.`
    await refused(root.send(new CreateRoleCommand(again)), 'EntityAlreadyExistsException', message, 409)
  })

  it('makes one role of many at the same time', async () => {
    const RoleName = newName('race')
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, () =>
        root.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(account) })),
      ),
    )
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const each of made) if (each.status === 'rejected') assert.match(String(each.reason), /EntityAlreadyExists/)
  })

  it('wants a boundary that exists', async () => {
    const arn = `arn:aws:iam::${account}:policy/none`
    const create = new CreateRoleCommand({
      RoleName: newName('unbounded'),
      AssumeRolePolicyDocument: trust(account),
      PermissionsBoundary: arn,
    })
    const message = `Scope ARN: ${arn} does not exist or is not attachable.`
    await refused(root.send(create), 'NoSuchEntityException', message, 404)
  })

  it('needs the permission to tag for tags', async () => {
    const { iam, user } = await clientWith(fixture, allow('iam:CreateRole'))
    const RoleName = newName('tagged')
    const input = { RoleName, AssumeRolePolicyDocument: trust(account) }
    await refused(
      iam.send(new CreateRoleCommand({ ...input, Tags: [{ Key: 'a', Value: 'b' }] })),
      'AccessDenied',
      `User: ${userArn(user)} is not authorized to perform: iam:TagRole on resource: ${roleArn('/', RoleName)} ` +
        'because no identity-based policy allows the iam:TagRole action',
      403,
    )
    await iam.send(new CreateRoleCommand(input))
  })
})

describe('the trust policy of a role', () => {
  it('is answered with the names of today, otherwise as it was put', async () => {
    const user = await makeUser(fixture)
    const text = `{ "Version": "2012-10-17",\n  "Statement": {"Effect":"Allow","Principal":{"AWS":["${userArn(user)}","${account}"]},"Action":"sts:AssumeRole"}}`
    const name = await makeRole(fixture, text)
    assert.equal(await trustOf(name), text.replace(`"${account}"`, `"arn:aws:iam::${account}:root"`))
  })

  it('shows the id of who was deleted, also when a namesake is made', async () => {
    const user = await makeUser(fixture)
    const name = await makeRole(fixture, trust(userArn(user)))
    await root.send(new DeleteUserCommand({ UserName: user }))
    assert.match(await trustOf(name), /"AIDA[A-Z2-7]{17}"/)
  })

  it('is replaced', async () => {
    const name = await makeRole(fixture)
    const update = { RoleName: name, PolicyDocument: trust('*') }
    await root.send(new UpdateAssumeRolePolicyCommand(update))
    assert.equal(await trustOf(name), trust('*'))
    const missing = root.send(new UpdateAssumeRolePolicyCommand({ ...update, RoleName: 'nobody' }))
    await refused(missing, 'NoSuchEntityException', nobody, 404)
  })

  it('must be one, with principals that exist', async () => {
    const name = await makeRole(fixture)
    const stranger = `arn:aws:iam::${account}:user/nobody`
    const document = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    // unverified wordings
    for (const [text, message] of [
      ['{', 'This policy contains invalid Json'],
      [trust(stranger), `Invalid principal in policy: "AWS":"${stranger}"`],
      [document({ Effect: 'Allow', Action: 'sts:AssumeRole' }), 'Missing required field Principal'],
      [
        document({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*' }),
        'AssumeRole policy may only specify STS AssumeRole actions.',
      ],
    ] as const) {
      const update = new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: text })
      await refused(root.send(update), 'MalformedPolicyDocumentException', message, 400)
    }
    assert.equal(await trustOf(name), trust(`arn:aws:iam::${account}:root`))
  })

  it('is at most 2048 characters, white space aside', async () => {
    const name = await makeRole(fixture)
    const sized = (size: number): string => {
      const sid = (length: number): string =>
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Sid: 's'.repeat(length), Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
        })
      return sid(size - sid(0).length)
    }
    await root.send(new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: `${sized(2048)}\n   ` }))
    const message = 'Cannot exceed quota for ACLSizePerRole: 2048'
    const larger = new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: sized(2049) })
    await refused(root.send(larger), 'LimitExceededException', message, 409)
  })
})

describe('ListRoles', () => {
  it('lists page by page below a path, without boundaries and tags', async () => {
    const path = `/${newName('path')}/`
    const names = ['c', 'A', 'b'].map((letter) => newName(letter))
    for (const RoleName of names) {
      await root.send(
        new CreateRoleCommand({
          RoleName,
          Path: path,
          AssumeRolePolicyDocument: trust(account),
          Tags: [{ Key: 'a', Value: 'b' }],
        }),
      )
    }
    const first = await root.send(new ListRolesCommand({ PathPrefix: path, MaxItems: 2 }))
    assert.equal(first.IsTruncated, true)
    const second = await root.send(new ListRolesCommand({ PathPrefix: path, MaxItems: 2, Marker: first.Marker }))
    assert.equal(second.IsTruncated, false)
    const roles = [...(first.Roles ?? []), ...(second.Roles ?? [])]
    assert.deepEqual(
      roles.map(({ RoleName }) => RoleName),
      [names[1], names[2], names[0]],
    )
    assert.deepEqual(
      roles.map(({ Tags, MaxSessionDuration }) => [Tags, MaxSessionDuration]),
      [1, 2, 3].map(() => [undefined, 3600]),
    )
    assert.ok(roles.every(({ AssumeRolePolicyDocument }) => AssumeRolePolicyDocument?.startsWith('%7B')))
    const other = new ListRolesCommand({ PathPrefix: '/', Marker: first.Marker })
    // unverified wording
    await refused(root.send(other), 'ValidationError', 'Invalid Marker.', 400)
  })
})

describe('a role', () => {
  it('is changed in what is sent', async () => {
    const RoleName = await makeRole(fixture)
    await root.send(new UpdateRoleCommand({ RoleName, Description: 'one' }))
    await root.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43_200 }))
    const { Role } = await root.send(new GetRoleCommand({ RoleName }))
    assert.deepEqual([Role?.Description, Role?.MaxSessionDuration], ['one', 43_200])
    const described = await root.send(new UpdateRoleDescriptionCommand({ RoleName, Description: 'two' }))
    assert.equal(described.Role?.Description, 'two')
    const [code] = await refusalOf(root.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43_201 })))
    assert.equal(code, 'ValidationError')
    await refused(root.send(new UpdateRoleCommand({ RoleName: 'nobody' })), 'NoSuchEntityException', nobody, 404)
  })

  it('has tags', async () => {
    const RoleName = await makeRole(fixture)
    const tags = async () => (await root.send(new ListRoleTagsCommand({ RoleName }))).Tags
    await root.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: 'b', Value: '1' },
          { Key: 'a', Value: '2' },
        ],
      }),
    )
    await root.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'b', Value: '3' }] }))
    assert.deepEqual(await tags(), [
      { Key: 'a', Value: '2' },
      { Key: 'b', Value: '3' },
    ])
    await root.send(new UntagRoleCommand({ RoleName, TagKeys: ['a', 'other'] }))
    assert.deepEqual(await tags(), [{ Key: 'b', Value: '3' }])
  })

  it('has a boundary until it is taken away', async () => {
    const RoleName = await makeRole(fixture)
    const boundary = async () => (await root.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary
    const PermissionsBoundary = 'arn:aws:iam::aws:policy/SecurityAudit'
    await root.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }))
    assert.equal((await boundary())?.PermissionsBoundaryArn, PermissionsBoundary)
    await root.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
    assert.equal(await boundary(), undefined)
  })

  it('is in no instance profiles', async () => {
    const RoleName = await makeRole(fixture)
    const { InstanceProfiles, IsTruncated } = await root.send(new ListInstanceProfilesForRoleCommand({ RoleName }))
    assert.deepEqual([InstanceProfiles, IsTruncated], [[], false])
    const missing = root.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'nobody' }))
    await refused(missing, 'NoSuchEntityException', nobody, 404)
  })

  it('is deleted when it has no policies', async () => {
    const RoleName = await makeRole(fixture)
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    await root.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
    const PolicyDocument = policy(allow('kms:List*'))
    await root.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }))
    const remove = () => root.send(new DeleteRoleCommand({ RoleName }))
    const attached = 'Cannot delete entity, must detach all policies first.'
    await refused(remove(), 'DeleteConflictException', attached, 409)
    await root.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))
    await refused(remove(), 'DeleteConflictException', 'Cannot delete entity, must delete policies first.', 409)
    await root.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }))
    await remove()
    await refused(remove(), 'NoSuchEntityException', `The role with name ${RoleName} cannot be found.`, 404)
  })

  it('is told of to nobody who may not ask', async () => {
    const { iam, user } = await clientWith(fixture, allow('kms:*'))
    await refused(
      iam.send(new GetRoleCommand({ RoleName: 'nobody' })),
      'AccessDenied',
      `User: ${userArn(user)} is not authorized to perform: iam:GetRole on resource: ${roleArn('/', 'nobody')} ` +
        'because no identity-based policy allows the iam:GetRole action',
      403,
    )
  })
})
