/**
 * EnableKeyRotation: new material every year, or every RotationPeriodInDays. The period begins anew each time that it is
 * called: one that names no period asks for a year, whatever was there before.
 */
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { defaultRotationPeriod, requireScheduled, rotatedEvery, scheduledEverywhere } from '../key/rotation.ts'
import { refuseReplica } from '../key/multi-region.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, RotationPeriodInDaysType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const EnableKeyRotation = changeOperation({
  name: 'EnableKeyRotation',
  effect: 'change',
  input: { KeyId: KeyIdType, RotationPeriodInDays: optional(RotationPeriodInDaysType) },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:EnableKeyRotation',
      aliases: false,
      crossAccount: false,
      states: 'enabled or pending import',
      usage: 'any',
    }),
  },
  conditions: ['kms:RotationPeriodInDays'],
  grantable: [],
  dryRun: false,
  quota: 'EnableKeyRotation',
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
    request: ['KeyId', 'RotationPeriodInDays'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ targets: { key }, facts, ports, fail }, { RotationPeriodInDays = defaultRotationPeriod }) {
    requireScheduled(key, fail)
    refuseReplica(key.record, key.arn, fail)
    const automatic = rotatedEvery(RotationPeriodInDays, facts.now)
    return after(scheduledEverywhere(key.record, automatic, ports.storage), (scheduled) => ({
      output: {},
      ...scheduled,
    }))
  },
})
