/**
 * DeleteImportedKeyMaterial: the bytes of one material are gone at once, and with them the use of the key, until the same are
 * imported again. Material that only waits for a rotation goes without harm. A key without material stays as it is.
 */
import { optional, string } from '#aws/shape.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { sweep, sweepingChanges } from '../key/expired.ts'
import { materialsIn, withoutBytes, withoutPending } from '../key/imported.ts'
import { isPrimary, relativesOf, unchanged } from '../key/multi-region.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, KeyMaterialIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteImportedKeyMaterial = changeOperation({
  name: 'DeleteImportedKeyMaterial',
  effect: 'change',
  input: { KeyId: KeyIdType, KeyMaterialId: optional(KeyMaterialIdType) },
  output: {
    KeyId: KeyIdType,
    /** Empty when the key never had material. */
    KeyMaterialId: string({ min: 0, max: 64, pattern: '^[a-f0-9]+$' }),
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:DeleteImportedKeyMaterial',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
      origin: 'EXTERNAL',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'DeleteImportedKeyMaterial',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: false, request: ['KeyId', 'KeyMaterialId'], response: ['KeyId', 'KeyMaterialId'] },
  handle({ targets: { key }, facts, ports, fail }, input) {
    const swept = sweep(key.record, facts.now, () => ports.random.uuid())
    const wanted = input.KeyMaterialId ?? key.record.currentMaterialId
    const found = materialsIn(swept.key).find(({ materialId }) => materialId === wanted)
    if (found === undefined && input.KeyMaterialId !== undefined) {
      // Unverified wording.
      return fail('NotFoundException', `Key material '${input.KeyMaterialId}' is not associated with ${key.arn}`)
    }
    const output = { KeyId: key.arn, KeyMaterialId: found?.materialId ?? '' }
    if (found?.standing === 'pending' && isPrimary(swept.key)) {
      return after(relativesOf(swept.key, ports.storage), (replicas) => ({
        output,
        changes: [
          ...sweepingChanges(swept),
          ...[swept.key, ...replicas].flatMap((each) => forgetting(each, found.materialId)),
        ],
        expectations: unchanged(replicas),
      }))
    }
    const gone = found?.bytes.kind === 'imported' ? [found.materialId] : []
    if (gone.length === 0 && swept.changes.length === 0) return { output, changes: [] }
    return {
      output,
      changes: [
        ...sweepingChanges(swept),
        { kind: 'key changed', key: withoutBytes(swept.key, gone) },
        ...gone.map((materialId) => removal(swept.key, materialId)),
      ],
    }
  },
})

/** The material that waits for a rotation is forgotten by `key`, and its bytes go where they are. */
function forgetting(key: KeyRecord, materialId: KeyMaterialId): readonly Change[] {
  const found = materialsIn(key).find((material) => material.materialId === materialId)
  const changed: Change = { kind: 'key changed', key: withoutPending(key) }
  return found === undefined || found.bytes.kind === 'absent' ? [changed] : [changed, removal(key, materialId)]
}

function removal({ region, account, keyId }: KeyRecord, materialId: KeyMaterialId): Change {
  return { kind: 'key material removed', place: { region, account }, keyId, materialId }
}
