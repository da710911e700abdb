/** UntagUser: removes tags from a user; those that it does not have are ignored. */
import { entityConditions } from '../entity/conditions.ts'
import { withoutTags } from '../entity/tags.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, TagKeyListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UntagUser = changeOperation({
  name: 'UntagUser',
  input: { UserName: ExistingUserNameType, TagKeys: TagKeyListType },
  output: {},
  targets: { user: userNamed('iam:UntagUser') },
  conditions: entityConditions,
  errors: ['ConcurrentModificationException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user } }, { TagKeys }) {
    const record = existing(user)
    const entity = { ...record, tags: withoutTags(record.tags, TagKeys) }
    return { output: {}, changes: changesIn(user, { kind: 'iam changed', entity }) }
  },
})
