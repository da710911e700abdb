/** TagUser: adds tags to a user; the value of a tag that it has is replaced. */
import { entityConditions } from '../entity/conditions.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, TagListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const TagUser = changeOperation({
  name: 'TagUser',
  input: { UserName: ExistingUserNameType, Tags: TagListType },
  output: {},
  targets: { user: userNamed('iam:TagUser') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { user }, fail }, { Tags }) {
    const record = existing(user)
    const entity = { ...record, tags: mergeTags(record.tags, Tags, fail) }
    return { output: {}, changes: changesIn(user, { kind: 'iam changed', entity }) }
  },
})
