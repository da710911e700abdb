/** ListUserTags: the tags of a user. */
import { entityConditions } from '../entity/conditions.ts'
import { pageOfTags } from '../entity/tags.ts'
import { existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, pageEnd, pageRequest, TagListType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListUserTags = readOperation({
  name: 'ListUserTags',
  input: { UserName: ExistingUserNameType, ...pageRequest },
  output: { Tags: TagListType, ...pageEnd },
  targets: { user: userNamed('iam:ListUserTags') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }, input) => pageOfTags('ListUserTags', existing(user), input),
})
