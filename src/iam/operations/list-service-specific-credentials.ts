/** ListServiceSpecificCredentials: users have no credentials of single services here. */
import { boolean, list, optional, string, structure } from '#aws/shape.ts'
import { ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userOrCaller } from '../entity/target.ts'
import { DateType, pageEnd, pageRequest, StatusType, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListServiceSpecificCredentials = readOperation({
  name: 'ListServiceSpecificCredentials',
  input: {
    UserName: optional(UserNameType),
    ServiceName: optional(string()),
    AllUsers: optional(boolean()),
    ...pageRequest,
  },
  output: {
    ServiceSpecificCredentials: optional(
      list(
        structure({
          UserName: UserNameType,
          Status: StatusType,
          ServiceUserName: optional(string()),
          ServiceCredentialAlias: optional(string()),
          CreateDate: DateType,
          ExpirationDate: optional(DateType),
          ServiceSpecificCredentialId: string(),
          ServiceName: string(),
        }),
      ),
    ),
    ...pageEnd,
  },
  targets: { user: userOrCaller('iam:ListServiceSpecificCredentials') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException'],
  handle({ targets: { user } }) {
    ownerOf(user)
    return { ServiceSpecificCredentials: [], IsTruncated: false }
  },
})
