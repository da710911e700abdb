/** AttachGroupPolicy: gives a group a managed policy. */
import { attachPolicy } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { ArnType, GroupNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const AttachGroupPolicy = changeOperation({
  name: 'AttachGroupPolicy',
  input: { GroupName: GroupNameType, PolicyArn: ArnType },
  output: {},
  targets: { group: groupNamed('iam:AttachGroupPolicy') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'PolicyNotAttachableException',
    'ServiceFailureException',
  ],
  handle: async ({ targets: { group }, facts, ports }, input) => ({
    output: {},
    changes: await attachPolicy(group, input, facts, ports),
  }),
})
