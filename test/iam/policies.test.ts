import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { allow, iamServer, makeRole, makeUser, newName, policy, refusalOf, refused } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture

interface Page {
  readonly MaxItems?: number
  readonly Marker?: string
}

/** The same commands for users and groups. */
const kinds = [
  {
    kind: 'user',
    inlineLimit: 2048,
    make: () => makeUser(fixture),
    put: (iam: IAMClient, UserName: string, PolicyName: string, PolicyDocument: string) =>
      iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument })),
    get: (iam: IAMClient, UserName: string, PolicyName: string) =>
      iam.send(new GetUserPolicyCommand({ UserName, PolicyName })),
    list: (iam: IAMClient, UserName: string, page: Page = {}) =>
      iam.send(new ListUserPoliciesCommand({ UserName, ...page })),
    remove: (iam: IAMClient, UserName: string, PolicyName: string) =>
      iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName })),
    attach: (iam: IAMClient, UserName: string, PolicyArn: string) =>
      iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn })),
    detach: (iam: IAMClient, UserName: string, PolicyArn: string) =>
      iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })),
    attached: (iam: IAMClient, UserName: string, page: Page & { readonly PathPrefix?: string } = {}) =>
      iam.send(new ListAttachedUserPoliciesCommand({ UserName, ...page })),
  },
  {
    kind: 'group',
    inlineLimit: 5120,
    make: async () => {
      const GroupName = newName('group')
      await root.send(new CreateGroupCommand({ GroupName }))
      return GroupName
    },
    put: (iam: IAMClient, GroupName: string, PolicyName: string, PolicyDocument: string) =>
      iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument })),
    get: (iam: IAMClient, GroupName: string, PolicyName: string) =>
      iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName })),
    list: (iam: IAMClient, GroupName: string, page: Page = {}) =>
      iam.send(new ListGroupPoliciesCommand({ GroupName, ...page })),
    remove: (iam: IAMClient, GroupName: string, PolicyName: string) =>
      iam.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName })),
    attach: (iam: IAMClient, GroupName: string, PolicyArn: string) =>
      iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn })),
    detach: (iam: IAMClient, GroupName: string, PolicyArn: string) =>
      iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn })),
    attached: (iam: IAMClient, GroupName: string, page: Page & { readonly PathPrefix?: string } = {}) =>
      iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, ...page })),
  },
  {
    kind: 'role',
    inlineLimit: 10_240,
    make: () => makeRole(fixture),
    put: (iam: IAMClient, RoleName: string, PolicyName: string, PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
    get: (iam: IAMClient, RoleName: string, PolicyName: string) =>
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
    list: (iam: IAMClient, RoleName: string, page: Page = {}) =>
      iam.send(new ListRolePoliciesCommand({ RoleName, ...page })),
    remove: (iam: IAMClient, RoleName: string, PolicyName: string) =>
      iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
    attach: (iam: IAMClient, RoleName: string, PolicyArn: string) =>
      iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    detach: (iam: IAMClient, RoleName: string, PolicyArn: string) =>
      iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
    attached: (iam: IAMClient, RoleName: string, page: Page & { readonly PathPrefix?: string } = {}) =>
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName, ...page })),
  },
] as const

