/** GetRolePolicy: a policy embedded in a role. */
import { entityConditions } from '../entity/conditions.ts'
import { getInline } from '../entity/inline.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetRolePolicy = readOperation({
  name: 'GetRolePolicy',
  input: { RoleName: RoleNameType, PolicyName: PolicyNameType },
  output: { RoleName: RoleNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  targets: { role: roleNamed('iam:GetRolePolicy') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { role } }, input) {
    const { entity, ...policy } = getInline(role, input)
    return { RoleName: entity, ...policy }
  },
})
