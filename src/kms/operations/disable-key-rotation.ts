/** DisableKeyRotation: no more automatic rotation; of a key that has none it succeeds and changes nothing. */
import { requireScheduled, withAutomatic } from '../key/rotation.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DisableKeyRotation = changeOperation({
  name: 'DisableKeyRotation',
  effect: 'change',
  input: { KeyId: KeyIdType },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:DisableKeyRotation',
      aliases: false,
      crossAccount: false,
      states: 'enabled or pending import',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'DisableKeyRotation',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle: ({ targets: { key }, fail }) => {
    requireScheduled(key, fail)
    return {
      output: {},
      changes:
        key.record.rotation?.automatic === undefined
          ? []
          : [{ kind: 'key changed', key: withAutomatic(key.record, undefined) }],
    }
  },
})
