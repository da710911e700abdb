/** TagRole: adds tags to a role; the value of a tag that it has is replaced. */
import { entityConditions } from '../entity/conditions.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn, existing } from '../entity/target.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, TagListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const TagRole = changeOperation({
  name: 'TagRole',
  input: { RoleName: RoleNameType, Tags: TagListType },
  output: {},
  targets: { role: roleNamed('iam:TagRole') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { role }, fail }, { Tags }) {
    const record = existing(role)
    const entity = { ...record, tags: mergeTags(record.tags, Tags, fail) }
    return { output: {}, changes: changesIn(role, { kind: 'iam changed', entity }) }
  },
})
