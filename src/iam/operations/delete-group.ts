/** DeleteGroup: a group that has no users and no policies any more. */
import { requireNoPolicies } from '../entity/emptiness.ts'
import { groupNamed, membersOf } from '../entity/group.ts'
import { changesIn, existing } from '../entity/target.ts'
import { GroupNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteGroup = changeOperation({
  name: 'DeleteGroup',
  input: { GroupName: GroupNameType },
  output: {},
  targets: { group: groupNamed('iam:DeleteGroup') },
  errors: ['DeleteConflictException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { group }, ports, fail }) {
    const record = existing(group)
    if ((await membersOf(record, ports)).length > 0) {
      fail('DeleteConflictException', 'Cannot delete entity, must remove users from group first.')
    }
    requireNoPolicies(record, fail)
    const { account, id } = record
    return { output: {}, changes: changesIn(group, { kind: 'iam removed', account, of: 'group', id }) }
  },
})
