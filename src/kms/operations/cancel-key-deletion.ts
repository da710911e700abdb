/**
 * CancelKeyDeletion: ends the waiting period. The key comes back Disabled, whatever it was before; without its imported
 * material it is PendingImport again, since there is nothing that could be enabled.
 */
import { rescued } from '../key/imported.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CancelKeyDeletion = changeOperation({
  name: 'CancelKeyDeletion',
  effect: 'change',
  input: { KeyId: KeyIdType },
  output: { KeyId: KeyIdType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:CancelKeyDeletion',
      aliases: false,
      crossAccount: false,
      states: 'pending deletion',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'CancelKeyDeletion',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: { readOnly: false, request: ['KeyId'], response: ['KeyId'] },
  handle: ({ targets: { key } }) => ({
    output: { KeyId: key.arn },
    changes: [{ kind: 'key changed', key: rescued(key.record) }],
  }),
})
