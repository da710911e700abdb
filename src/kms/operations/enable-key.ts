/** EnableKey: from Disabled to Enabled; of an enabled key it succeeds and changes nothing. */
import { keyIn } from '../key/target.ts'
import { KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const EnableKey = changeOperation({
  name: 'EnableKey',
  effect: 'change',
  input: { KeyId: KeyIdType },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:EnableKey',
      aliases: false,
      crossAccount: false,
      states: 'enabled or disabled',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'EnableKey',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle: ({ targets: { key } }) => ({
    output: {},
    changes:
      key.record.state.kind === 'Enabled'
        ? []
        : [{ kind: 'key changed', key: { ...key.record, state: { kind: 'Enabled' } } }],
  }),
})
