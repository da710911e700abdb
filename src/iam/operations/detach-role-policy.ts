/** DetachRolePolicy: takes a managed policy from a role. */
import { detachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleNamed } from '../entity/role.ts'
import { ArnType, RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DetachRolePolicy = changeOperation({
  name: 'DetachRolePolicy',
  input: { RoleName: RoleNameType, PolicyArn: ArnType },
  output: {},
  targets: { role: roleNamed('iam:DetachRolePolicy') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  handle: ({ targets: { role } }, input) => ({ output: {}, changes: detachPolicy(role, input) }),
})
