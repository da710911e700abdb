/**
 * GetKeyRotationStatus: whether, how often and when next a key is rotated by itself. What it would say of a rotation on
 * demand that is still running it never says, for those are done when they are answered.
 */
import { boolean, optional } from '#aws/shape.ts'
import { requireScheduled } from '../key/rotation.ts'
import { isPendingDeletion } from '../key/state.ts'
import { keyIn } from '../key/target.ts'
import { DateType, KeyIdType, RotationPeriodInDaysType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetKeyRotationStatus = readOperation({
  name: 'GetKeyRotationStatus',
  effect: 'read',
  input: { KeyId: KeyIdType },
  output: {
    KeyRotationEnabled: boolean(),
    KeyId: optional(KeyIdType),
    RotationPeriodInDays: optional(RotationPeriodInDaysType),
    NextRotationDate: optional(DateType),
    OnDemandRotationStartDate: optional(DateType),
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GetKeyRotationStatus',
      aliases: false,
      crossAccount: true,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'GetKeyRotationStatus',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: true, request: ['KeyId'], response: [] },
  handle({ targets: { key }, fail }) {
    requireScheduled(key, fail)
    const { rotation, state } = key.record
    // While a key waits for its deletion it has none; should that be cancelled, what was set is still there.
    if (rotation?.automatic === undefined || isPendingDeletion(state)) {
      return { KeyRotationEnabled: false, KeyId: key.arn }
    }
    const { periodDays, nextDate } = rotation.automatic
    return {
      KeyRotationEnabled: true,
      KeyId: key.arn,
      RotationPeriodInDays: periodDays,
      NextRotationDate: new Date(nextDate),
    }
  },
})
