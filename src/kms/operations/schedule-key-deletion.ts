/**
 * ScheduleKeyDeletion: a waiting period of 7 to 30 days (the model allows 1..365, the service does not), after which the
 * deletion job removes the key. Not idempotent.
 */
import { dayMs } from '#base/day.ts'
import { refusal } from '#aws/errors.ts'
import { integer, optional } from '#aws/shape.ts'
import { multiRegionKeyType } from '../key/multi-region.ts'
import { keyIn, withLastUse } from '../key/target.ts'
import { DateType, KeyIdType, KeyStateType } from '../members.ts'
import { changeOperation } from '../operation.ts'

const defaultWindow = 30

export const ScheduleKeyDeletion = changeOperation({
  name: 'ScheduleKeyDeletion',
  effect: 'change',
  input: { KeyId: KeyIdType, PendingWindowInDays: optional(integer({ min: 1, max: 365 })) },
  output: {
    KeyId: KeyIdType,
    DeletionDate: optional(DateType),
    KeyState: KeyStateType,
    PendingWindowInDays: optional(integer({ min: 1, max: 365 })),
  },
  targets: {
    key: withLastUse(
      keyIn('KeyId', {
        action: 'kms:ScheduleKeyDeletion',
        aliases: false,
        crossAccount: false,
        states: 'not pending deletion',
        usage: 'any',
      }),
    ),
  },
  // Unverified wording: AWS's text for 1..6 and 31..365 was not to be had.
  check: ({ PendingWindowInDays: days = defaultWindow }) =>
    days < 7 || days > 30
      ? refusal('ValidationException', 'PendingWindowInDays must be between 7 and 30 (inclusive).')
      : undefined,
  conditions: ['kms:ScheduleKeyDeletionPendingWindowInDays', 'kms:TrailingDaysWithoutKeyUsage'],
  grantable: [],
  dryRun: false,
  quota: 'ScheduleKeyDeletion',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'PendingWindowInDays'],
    response: ['KeyId', 'KeyState', 'DeletionDate', 'PendingWindowInDays'],
  },
  handle({ targets: { key }, facts }, { PendingWindowInDays = defaultWindow }) {
    const { record } = key
    const output = { KeyId: key.arn, PendingWindowInDays }
    if (multiRegionKeyType(record) === 'PRIMARY' && record.multiRegion?.replicaRegions.length !== 0) {
      // The wait begins with the end of the last replica ("Deleting multi-Region keys").
      const state = { kind: 'PendingReplicaDeletion', windowDays: PendingWindowInDays } as const
      return {
        output: { ...output, KeyState: state.kind },
        changes: [{ kind: 'key changed', key: { ...record, state } }],
      }
    }
    const deletionDate = facts.now + PendingWindowInDays * dayMs
    const state = { kind: 'PendingDeletion', deletionDate } as const
    return {
      output: { ...output, DeletionDate: new Date(deletionDate), KeyState: state.kind },
      changes: [{ kind: 'key changed', key: { ...record, state } }],
    }
  },
})
