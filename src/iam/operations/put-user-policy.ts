/** PutUserPolicy: embeds a policy in a user, or replaces it. */
import { entityConditions } from '../entity/conditions.ts'
import { putInline } from '../entity/inline.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutUserPolicy = changeOperation({
  name: 'PutUserPolicy',
  input: { UserName: ExistingUserNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  output: {},
  targets: { user: userNamed('iam:PutUserPolicy') },
  conditions: entityConditions,
  errors: [
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle: ({ targets: { user }, facts }, input) => ({ output: {}, changes: putInline(user, input, facts) }),
})