for (const { kind, inlineLimit, make, put, get, list, remove, attach, detach, attached } of kinds) {
  describe(`inline policies of a ${kind}`, () => {
    it('are answered percent-encoded, as they were put', async () => {
      const name = await make()
      const document = `{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Allow", "Action": "kms:List*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalTag/a": "!'()~é"}}}]\n}`
      await put(root, name, 'first', document)
      const answer = await get(root, name, 'first')
      const { UserName, GroupName, RoleName } = { UserName: '', GroupName: '', RoleName: '', ...answer }
      assert.equal(UserName || GroupName || RoleName, name)
      assert.equal(answer.PolicyName, 'first')
      assert.equal(
        answer.PolicyDocument,
        '%7B%0A%20%20%22Version%22%3A%20%222012-10-17%22%2C%0A%20%20%22Statement%22%3A%20%5B%7B%22Effect%22%3A%20%22Allow%22%2C%20' +
          '%22Action%22%3A%20%22kms%3AList%2A%22%2C%20%22Resource%22%3A%20%22%2A%22%2C%20%22Condition%22%3A%20%7B%22StringLike%22%3A%20' +
          '%7B%22aws%3APrincipalTag%2Fa%22%3A%20%22%21%27%28%29~%C3%A9%22%7D%7D%7D%5D%0A%7D',
      )
    })

    it('are replaced by name and removed', async () => {
      const name = await make()
      await put(root, name, 'b', policy(allow('kms:A*')))
      await put(root, name, 'a', policy(allow('kms:B*')))
      await put(root, name, 'b', policy(allow('kms:C*')))
      assert.deepEqual((await list(root, name)).PolicyNames, ['a', 'b'])
      assert.match((await get(root, name, 'b')).PolicyDocument ?? '', /C%2A/)
      await remove(root, name, 'a')
      assert.deepEqual((await list(root, name)).PolicyNames, ['b'])
      const message = `The ${kind} policy with name a cannot be found.`
      await refused(remove(root, name, 'a'), 'NoSuchEntityException', message, 404)
      await refused(get(root, name, 'a'), 'NoSuchEntityException', message, 404)
    })

    it('are listed page by page', async () => {
      const name = await make()
      for (const policyName of ['c', 'a', 'b']) await put(root, name, policyName, policy(allow('kms:A*')))
      const first = await list(root, name, { MaxItems: 2 })
      assert.ok(first.Marker !== undefined)
      const second = await list(root, name, { MaxItems: 2, Marker: first.Marker })
      assert.deepEqual([first.PolicyNames, second.PolicyNames, second.IsTruncated], [['a', 'b'], ['c'], false])
    })

    it('must be identity policies', async () => {
      const name = await make()
      const principal = { ...allow('kms:*'), Principal: '*' }
      for (const document of ['{', '{}', policy(principal), policy({ Effect: 'Allow', Resource: '*' })]) {
        const [code, , status] = await refusalOf(put(root, name, 'wrong', document))
        assert.deepEqual([code, status], ['MalformedPolicyDocumentException', 400])
      }
      assert.deepEqual((await list(root, name)).PolicyNames, [])
    })

    it(`are at most ${inlineLimit} characters together, white space aside`, async () => {
      const name = await make()
      const sized = (size: number) => {
        const empty = policy(allow('kms:*', ''))
        return policy(allow('kms:*', `arn:aws:kms:*:*:key/${'k'.repeat(size - empty.length - 20)}`))
      }
      await put(root, name, 'half', sized(1024))
      await put(root, name, 'rest', sized(inlineLimit - 1024).replaceAll('}', '   }\n'))
      const message = `Maximum policy size of ${inlineLimit} bytes exceeded for ${kind} ${name}`
      await refused(put(root, name, 'more', policy(allow('kms:*'))), 'LimitExceededException', message, 409)
      await put(root, name, 'rest', policy(allow('kms:*')))
    })

    it('cannot be put where nobody is', async () => {
      const message = `The ${kind} with name nobody cannot be found.`
      await refused(put(root, 'nobody', 'p', policy(allow('kms:*'))), 'NoSuchEntityException', message, 404)
    })
  })

  describe(`managed policies attached to a ${kind}`, () => {
    const shipped = (name: string): string => `arn:aws:iam::aws:policy/${name}`

    it('are attached once, listed and detached', async () => {
      const name = await make()
      await attach(root, name, shipped('ReadOnlyAccess'))
      await attach(root, name, shipped('AdministratorAccess'))
      await attach(root, name, shipped('ReadOnlyAccess'))
      const listed = async (page = {}) =>
        (await attached(root, name, page)).AttachedPolicies?.map(({ PolicyName, PolicyArn }) => [PolicyName, PolicyArn])
      assert.deepEqual(await listed(), [
        ['AdministratorAccess', 'arn:aws:iam::aws:policy/AdministratorAccess'],
        ['ReadOnlyAccess', 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
      ])
      assert.deepEqual(await listed({ PathPrefix: '/team/' }), [])
      const first = await attached(root, name, { MaxItems: 1 })
      assert.ok(first.IsTruncated === true && first.Marker !== undefined)
      assert.equal((await listed({ MaxItems: 1, Marker: first.Marker }))?.[0]?.[0], 'ReadOnlyAccess')
      await detach(root, name, shipped('ReadOnlyAccess'))
      const message = 'Policy arn:aws:iam::aws:policy/ReadOnlyAccess was not found.'
      await refused(detach(root, name, shipped('ReadOnlyAccess')), 'NoSuchEntityException', message, 404)
    })

    it('must exist in the account or in every account', async () => {
      const name = await make()
      for (const arn of [
        shipped('Nothing'),
        `arn:aws:iam::${server.account}:policy/none`,
        'arn:aws:iam::999988887777:policy/AdministratorAccess',
        'arn:aws-cn:iam::aws:policy/AdministratorAccess',
      ]) {
        const message = `Policy ${arn} does not exist or is not attachable.`
        await refused(attach(root, name, arn), 'NoSuchEntityException', message, 404)
      }
      for (const arn of ['AdministratorAccess-of-this-account', `arn:aws:iam::${server.account}:user/alice`]) {
        // unverified wording
        await refused(attach(root, name, arn), 'InvalidInputException', `ARN ${arn} is not valid.`, 400)
      }
    })
  })
}
