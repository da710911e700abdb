/** ListAttachedRolePolicies: the managed policies of a role. */
import { optional } from '#aws/shape.ts'
import { listAttached } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleNamed } from '../entity/role.ts'
import { AttachedPolicyList, pageEnd, pageRequest, PolicyPathType, RoleNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListAttachedRolePolicies = readOperation({
  name: 'ListAttachedRolePolicies',
  input: { RoleName: RoleNameType, PathPrefix: optional(PolicyPathType), ...pageRequest },
  output: { AttachedPolicies: optional(AttachedPolicyList), ...pageEnd },
  targets: { role: roleNamed('iam:ListAttachedRolePolicies') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { role } }, input) => listAttached('ListAttachedRolePolicies', role, input),
})
