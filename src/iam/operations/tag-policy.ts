/** TagPolicy: adds tags to a managed policy; the value of a tag that it has is replaced. */
import { entityConditions } from '../entity/conditions.ts'
import { ownPolicy, policyNamed } from '../entity/policy.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, TagListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const TagPolicy = changeOperation({
  name: 'TagPolicy',
  input: { PolicyArn: ArnType, Tags: TagListType },
  output: {},
  targets: { policy: policyNamed('iam:TagPolicy') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { policy }, facts, fail }, { Tags }) {
    const record = ownPolicy(policy, 'iam:TagPolicy', facts)
    const entity = { ...record, tags: mergeTags(record.tags, Tags, fail) }
    return { output: {}, changes: changesIn(policy, { kind: 'iam changed', entity }) }
  },
})
