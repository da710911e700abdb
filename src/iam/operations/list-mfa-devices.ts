/** ListMFADevices: users have no MFA devices here. */
import { list, optional, string, structure } from '#aws/shape.ts'
import { ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userOrCaller } from '../entity/target.ts'
import { DateType, ExistingUserNameType, pageEnd, pageRequest, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListMFADevices = readOperation({
  name: 'ListMFADevices',
  input: { UserName: optional(ExistingUserNameType), ...pageRequest },
  output: {
    MFADevices: list(structure({ UserName: UserNameType, SerialNumber: string(), EnableDate: DateType })),
    ...pageEnd,
  },
  targets: { user: userOrCaller('iam:ListMFADevices') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user } }) {
    ownerOf(user)
    return { MFADevices: [], IsTruncated: false }
  },
})
