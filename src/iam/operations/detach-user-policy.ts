/** DetachUserPolicy: takes a managed policy from a user. */
import { detachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userNamed } from '../entity/user.ts'
import { ArnType, UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DetachUserPolicy = changeOperation({
  name: 'DetachUserPolicy',
  input: { UserName: UserNameType, PolicyArn: ArnType },
  output: {},
  targets: { user: userNamed('iam:DetachUserPolicy') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }, input) => ({ output: {}, changes: detachPolicy(user, input) }),
})
