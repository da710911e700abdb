/** ListEntitiesForPolicy: the groups, roles and users that a managed policy is attached to or limits, by kind and name. */
import { list, optional, structure } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { boundaryOf, policyUsers, type PolicyUser } from '../entity/policy-use.ts'
import { existingPolicy, policyNamed } from '../entity/policy.ts'
import {
  ArnType,
  EntityType,
  GroupNameType,
  IdType,
  pageEnd,
  pageRequest,
  PathType,
  PolicyUsageType,
  RoleNameType,
  UserNameType,
} from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

const filterOf = { user: 'User', group: 'Group', role: 'Role' } as const

export const ListEntitiesForPolicy = readOperation({
  name: 'ListEntitiesForPolicy',
  input: {
    PolicyArn: ArnType,
    EntityFilter: optional(EntityType),
    PathPrefix: optional(PathType),
    PolicyUsageFilter: optional(PolicyUsageType),
    ...pageRequest,
  },
  output: {
    PolicyGroups: optional(list(structure({ GroupName: optional(GroupNameType), GroupId: optional(IdType) }))),
    PolicyUsers: optional(list(structure({ UserName: optional(UserNameType), UserId: optional(IdType) }))),
    PolicyRoles: optional(list(structure({ RoleName: optional(RoleNameType), RoleId: optional(IdType) }))),
    ...pageEnd,
  },
  targets: { policy: policyNamed('iam:ListEntitiesForPolicy') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { policy }, ports }, input) {
    const { arn } = existingPolicy(policy)
    const { EntityFilter, PathPrefix = '/', PolicyUsageFilter } = input
    const isWanted = (entity: PolicyUser): boolean => {
      if (EntityFilter !== undefined && EntityFilter !== filterOf[entity.kind]) return false
      if (!entity.path.startsWith(PathPrefix)) return false
      const attached = PolicyUsageFilter !== 'PermissionsBoundary' && entity.attached.includes(arn)
      return attached || (PolicyUsageFilter !== 'PermissionsPolicy' && boundaryOf(entity) === arn)
    }
    const found = (await policyUsers(policy.account, ports)).filter(isWanted)
    const [page, end] = pageOf(
      { operation: 'ListEntitiesForPolicy', of: [arn, EntityFilter ?? '', PathPrefix, PolicyUsageFilter ?? ''] },
      input,
      found,
      ({ kind, name }) => `${kind} ${name.toLowerCase()}`,
    )
    const of = (kind: PolicyUser['kind']): readonly PolicyUser[] => page.filter((entity) => entity.kind === kind)
    return {
      PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...end,
    }
  },
})
