/** GetUserPolicy: a policy embedded in a user. */
import { entityConditions } from '../entity/conditions.ts'
import { getInline } from '../entity/inline.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetUserPolicy = readOperation({
  name: 'GetUserPolicy',
  input: { UserName: ExistingUserNameType, PolicyName: PolicyNameType },
  output: { UserName: ExistingUserNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  targets: { user: userNamed('iam:GetUserPolicy') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user } }, input) {
    const { entity, ...policy } = getInline(user, input)
    return { UserName: entity, ...policy }
  },
})
