/** PutGroupPolicy: embeds a policy in a group, or replaces it. */
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { putInline } from '../entity/inline.ts'
import { GroupNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutGroupPolicy = changeOperation({
  name: 'PutGroupPolicy',
  input: { GroupName: GroupNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  output: {},
  targets: { group: groupNamed('iam:PutGroupPolicy') },
  conditions: entityConditions,
  errors: [
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle: ({ targets: { group }, facts }, input) => ({ output: {}, changes: putInline(group, input, facts) }),
})
