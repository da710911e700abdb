/** UntagResource: removes tags from a key; tags that it does not have are not missed. */
import { keyIn } from '../key/target.ts'
import { KeyIdType, TagKeyList } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UntagResource = changeOperation({
  name: 'UntagResource',
  effect: 'change',
  input: { KeyId: KeyIdType, TagKeys: TagKeyList },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:UntagResource',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
    }),
  },
  conditions: ['aws:TagKeys'],
  grantable: [],
  dryRun: false,
  quota: 'UntagResource',
  errors: [
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'TagException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'TagKeys'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ targets: { key } }, { TagKeys }) {
    const tags = key.record.tags.filter(({ TagKey }) => !TagKeys.includes(TagKey))
    return {
      output: {},
      changes: tags.length === key.record.tags.length ? [] : [{ kind: 'key changed', key: { ...key.record, tags } }],
    }
  },
})
