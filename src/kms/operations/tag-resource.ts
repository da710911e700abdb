/** TagResource: adds tags to a key; the value of a tag that it has is replaced. */
import { mergeTags, sameTags } from '../key/tags.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, TagList } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const TagResource = changeOperation({
  name: 'TagResource',
  effect: 'change',
  input: { KeyId: KeyIdType, Tags: TagList },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:TagResource',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
    }),
  },
  conditions: ['aws:RequestTag', 'aws:TagKeys'],
  grantable: [],
  dryRun: false,
  quota: 'TagResource',
  errors: [
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'NotFoundException',
    'TagException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'Tags'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ targets: { key }, fail }, { Tags }) {
    const tags = mergeTags(key.record.tags, Tags, fail)
    return {
      output: {},
      changes: sameTags(tags, key.record.tags) ? [] : [{ kind: 'key changed', key: { ...key.record, tags } }],
    }
  },
})
