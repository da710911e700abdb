/** GetAccountAuthorizationDetails: all users, groups, roles and managed policies with all that decides, kind by kind. */
import { list, optional } from '#aws/shape.ts'
import { partitionOf } from '#base/arn.ts'
import { awsManagedPolicies } from '#policy/aws-managed-policies.ts'
import {
  GroupDetail,
  groupDetails,
  ManagedPolicyDetail,
  policyDetails,
  RoleDetail,
  roleDetails,
  UserDetail,
  userDetails,
} from '../entity/authorization-details.ts'
import { policyUse } from '../entity/policy-use.ts'
import { shippedPolicy } from '../entity/policy.ts'
import { accountWide, entityArn, everyEntity } from '../entity/target.ts'
import { EntityType, pageEnd, pageRequest } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

export const GetAccountAuthorizationDetails = readOperation({
  name: 'GetAccountAuthorizationDetails',
  input: { Filter: optional(list(EntityType)), ...pageRequest },
  output: {
    UserDetailList: optional(list(UserDetail)),
    GroupDetailList: optional(list(GroupDetail)),
    RoleDetailList: optional(list(RoleDetail)),
    Policies: optional(list(ManagedPolicyDetail)),
    ...pageEnd,
  },
  targets: { account: accountWide('iam:GetAccountAuthorizationDetails') },
  errors: ['ServiceFailureException'],
  async handle({ targets, facts, ports }, input) {
    const { account } = targets.account
    const { Filter = [] } = input
    const wants = (kind: (typeof EntityType.values)[number]): boolean => Filter.length === 0 || Filter.includes(kind)
    const groups = await everyEntity('group', account, ports)
    const users = wants('User') ? await everyEntity('user', account, ports) : []
    const roles = wants('Role') ? await everyEntity('role', account, ports) : []
    const stored = wants('LocalManagedPolicy') ? await everyEntity('policy', account, ports) : []
    const shipped = wants('AWSManagedPolicy') ? awsManagedPolicies : []
    const partition = partitionOf(facts.region)
    const [page, end] = pageOf(
      { operation: 'GetAccountAuthorizationDetails', of: [account.account, ...Filter.toSorted()] },
      input,
      [
        ...users,
        ...(wants('Group') ? groups : []),
        ...roles,
        ...stored.map((record) => ({ ...record, arn: entityArn(record, facts) })),
        ...shipped.map((policy) => ({ ...shippedPolicy(partition, policy), kind: 'shipped policy' as const })),
      ],
      ({ kind, name }) => `${kind} ${name.toLowerCase()}`,
    )
    const groupNames = new Map(groups.map(({ id, name }) => [id, name]))
    const policies = page.filter((item) => item.kind === 'policy' || item.kind === 'shipped policy')
    const use = policies.length === 0 ? undefined : await policyUse(account, ports)
    const roleList = page.filter((item) => item.kind === 'role')
    return {
      UserDetailList: page.filter((item) => item.kind === 'user').map((user) => userDetails(user, groupNames, facts)),
      GroupDetailList: page.filter((item) => item.kind === 'group').map((group) => groupDetails(group, facts)),
      RoleDetailList: await Promise.all(roleList.map((role) => roleDetails(role, facts, ports))),
      Policies: use === undefined ? [] : policies.map((policy) => policyDetails(policy, use)),
      ...end,
    }
  },
})
