import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListUsersCommand,
  PutRolePermissionsBoundaryCommand,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
  type CreatePolicyCommandInput,
  type ListPoliciesCommandInput,
} from '@aws-sdk/client-iam'
import { allow, clientWith, iamServer, makeRole, makeUser, newName, policy, refused, refusalOf } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const { account } = server
const arnOf = (name: string, path = '/'): string => `arn:aws:iam::${account}:policy${path}${name}`
const shipped = (name: string): string => `arn:aws:iam::aws:policy/${name}`
const notFound = (arn: string): string => `Policy ${arn} was not found.`

async function makePolicy(
  document = policy(allow('kms:List*')),
  more: Partial<CreatePolicyCommandInput> = {},
): Promise<string> {
  const input = { PolicyName: newName('policy'), PolicyDocument: document, ...more }
  const { Policy } = await root.send(new CreatePolicyCommand(input))
  return Policy?.Arn ?? assert.fail('no ARN')
}

const addVersion = (PolicyArn: string, action: string, SetAsDefault?: boolean) =>
  root.send(
    new CreatePolicyVersionCommand({
      PolicyArn,
      PolicyDocument: policy(allow(action)),
      ...(SetAsDefault === undefined ? {} : { SetAsDefault }),
    }),
  )

describe('CreatePolicy', () => {
  it('makes a policy with its first version', async () => {
    const PolicyName = newName('made')
    const { Policy } = await root.send(
      new CreatePolicyCommand({
        PolicyName,
        Path: '/team/a/',
        PolicyDocument: policy(allow('kms:List*')),
        Description: 'Lists keys.',
        Tags: [{ Key: 'team', Value: 'a' }],
      }),
    )
    const Arn = arnOf(PolicyName, '/team/a/')
    assert.match(Policy?.PolicyId ?? '', /^ANPA[A-Z2-7]{17}$/)
    assert.deepEqual(
      [Policy?.Arn, Policy?.Path, Policy?.DefaultVersionId, Policy?.AttachmentCount, Policy?.IsAttachable],
      [Arn, '/team/a/', 'v1', 0, true],
    )
    assert.deepEqual((await root.send(new GetPolicyCommand({ PolicyArn: Arn }))).Policy, Policy)
    assert.deepEqual([Policy?.Description, Policy?.Tags], ['Lists keys.', [{ Key: 'team', Value: 'a' }]])
    const version = await root.send(new GetPolicyVersionCommand({ PolicyArn: Arn, VersionId: 'v1' }))
    assert.equal(decodeURIComponent(version.PolicyVersion?.Document ?? ''), policy(allow('kms:List*')))
    assert.equal(version.PolicyVersion?.IsDefaultVersion, true)
  })

  it('takes names once, whatever their case and path', async () => {
    const arn = await makePolicy()
    const name = (arn.split('/').at(-1) ?? '').toUpperCase()
    const again = new CreatePolicyCommand({ PolicyName: name, Path: '/x/', PolicyDocument: policy(allow('kms:*')) })
    const message = `A policy called ${name} already exists. Duplicate names are not allowed.`
    await refused(root.send(again), 'EntityAlreadyExistsException', message, 409)
  })

  it('takes identity policies of at most 6144 characters, white space aside', async () => {
    const sized = (size: number): string => {
      const empty = policy(allow('kms:*', ''))
      return policy(allow('kms:*', `arn:aws:kms:*:*:key/${'k'.repeat(size - empty.length - 20)}`))
    }
    await makePolicy(`${sized(6144)}\n  `)
    const larger = makePolicy(sized(6145))
    await refused(larger, 'LimitExceededException', 'Cannot exceed quota for PolicySize: 6144', 409)
    for (const text of ['{', '{}', policy({ ...allow('kms:*'), Principal: '*' })]) {
      const [code, , status] = await refusalOf(makePolicy(text))
      assert.deepEqual([code, status], ['MalformedPolicyDocumentException', 400])
    }
  })
})

