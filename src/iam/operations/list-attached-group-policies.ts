/** ListAttachedGroupPolicies: the managed policies of a group. */
import { optional } from '#aws/shape.ts'
import { listAttached } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { AttachedPolicyList, GroupNameType, pageEnd, pageRequest, PolicyPathType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListAttachedGroupPolicies = readOperation({
  name: 'ListAttachedGroupPolicies',
  input: { GroupName: GroupNameType, PathPrefix: optional(PolicyPathType), ...pageRequest },
  output: { AttachedPolicies: optional(AttachedPolicyList), ...pageEnd },
  targets: { group: groupNamed('iam:ListAttachedGroupPolicies') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { group } }, input) => listAttached('ListAttachedGroupPolicies', group, input),
})
