/** DeleteRolePolicy: takes an embedded policy from a role. */
import { entityConditions } from '../entity/conditions.ts'
import { deleteInline } from '../entity/inline.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteRolePolicy = changeOperation({
  name: 'DeleteRolePolicy',
  input: { RoleName: RoleNameType, PolicyName: PolicyNameType },
  output: {},
  targets: { role: roleNamed('iam:DeleteRolePolicy') },
  conditions: entityConditions,
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException', 'UnmodifiableEntityException'],
  handle: ({ targets: { role } }, input) => ({ output: {}, changes: deleteInline(role, input) }),
})
