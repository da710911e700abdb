/** UntagPolicy: removes tags from a managed policy; those that it does not have are ignored. */
import { entityConditions } from '../entity/conditions.ts'
import { ownPolicy, policyNamed } from '../entity/policy.ts'
import { withoutTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, TagKeyListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UntagPolicy = changeOperation({
  name: 'UntagPolicy',
  input: { PolicyArn: ArnType, TagKeys: TagKeyListType },
  output: {},
  targets: { policy: policyNamed('iam:UntagPolicy') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { policy }, facts }, { TagKeys }) {
    const record = ownPolicy(policy, 'iam:UntagPolicy', facts)
    const entity = { ...record, tags: withoutTags(record.tags, TagKeys) }
    return { output: {}, changes: changesIn(policy, { kind: 'iam changed', entity }) }
  },
})
