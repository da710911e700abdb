/** GetRole: a role, and who may assume it. */
import { entityConditions } from '../entity/conditions.ts'
import { roleDetail, roleNamed } from '../entity/role.ts'
import { existing } from '../entity/target.ts'
import { RoleNameType, RoleShape } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetRole = readOperation({
  name: 'GetRole',
  input: { RoleName: RoleNameType },
  output: { Role: RoleShape },
  targets: { role: roleNamed('iam:GetRole') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: async ({ targets: { role }, facts, ports }) => ({ Role: await roleDetail(existing(role), facts, ports) }),
})
