/** UpdateRole: another description, or how long sessions may last. What is not sent stays as it is. */
import { integer, optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleNamed } from '../entity/role.ts'
import { changesIn, existing } from '../entity/target.ts'
import { RoleDescriptionType, RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateRole = changeOperation({
  name: 'UpdateRole',
  input: {
    RoleName: RoleNameType,
    Description: optional(RoleDescriptionType),
    MaxSessionDuration: optional(integer({ min: 3600, max: 43_200 })),
  },
  output: {},
  targets: { role: roleNamed('iam:UpdateRole') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException', 'UnmodifiableEntityException'],
  handle({ targets: { role } }, { Description, MaxSessionDuration }) {
    const record = existing(role)
    const entity = {
      ...record,
      description: Description ?? record.description,
      maxSessionDuration: MaxSessionDuration ?? record.maxSessionDuration,
    }
    return { output: {}, changes: changesIn(role, { kind: 'iam changed', entity }) }
  },
})
