/** DisableKey: no cryptographic use until it is enabled again; of a disabled key it succeeds and changes nothing. */
import { keyIn, withLastUse } from '../key/target.ts'
import { KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DisableKey = changeOperation({
  name: 'DisableKey',
  effect: 'change',
  input: { KeyId: KeyIdType },
  output: {},
  targets: {
    key: withLastUse(
      keyIn('KeyId', {
        action: 'kms:DisableKey',
        aliases: false,
        crossAccount: false,
        states: 'enabled or disabled',
        usage: 'any',
      }),
    ),
  },
  conditions: ['kms:TrailingDaysWithoutKeyUsage'],
  grantable: [],
  dryRun: false,
  quota: 'DisableKey',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
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
      key.record.state.kind === 'Disabled'
        ? []
        : [{ kind: 'key changed', key: { ...key.record, state: { kind: 'Disabled' } } }],
  }),
})
