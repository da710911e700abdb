/** DeleteUserPolicy: takes an embedded policy from a user. */
import { entityConditions } from '../entity/conditions.ts'
import { deleteInline } from '../entity/inline.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteUserPolicy = changeOperation({
  name: 'DeleteUserPolicy',
  input: { UserName: ExistingUserNameType, PolicyName: PolicyNameType },
  output: {},
  targets: { user: userNamed('iam:DeleteUserPolicy') },
  conditions: entityConditions,
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }, input) => ({ output: {}, changes: deleteInline(user, input) }),
})
