/**
 * GetKeyLastUsage: the last successful cryptographic operation with a key. AWS's may be an hour behind; this one has every
 * operation whose answer anybody has had.
 */
import { optional, structure } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { trackingStart } from '../key/last-use.ts'
import { keyIn } from '../key/target.ts'
import {
  CloudTrailEventIdType,
  DateType,
  KeyIdType,
  KeyLastUsageTrackingOperation,
  KmsRequestIdType,
} from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetKeyLastUsage = readOperation({
  name: 'GetKeyLastUsage',
  effect: 'read',
  input: { KeyId: KeyIdType },
  output: {
    KeyId: KeyIdType,
    KeyLastUsage: structure({
      Operation: optional(KeyLastUsageTrackingOperation),
      Timestamp: optional(DateType),
      CloudTrailEventId: optional(CloudTrailEventIdType),
      KmsRequestId: optional(KmsRequestIdType),
    }),
    TrackingStartDate: DateType,
    KeyCreationDate: DateType,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GetKeyLastUsage',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'GetKeyLastUsage',
  errors: ['DependencyTimeoutException', 'InvalidArnException', 'KMSInternalException', 'NotFoundException'],
  audit: { readOnly: true, request: ['KeyId'], response: [] },
  handle: ({ targets: { key }, ports }) =>
    after(ports.keyUsage.lastUse(key.arn), (lastUse) => {
      const { use } = lastUse
      return {
        KeyId: key.record.keyId,
        KeyLastUsage:
          use === undefined
            ? {}
            : {
                Operation: KeyLastUsageTrackingOperation.values.find((name) => name === use.operation),
                Timestamp: new Date(use.time),
                CloudTrailEventId: use.eventId,
                KmsRequestId: use.requestId,
              },
        TrackingStartDate: new Date(trackingStart(key.record, lastUse)),
        KeyCreationDate: new Date(key.record.creationDate),
      }
    }),
})
