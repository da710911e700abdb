/** UpdateRoleDescription: another description. */
import { optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleDetail, roleNamed } from '../entity/role.ts'
import { changesIn, existing } from '../entity/target.ts'
import { RoleDescriptionType, RoleNameType, RoleShape } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateRoleDescription = changeOperation({
  name: 'UpdateRoleDescription',
  input: { RoleName: RoleNameType, Description: RoleDescriptionType },
  output: { Role: optional(RoleShape) },
  targets: { role: roleNamed('iam:UpdateRoleDescription') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException', 'UnmodifiableEntityException'],
  async handle({ targets: { role }, facts, ports }, { Description }) {
    const entity = { ...existing(role), description: Description }
    return {
      output: { Role: await roleDetail(entity, facts, ports) },
      changes: changesIn(role, { kind: 'iam changed', entity }),
    }
  },
})