describe('a managed policy', () => {
  it('has five versions at most, the newest first in the list', async () => {
    const PolicyArn = await makePolicy()
    for (const action of ['kms:A', 'kms:B', 'kms:C', 'kms:D']) await addVersion(PolicyArn, action)
    await refused(
      addVersion(PolicyArn, 'kms:E'),
      'LimitExceededException',
      'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
      409,
    )
    const list = (page: object) => root.send(new ListPolicyVersionsCommand({ PolicyArn, ...page }))
    const first = await list({ MaxItems: 3 })
    const second = await list({ MaxItems: 3, Marker: first.Marker })
    assert.deepEqual(
      [...(first.Versions ?? []), ...(second.Versions ?? [])].map((each) => [each.VersionId, each.IsDefaultVersion]),
      [
        ['v5', false],
        ['v4', false],
        ['v3', false],
        ['v2', false],
        ['v1', true],
      ],
    )
    await root.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v5' }))
    assert.equal((await addVersion(PolicyArn, 'kms:F')).PolicyVersion?.VersionId, 'v6')
  })

  it('decides by its default version', async () => {
    const PolicyArn = await makePolicy(policy(allow('iam:GetUser')))
    const { iam, user } = await clientWith(fixture)
    await root.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn }))
    const may = () =>
      iam.send(new ListUsersCommand({ MaxItems: 1 })).then(
        () => true,
        () => false,
      )
    assert.equal(await may(), false)
    await addVersion(PolicyArn, 'iam:ListUsers')
    assert.equal(await may(), false)
    await root.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
    assert.equal(await may(), true)
    await addVersion(PolicyArn, 'iam:GetUser', true)
    assert.equal(await may(), false)
  })

  it('keeps its default version', async () => {
    const PolicyArn = await makePolicy()
    const remove = root.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v1' }))
    await refused(remove, 'DeleteConflictException', 'Cannot delete the default version of a policy.', 409)
    for (const command of [
      new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v9' }),
      new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v9' }),
    ]) {
      // unverified wording
      const message = `Policy ${PolicyArn} version v9 does not exist or is not attachable.`
      const sent = command instanceof DeletePolicyVersionCommand ? root.send(command) : root.send(command)
      await refused(sent, 'NoSuchEntityException', message, 404)
    }
  })

  it('has tags', async () => {
    const PolicyArn = await makePolicy()
    await root.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: 'a', Value: '1' }] }))
    await root.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: 'b', Value: '2' }] }))
    await root.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ['A'] }))
    assert.deepEqual((await root.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags, [{ Key: 'b', Value: '2' }])
  })

  it('is deleted when nobody uses it and it has one version', async () => {
    const PolicyArn = await makePolicy()
    const UserName = await makeUser(fixture)
    const RoleName = await makeRole(fixture)
    const remove = () => root.send(new DeletePolicyCommand({ PolicyArn }))
    const attached = 'Cannot delete a policy attached to entities.'
    await root.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))
    await refused(remove(), 'DeleteConflictException', attached, 409)
    await root.send(new DetachUserPolicyCommand({ UserName, PolicyArn }))
    await root.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn }))
    await refused(remove(), 'DeleteConflictException', attached, 409)
    await root.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: shipped('ReadOnlyAccess') }))
    await addVersion(PolicyArn, 'kms:A')
    const versions =
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
      'The default version is deleted with the policy.'
    await refused(remove(), 'DeleteConflictException', versions, 409)
    await root.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
    await remove()
    await refused(remove(), 'NoSuchEntityException', notFound(PolicyArn), 404)
  })

  it('is not deleted while it is being attached', async () => {
    const users = await Promise.all([1, 2, 3].map(() => makeUser(fixture)))
    const PolicyArn = await makePolicy()
    const [removed, ...attached] = await Promise.allSettled([
      root.send(new DeletePolicyCommand({ PolicyArn })),
      ...users.map((UserName) => root.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))),
    ])
    const holders = attached.filter(({ status }) => status === 'fulfilled').length
    if (removed.status === 'fulfilled') assert.equal(holders, 0)
    else {
      assert.ok(holders > 0)
      const { Policy } = await root.send(new GetPolicyCommand({ PolicyArn }))
      assert.equal(Policy?.AttachmentCount, holders)
    }
  })

  it('is named by an ARN of a policy', async () => {
    for (const PolicyArn of ['AdministratorAccess-of-this', `arn:aws:iam::${account}:user/alice`]) {
      // unverified wording
      const message = `ARN ${PolicyArn} is not valid.`
      await refused(root.send(new GetPolicyCommand({ PolicyArn })), 'InvalidInputException', message, 400)
    }
    for (const arn of [arnOf('none'), arnOf('x', '/y/'), 'arn:aws:iam::999988887777:policy/p']) {
      await refused(root.send(new GetPolicyCommand({ PolicyArn: arn })), 'NoSuchEntityException', notFound(arn), 404)
    }
  })
})

