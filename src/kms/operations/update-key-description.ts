/** UpdateKeyDescription: replaces the description. */
import { keyIn } from '../key/target.ts'
import { DescriptionType, KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateKeyDescription = changeOperation({
  name: 'UpdateKeyDescription',
  effect: 'change',
  input: { KeyId: KeyIdType, Description: DescriptionType },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:UpdateKeyDescription',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'UpdateKeyDescription',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'Description'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle: ({ targets: { key } }, { Description }) => ({
    output: {},
    changes: [{ kind: 'key changed', key: { ...key.record, description: Description } }],
  }),
})
