/** ListPolicyTags: the tags of a managed policy. */
import { entityConditions } from '../entity/conditions.ts'
import { existingPolicy, policyNamed } from '../entity/policy.ts'
import { pageOfTags } from '../entity/tags.ts'
import { ArnType, pageEnd, pageRequest, TagListType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListPolicyTags = readOperation({
  name: 'ListPolicyTags',
  input: { PolicyArn: ArnType, ...pageRequest },
  output: { Tags: TagListType, ...pageEnd },
  targets: { policy: policyNamed('iam:ListPolicyTags') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { policy } }, input) => pageOfTags('ListPolicyTags', existingPolicy(policy), input),
})
