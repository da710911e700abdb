import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  GetAccountAuthorizationDetailsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  TagRoleCommand,
  type GetAccountAuthorizationDetailsResponse,
} from '@aws-sdk/client-iam'
import { allow, clientWith, iamServer, makeRole, makeUser, newName, policy, refused, trust } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const { account } = server
const document = policy(allow('kms:List*'))

const user = await makeUser(fixture)
const group = newName('group')
const role = await makeRole(fixture)
await root.send(new CreateGroupCommand({ GroupName: group }))
await root.send(new AddUserToGroupCommand({ GroupName: group, UserName: user }))
const made = await root.send(new CreatePolicyCommand({ PolicyName: newName('policy'), PolicyDocument: document }))
const PolicyArn = made.Policy?.Arn ?? assert.fail()
const PolicyName = made.Policy?.PolicyName ?? assert.fail()
const second = policy(allow('kms:Get*'))
await root.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: second, SetAsDefault: true }))
await root.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn }))
await root.send(new AttachGroupPolicyCommand({ GroupName: group, PolicyArn }))
await root.send(new PutUserPolicyCommand({ UserName: user, PolicyName: 'inline', PolicyDocument: document }))
await root.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'inline', PolicyDocument: document }))
await root.send(new PutRolePermissionsBoundaryCommand({ RoleName: role, PermissionsBoundary: PolicyArn }))
await root.send(new TagRoleCommand({ RoleName: role, Tags: [{ Key: 'a', Value: 'b' }] }))

const details = (input: ConstructorParameters<typeof GetAccountAuthorizationDetailsCommand>[0] = {}) =>
  root.send(new GetAccountAuthorizationDetailsCommand(input))
const attached = [{ PolicyName, PolicyArn }]
const inline = [{ PolicyName: 'inline', PolicyDocument: encodeURIComponent(document).replaceAll('*', '%2A') }]

describe('GetAccountAuthorizationDetails', () => {
  it('shows all that decides on requests', async () => {
    const { UserDetailList, GroupDetailList, RoleDetailList, Policies, IsTruncated } = await details()
    assert.equal(IsTruncated, false)
    const userDetail = UserDetailList?.find(({ UserName }) => UserName === user)
    assert.deepEqual(
      [userDetail?.UserPolicyList, userDetail?.GroupList, userDetail?.AttachedManagedPolicies],
      [inline, [group], attached],
    )
    const groupDetail = GroupDetailList?.find(({ GroupName }) => GroupName === group)
    assert.deepEqual([groupDetail?.GroupPolicyList, groupDetail?.AttachedManagedPolicies], [[], attached])
    const roleDetail = RoleDetailList?.find(({ RoleName }) => RoleName === role)
    assert.deepEqual(
      [
        roleDetail?.RolePolicyList,
        roleDetail?.InstanceProfileList,
        roleDetail?.PermissionsBoundary?.PermissionsBoundaryArn,
        roleDetail?.Tags,
        decodeURIComponent(roleDetail?.AssumeRolePolicyDocument ?? ''),
      ],
      [inline, [], PolicyArn, [{ Key: 'a', Value: 'b' }], trust(`arn:aws:iam::${account}:root`)],
    )
    const policyDetail = Policies?.find(({ Arn }) => Arn === PolicyArn)
    assert.deepEqual(
      [policyDetail?.AttachmentCount, policyDetail?.PermissionsBoundaryUsageCount, policyDetail?.DefaultVersionId],
      [2, 1, 'v2'],
    )
    assert.deepEqual(
      policyDetail?.PolicyVersionList?.map((version) => [
        version.VersionId,
        version.IsDefaultVersion,
        decodeURIComponent(version.Document ?? ''),
      ]),
      [
        ['v2', true, second],
        ['v1', false, document],
      ],
    )
  })

  it('shows kinds alone', async () => {
    const counts = (found: GetAccountAuthorizationDetailsResponse): readonly boolean[] =>
      [found.UserDetailList, found.GroupDetailList, found.RoleDetailList, found.Policies].map(
        (listed) => (listed ?? []).length > 0,
      )
    assert.deepEqual(counts(await details({ Filter: ['User', 'Role'] })), [true, false, true, false])
    assert.deepEqual(counts(await details({ Filter: ['Group'] })), [false, true, false, false])
    const local = await details({ Filter: ['LocalManagedPolicy'] })
    assert.deepEqual(
      local.Policies?.map((each) => each.PolicyName),
      [PolicyName],
    )
    const { Policies: shipped } = await details({ Filter: ['AWSManagedPolicy'] })
    assert.ok(shipped?.every(({ Arn }) => Arn?.startsWith('arn:aws:iam::aws:policy/')))
  })

  it('shows everything once, page by page', async () => {
    const names = (found: GetAccountAuthorizationDetailsResponse): readonly unknown[] => [
      ...(found.UserDetailList ?? []).map(({ Arn }) => Arn),
      ...(found.GroupDetailList ?? []).map(({ Arn }) => Arn),
      ...(found.RoleDetailList ?? []).map(({ Arn }) => Arn),
      ...(found.Policies ?? []).map(({ Arn }) => Arn),
    ]
    const all = names(await details())
    const paged: unknown[] = []
    for (let Marker: string | undefined; ;) {
      const page = await details({ MaxItems: 2, ...(Marker === undefined ? {} : { Marker }) })
      assert.ok(names(page).length <= 2)
      paged.push(...names(page))
      if (page.IsTruncated !== true) break
      Marker = page.Marker
    }
    assert.deepEqual(paged.toSorted(), all.toSorted())
  })

  it('is for those who may see everything', async () => {
    const { iam, user: caller } = await clientWith(fixture, allow('iam:GetUser'))
    await refused(
      iam.send(new GetAccountAuthorizationDetailsCommand({})),
      'AccessDenied',
      `User: arn:aws:iam::${account}:user/${caller} is not authorized to perform: iam:GetAccountAuthorizationDetails ` +
        'on resource: * because no identity-based policy allows the iam:GetAccountAuthorizationDetails action',
      403,
    )
  })
})
