/** GetUser: a user; without UserName the caller, who may be the root user. */
import { optional, structure } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { existing, userOrCaller } from '../entity/target.ts'
import { userDetail } from '../entity/user.ts'
import { ExistingUserNameType, PathType, UserNameType, UserShape } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetUser = readOperation({
  name: 'GetUser',
  input: { UserName: optional(ExistingUserNameType) },
  // The root user has neither a path nor a name.
  output: { User: structure({ ...UserShape.fields, Path: optional(PathType), UserName: optional(UserNameType) }) },
  targets: { user: userOrCaller('iam:GetUser') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user }, facts }) {
    if (user.kind !== 'root') return { User: userDetail(existing(user), facts) }
    const { account, arn } = user
    return { User: { UserId: account.account, Arn: arn, CreateDate: new Date(account.creationDate) } }
  },
})