describe('a policy that every account has', () => {
  it('is read like any other', async () => {
    const PolicyArn = shipped('AdministratorAccess')
    const { Policy } = await root.send(new GetPolicyCommand({ PolicyArn }))
    assert.deepEqual([Policy?.PolicyName, Policy?.DefaultVersionId], ['AdministratorAccess', 'v1'])
    const { PolicyVersion } = await root.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }))
    assert.match(decodeURIComponent(PolicyVersion?.Document ?? ''), /"Action": "\*"/)
  })

  it('is changed by nobody', async () => {
    const PolicyArn = shipped('AdministratorAccess')
    // unverified wording
    const message = (action: string): string =>
      `User: arn:aws:iam::${account}:root is not authorized to perform: iam:${action} on resource: policy ${PolicyArn}`
    await refused(root.send(new DeletePolicyCommand({ PolicyArn })), 'AccessDenied', message('DeletePolicy'), 403)
    const version = addVersion(PolicyArn, 'kms:*')
    await refused(version, 'AccessDenied', message('CreatePolicyVersion'), 403)
    const tags = root.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: 'a', Value: 'b' }] }))
    await refused(tags, 'AccessDenied', message('TagPolicy'), 403)
  })
})

describe('ListPolicies', () => {
  const names = async (filter: ListPoliciesCommandInput): Promise<readonly string[]> => {
    const { Policies = [] } = await root.send(new ListPoliciesCommand(filter))
    return Policies.map(({ PolicyName = '' }) => PolicyName)
  }

  it('filters by scope, path and use', async () => {
    const Path = `/${newName('scope')}/`
    const make = (PolicyName: string) => makePolicy(undefined, { PolicyName, Path })
    const [one, two, three] = [newName('z'), newName('y'), newName('x')]
    const arn = await make(one)
    const limit = await make(two)
    await make(three)
    const RoleName = await makeRole(fixture)
    await root.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: arn }))
    await root.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: limit }))
    assert.deepEqual(await names({ PathPrefix: Path }), [three, two, one])
    assert.deepEqual(await names({ PathPrefix: Path, OnlyAttached: true }), [two, one])
    assert.deepEqual(await names({ PathPrefix: Path, PolicyUsageFilter: 'PermissionsPolicy' }), [one])
    assert.deepEqual(await names({ PathPrefix: Path, PolicyUsageFilter: 'PermissionsBoundary' }), [two])
    assert.deepEqual(await names({ PathPrefix: Path, Scope: 'AWS' }), [])
    assert.deepEqual(await names({ Scope: 'AWS' }), [
      'AdministratorAccess',
      'AWSKeyManagementServicePowerUser',
      'ReadOnlyAccess',
      'SecurityAudit',
    ])
    assert.equal((await names({ Scope: 'Local' })).includes('ReadOnlyAccess'), false)
  })

  it('lists page by page', async () => {
    const all = await names({})
    const paged: string[] = []
    for (let Marker: string | undefined; ;) {
      const page = await root.send(
        new ListPoliciesCommand({ MaxItems: 3, ...(Marker === undefined ? {} : { Marker }) }),
      )
      paged.push(...(page.Policies ?? []).map(({ PolicyName = '' }) => PolicyName))
      if (page.IsTruncated !== true) break
      Marker = page.Marker
    }
    assert.deepEqual(paged, all)
  })
})

describe('ListEntitiesForPolicy', () => {
  it('lists groups, roles and users, page by page', async () => {
    const PolicyArn = await makePolicy()
    const UserName = await makeUser(fixture)
    const RoleName = await makeRole(fixture)
    const limited = await makeRole(fixture)
    const GroupName = newName('group')
    await root.send(new CreateGroupCommand({ GroupName }))
    await root.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))
    await root.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
    await root.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }))
    await root.send(new PutRolePermissionsBoundaryCommand({ RoleName: limited, PermissionsBoundary: PolicyArn }))
    const list = async (more: object) => {
      const page = await root.send(new ListEntitiesForPolicyCommand({ PolicyArn, ...more }))
      return [
        page.PolicyGroups?.map((each) => each.GroupName),
        page.PolicyRoles?.map((each) => each.RoleName),
        page.PolicyUsers?.map((each) => each.UserName),
        page.Marker,
      ] as const
    }
    assert.deepEqual(await list({}), [[GroupName], [RoleName, limited], [UserName], undefined])
    assert.deepEqual(await list({ EntityFilter: 'User' }), [[], [], [UserName], undefined])
    assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsBoundary' }), [[], [limited], [], undefined])
    const [groups, roles, users, Marker] = await list({ MaxItems: 2 })
    assert.deepEqual([groups, roles, users], [[GroupName], [RoleName], []])
    assert.deepEqual(await list({ MaxItems: 2, Marker }), [[], [limited], [UserName], undefined])
    const { Policy } = await root.send(new GetPolicyCommand({ PolicyArn }))
    assert.deepEqual([Policy?.AttachmentCount, Policy?.PermissionsBoundaryUsageCount], [3, 1])
  })
})
