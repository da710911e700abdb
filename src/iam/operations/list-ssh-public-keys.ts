/** ListSSHPublicKeys: users have no SSH keys here. */
import { list, optional, string, structure } from '#aws/shape.ts'
import { ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userOrCaller } from '../entity/target.ts'
import { DateType, pageEnd, pageRequest, StatusType, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListSSHPublicKeys = readOperation({
  name: 'ListSSHPublicKeys',
  input: { UserName: optional(UserNameType), ...pageRequest },
  output: {
    SSHPublicKeys: optional(
      list(structure({ UserName: UserNameType, SSHPublicKeyId: string(), Status: StatusType, UploadDate: DateType })),
    ),
    ...pageEnd,
  },
  targets: { user: userOrCaller('iam:ListSSHPublicKeys') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException'],
  handle({ targets: { user } }) {
    ownerOf(user)
    return { SSHPublicKeys: [], IsTruncated: false }
  },
})
