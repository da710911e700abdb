/** DeleteGroupPolicy: takes an embedded policy from a group. */
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { deleteInline } from '../entity/inline.ts'
import { GroupNameType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteGroupPolicy = changeOperation({
  name: 'DeleteGroupPolicy',
  input: { GroupName: GroupNameType, PolicyName: PolicyNameType },
  output: {},
  targets: { group: groupNamed('iam:DeleteGroupPolicy') },
  conditions: entityConditions,
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { group } }, input) => ({ output: {}, changes: deleteInline(group, input) }),
})
