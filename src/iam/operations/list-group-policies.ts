/** ListGroupPolicies: the names of the policies embedded in a group. */
import { list } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { listInline } from '../entity/inline.ts'
import { GroupNameType, pageEnd, pageRequest, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListGroupPolicies = readOperation({
  name: 'ListGroupPolicies',
  input: { GroupName: GroupNameType, ...pageRequest },
  output: { PolicyNames: list(PolicyNameType), ...pageEnd },
  targets: { group: groupNamed('iam:ListGroupPolicies') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { group } }, input) => listInline('ListGroupPolicies', group, input),
})
