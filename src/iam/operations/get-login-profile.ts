/** GetLoginProfile: users have no passwords here. */
import { boolean, optional, structure } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { noLoginProfile } from '../entity/login-profile.ts'
import { userOrCaller } from '../entity/target.ts'
import { DateType, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetLoginProfile = readOperation({
  name: 'GetLoginProfile',
  input: { UserName: optional(UserNameType) },
  output: {
    LoginProfile: structure({
      UserName: UserNameType,
      CreateDate: DateType,
      PasswordResetRequired: optional(boolean()),
    }),
  },
  targets: { user: userOrCaller('iam:GetLoginProfile') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }) => noLoginProfile(user),
})
