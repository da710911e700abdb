/** ListAttachedUserPolicies: the managed policies of a user. */
import { optional } from '#aws/shape.ts'
import { listAttached } from '../entity/attachment.ts'
import { entityConditions } from '../entity/conditions.ts'
import { userNamed } from '../entity/user.ts'
import { AttachedPolicyList, pageEnd, pageRequest, PolicyPathType, UserNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListAttachedUserPolicies = readOperation({
  name: 'ListAttachedUserPolicies',
  input: { UserName: UserNameType, PathPrefix: optional(PolicyPathType), ...pageRequest },
  output: { AttachedPolicies: optional(AttachedPolicyList), ...pageEnd },
  targets: { user: userNamed('iam:ListAttachedUserPolicies') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }, input) => listAttached('ListAttachedUserPolicies', user, input),
})
