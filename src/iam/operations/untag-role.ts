/** UntagRole: removes tags from a role; those that it does not have are ignored. */
import { entityConditions } from '../entity/conditions.ts'
import { withoutTags } from '../entity/tags.ts'
import { changesIn, existing } from '../entity/target.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, TagKeyListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UntagRole = changeOperation({
  name: 'UntagRole',
  input: { RoleName: RoleNameType, TagKeys: TagKeyListType },
  output: {},
  targets: { role: roleNamed('iam:UntagRole') },
  conditions: entityConditions,
  errors: ['ConcurrentModificationException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { role } }, { TagKeys }) {
    const record = existing(role)
    const entity = { ...record, tags: withoutTags(record.tags, TagKeys) }
    return { output: {}, changes: changesIn(role, { kind: 'iam changed', entity }) }
  },
})
