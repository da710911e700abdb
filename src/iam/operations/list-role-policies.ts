/** ListRolePolicies: the names of the policies embedded in a role. */
import { list } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { listInline } from '../entity/inline.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, pageEnd, pageRequest, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListRolePolicies = readOperation({
  name: 'ListRolePolicies',
  input: { RoleName: RoleNameType, ...pageRequest },
  output: { PolicyNames: list(PolicyNameType), ...pageEnd },
  targets: { role: roleNamed('iam:ListRolePolicies') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { role } }, input) => listInline('ListRolePolicies', role, input),
})
