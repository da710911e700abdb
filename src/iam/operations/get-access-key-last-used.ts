/** GetAccessKeyLastUsed: whose key it is. When it was used is what the audit trail tells. */
import { optional, string, structure } from '#aws/shape.ts'
import { ownerOfKey } from '../entity/access-key-target.ts'
import { AccessKeyIdType, DateType, ExistingUserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetAccessKeyLastUsed = readOperation({
  name: 'GetAccessKeyLastUsed',
  input: { AccessKeyId: AccessKeyIdType },
  output: {
    UserName: optional(ExistingUserNameType),
    AccessKeyLastUsed: optional(
      structure({ LastUsedDate: optional(DateType), ServiceName: string(), Region: string() }),
    ),
  },
  targets: { owner: ownerOfKey('iam:GetAccessKeyLastUsed') },
  errors: [],
  handle: ({ targets: { owner } }) => ({
    UserName: owner.user?.name,
    AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
  }),
})
