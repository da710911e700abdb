/**
 * DeleteImportedKeyMaterial: the bytes of one material are gone at once, and with them the use of the key, until the same are
 * imported again. Material that only waits for a rotation goes without harm. A key without material stays as it is.
 */
import { optional, string } from '#aws/shape.ts'
import { sweep, sweepingChanges } from '../key/expired.ts'
import { materialsIn, withoutBytes } from '../key/imported.ts'
import { keyIn, placeOfKey } from '../key/target.ts'
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
    const gone = found?.bytes.kind === 'imported' ? [found.materialId] : []
    if (gone.length === 0 && swept.changes.length === 0) return { output, changes: [] }
    const { keyId } = key.record
    return {
      output,
      changes: [
        ...sweepingChanges(swept),
        { kind: 'key changed', key: withoutBytes(swept.key, gone) },
        ...gone.map(
          (materialId) => ({ kind: 'key material removed', place: placeOfKey(key), keyId, materialId }) as const,
        ),
      ],
    }
  },
})
