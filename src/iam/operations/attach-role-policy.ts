/** AttachRolePolicy: gives a role a managed policy. */
import { attachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleNamed } from '../entity/role.ts'
import { ArnType, RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const AttachRolePolicy = changeOperation({
  name: 'AttachRolePolicy',
  input: { RoleName: RoleNameType, PolicyArn: ArnType },
  output: {},
  targets: { role: roleNamed('iam:AttachRolePolicy') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'PolicyNotAttachableException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  handle: async ({ targets: { role }, facts, ports }, input) => ({
    output: {},
    changes: await attachPolicy(role, input, facts, ports),
  }),
})
