/** ListUserPolicies: the names of the policies embedded in a user. */
import { list } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { listInline } from '../entity/inline.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, pageEnd, pageRequest, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListUserPolicies = readOperation({
  name: 'ListUserPolicies',
  input: { UserName: ExistingUserNameType, ...pageRequest },
  output: { PolicyNames: list(PolicyNameType), ...pageEnd },
  targets: { user: userNamed('iam:ListUserPolicies') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { user } }, input) => listInline('ListUserPolicies', user, input),
})
