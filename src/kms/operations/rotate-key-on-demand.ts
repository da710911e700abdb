/**
 * RotateKeyOnDemand: new material, as often as the limit allows in the life of a key. AWS rotates in the background, some
 * time after the answer; here it has been done by then, and whatever encrypts next uses the new material. Where material is
 * imported, the one that waits for it becomes the current one.
 */
import { after } from '#base/maybe-async.ts'
import { asOf, isImportedIn, pendingMaterial } from '../key/imported.ts'
import { importedRotation, materialOwner, onDemandRotations, requireRotatable } from '../key/rotation.ts'
import { rotatedEverywhere, rotationRecord } from '../key/rotation.ts'
import { refuseReplica, relativesOf, synchronized, unchanged } from '../key/multi-region.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

// The model's documentation of ConflictException.
const conflictMs = 20 * 60 * 1000

export const RotateKeyOnDemand = changeOperation({
  name: 'RotateKeyOnDemand',
  effect: 'change',
  input: { KeyId: KeyIdType },
  output: { KeyId: KeyIdType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:RotateKeyOnDemand',
      aliases: false,
      crossAccount: false,
      states: 'enabled',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'RotateKeyOnDemand',
  errors: [
    'ConflictException',
    'DependencyTimeoutException',
    'DisabledException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: false, request: ['KeyId'], response: ['KeyId'] },
  handle({ targets: { key }, facts: { now }, ports, fail }) {
    const { record } = key
    requireRotatable(record, fail)
    refuseReplica(record, key.arn, fail)
    const next = record.rotation?.automatic?.nextDate
    if (next !== undefined && next - now <= conflictMs) {
      // Unverified wording: what AWS's documentation says of this error.
      fail(
        'ConflictException',
        'The request was rejected because an automatic rotation of this key is currently in progress or scheduled to ' +
          'begin within the next 20 minutes.',
      )
    }
    if (onDemandRotations(record) >= ports.limits.onDemandRotations) {
      fail(
        'LimitExceededException',
        'The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be ' +
          `performed for this key: ${key.arn}`,
      )
    }
    if (record.origin === 'EXTERNAL') {
      const pending = pendingMaterial(record)
      if (pending === undefined) {
        return fail('KMSInvalidStateException', `No available key material pending rotation for the key: ${key.arn}.`)
      }
      const { materialId } = pending
      return after(relativesOf(record, ports.storage), (replicas) => {
        // "Rotate imported key material": of a multi-Region key once each Region has it.
        const keys = [record, ...replicas.map((replica) => asOf(replica, now))]
        if (!isImportedIn(keys, materialId)) {
          return fail('KMSInvalidStateException', `No available key material pending rotation for the key: ${key.arn}.`)
        }
        const event = rotationRecord(record, pending, 'ON_DEMAND', now, ports.random.uuid())
        return {
          output: { KeyId: key.arn },
          changes: [
            ...keys.map((each) => importedRotation(each, materialId, now)),
            ...replicas.map((replica) => synchronized(replica, now, ports.random.uuid())),
            { kind: 'event recorded', record: event } as const,
          ],
          expectations: unchanged(replicas),
        }
      })
    }
    return after(ports.keyStore.generate(materialOwner(record, now)), (material) =>
      after(
        rotatedEverywhere(record, material, 'ON_DEMAND', now, ports),
        ({ changes, expectations, record: event }) => ({
          output: { KeyId: key.arn },
          changes: [...changes, { kind: 'event recorded', record: event } as const],
          expectations,
        }),
      ),
    )
  },
})
