/** DisableKeyRotation: no more automatic rotation; of a key that has none it succeeds and changes nothing. */
import { after } from '#base/maybe-async.ts'
import { requireScheduled, scheduledEverywhere } from '../key/rotation.ts'
import { refuseReplica } from '../key/multi-region.ts'
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
  handle({ targets: { key }, ports, fail }) {
    requireScheduled(key, fail)
    refuseReplica(key.record, key.arn, fail)
    if (key.record.rotation?.automatic === undefined) return { output: {}, changes: [] }
    return after(scheduledEverywhere(key.record, undefined, ports.storage), (scheduled) => ({
      output: {},
      ...scheduled,
    }))
  },
})
