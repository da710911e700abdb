/** ListSigningCertificates: users have no signing certificates here. */
import { list, optional, string, structure } from '#aws/shape.ts'
import { ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userOrCaller } from '../entity/target.ts'
import { DateType, ExistingUserNameType, pageEnd, pageRequest, StatusType, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListSigningCertificates = readOperation({
  name: 'ListSigningCertificates',
  input: { UserName: optional(ExistingUserNameType), ...pageRequest },
  output: {
    Certificates: list(
      structure({
        UserName: UserNameType,
        CertificateId: string(),
        CertificateBody: string(),
        Status: StatusType,
        UploadDate: optional(DateType),
      }),
    ),
    ...pageEnd,
  },
  targets: { user: userOrCaller('iam:ListSigningCertificates') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user } }) {
    ownerOf(user)
    return { Certificates: [], IsTruncated: false }
  },
})
