/** UpdateGroup: another name or path. Needs permission for the group as it is and as it is to be. */
import { optional } from '#aws/shape.ts'
import { groupNamed } from '../entity/group.ts'
import { renamedGroup, requireFreeName } from '../entity/renamed.ts'
import { changesIn, existing } from '../entity/target.ts'
import { GroupNameType, PathType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateGroup = changeOperation({
  name: 'UpdateGroup',
  input: { GroupName: GroupNameType, NewPath: optional(PathType), NewGroupName: optional(GroupNameType) },
  output: {},
  targets: {
    group: groupNamed('iam:UpdateGroup'),
    renamed: renamedGroup('iam:UpdateGroup'),
  },
  errors: [
    'EntityAlreadyExistsException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { group, renamed } }, { NewPath, NewGroupName }) {
    const record = existing(group)
    requireFreeName('Group', record, renamed)
    const entity = { ...record, name: NewGroupName ?? record.name, path: NewPath ?? record.path }
    if (entity.name === record.name && entity.path === record.path) return { output: {}, changes: [] }
    return { output: {}, changes: changesIn(group, { kind: 'iam changed', entity }) }
  },
})
