/** ListRoleTags: the tags of a role. */
import { entityConditions } from '../entity/conditions.ts'
import { pageOfTags } from '../entity/tags.ts'
import { existing } from '../entity/target.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, pageEnd, pageRequest, TagListType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListRoleTags = readOperation({
  name: 'ListRoleTags',
  input: { RoleName: RoleNameType, ...pageRequest },
  output: { Tags: TagListType, ...pageEnd },
  targets: { role: roleNamed('iam:ListRoleTags') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { role } }, input) => pageOfTags('ListRoleTags', existing(role), input),
})
