/** DetachGroupPolicy: takes a managed policy from a group. */
import { detachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { ArnType, GroupNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DetachGroupPolicy = changeOperation({
  name: 'DetachGroupPolicy',
  input: { GroupName: GroupNameType, PolicyArn: ArnType },
  output: {},
  targets: { group: groupNamed('iam:DetachGroupPolicy') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { group } }, input) => ({ output: {}, changes: detachPolicy(group, input) }),
})
