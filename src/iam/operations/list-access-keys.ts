/** ListAccessKeys: the keys of a user, or of the caller. */
import { list, optional, structure } from '#aws/shape.ts'
import { accessKeysOf, ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userOrCaller } from '../entity/target.ts'
import {
  AccessKeyIdType,
  DateType,
  ExistingUserNameType,
  pageEnd,
  pageRequest,
  StatusType,
  UserNameType,
} from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

export const ListAccessKeys = readOperation({
  name: 'ListAccessKeys',
  input: { UserName: optional(ExistingUserNameType), ...pageRequest },
  output: {
    AccessKeyMetadata: list(
      structure({
        UserName: optional(UserNameType),
        AccessKeyId: optional(AccessKeyIdType),
        Status: optional(StatusType),
        CreateDate: optional(DateType),
      }),
    ),
    ...pageEnd,
  },
  targets: { user: userOrCaller('iam:ListAccessKeys') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { user }, facts, ports }, input) {
    const { name, id } = ownerOf(user)
    const found = await accessKeysOf(user, ports)
    const listing = { operation: 'ListAccessKeys', of: [facts.account, id ?? 'root'] }
    const [page, end] = pageOf(listing, input, found, ({ accessKeyId }) => accessKeyId)
    const AccessKeyMetadata = page.map(({ accessKeyId, status, creationDate }) => ({
      UserName: name,
      AccessKeyId: accessKeyId,
      Status: status,
      CreateDate: new Date(creationDate),
    }))
    return { AccessKeyMetadata, ...end }
  },
})
