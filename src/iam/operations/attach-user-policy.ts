/** AttachUserPolicy: gives a user a managed policy. */
import { attachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userNamed } from '../entity/user.ts'
import { ArnType, UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const AttachUserPolicy = changeOperation({
  name: 'AttachUserPolicy',
  input: { UserName: UserNameType, PolicyArn: ArnType },
  output: {},
  targets: { user: userNamed('iam:AttachUserPolicy') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'PolicyNotAttachableException',
    'ServiceFailureException',
  ],
  handle: async ({ targets: { user }, facts, ports }, input) => ({
    output: {},
    changes: await attachPolicy(user, input, facts, ports),
  }),
})
