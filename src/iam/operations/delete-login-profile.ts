/** DeleteLoginProfile: users have no passwords here. */
import { optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { noLoginProfile } from '../entity/login-profile.ts'
import { userOrCaller } from '../entity/target.ts'
import { UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteLoginProfile = changeOperation({
  name: 'DeleteLoginProfile',
  input: { UserName: optional(UserNameType) },
  output: {},
  targets: { user: userOrCaller('iam:DeleteLoginProfile') },
  conditions: entityConditions,
  errors: [
    'EntityTemporarilyUnmodifiableException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle: ({ targets: { user } }) => noLoginProfile(user),
})
