/** ListKeyRotations: the materials that rotations have made, in their order; with ALL_KEY_MATERIAL the first one too. */
import { list, oneOf, optional, structure, type Infer } from '#aws/shape.ts'
import { parseKeyMaterialId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { RotationPlace } from '#ports/storage.ts'
import type { ImportedMaterial, KeyMaterialRecord, KeyRecord } from '#records/key.ts'
import { asOf, isImportedIn, isKnown, materialsIn } from '../key/imported.ts'
import { expiry } from '../key/metadata.ts'
import { relativesOf } from '../key/multi-region.ts'
import { requireRotatable } from '../key/rotation.ts'
import { keyIn, placeOfKey } from '../key/target.ts'
import {
  DateType,
  ExpirationModelType,
  ImportStateType,
  KeyIdType,
  KeyMaterialDescriptionType,
  KeyMaterialIdType,
  KeyMaterialStateType,
  LimitType,
  MarkerType,
  RotationTypeType,
  TruncatedType,
} from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const RotationsListEntry = structure({
  KeyId: optional(KeyIdType),
  KeyMaterialId: optional(KeyMaterialIdType),
  KeyMaterialDescription: optional(KeyMaterialDescriptionType),
  ImportState: optional(ImportStateType),
  KeyMaterialState: optional(KeyMaterialStateType),
  ExpirationModel: optional(ExpirationModelType),
  ValidTo: optional(DateType),
  RotationDate: optional(DateType),
  RotationType: optional(RotationTypeType),
})

const paging = new Paging('ListKeyRotations', { defaultLimit: 100, maxLimit: 1000 })

export const ListKeyRotations = readOperation({
  name: 'ListKeyRotations',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    IncludeKeyMaterial: optional(oneOf('ALL_KEY_MATERIAL', 'ROTATIONS_ONLY')),
    Limit: optional(LimitType),
    Marker: optional(MarkerType),
  },
  output: { Rotations: list(RotationsListEntry), NextMarker: optional(MarkerType), Truncated: TruncatedType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ListKeyRotations',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  check: (input) => paging.check(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListKeyRotations',
  errors: [
    'InvalidArnException',
    'InvalidMarkerException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'IncludeKeyMaterial', 'Limit', 'Marker'], response: [] },
  handle({ targets: { key }, facts, ports, fail }, input) {
    requireRotatable(key.record, fail)
    const include = input.IncludeKeyMaterial ?? 'ROTATIONS_ONLY'
    const page = paging.start(input, JSON.stringify([key.arn, include]), parseKeyMaterialId, fail)
    if (key.record.imported !== undefined) {
      const { record } = key
      const known = materialsIn(record).filter(
        (each) => (each.rotated !== undefined || include === 'ALL_KEY_MATERIAL') && isKnown(record, each),
      )
      const at = known.findIndex(({ materialId }) => materialId === page.last)
      // Only one that waited for a rotation can be gone since the marker named it, and it was the last.
      const listed = page.last !== undefined && at < 0 ? [] : known.slice(at + 1)
      const [found, end] = paging.end(page, listed, ({ materialId }) => materialId)
      const isShared = found.some(({ standing }) => standing === 'pending') && record.multiRegion !== undefined
      return after(isShared ? relativesOf(record, ports.storage) : [], (relatives) => {
        const keys = [record, ...relatives.map((relative) => asOf(relative, facts.now))]
        return { Rotations: found.map((material) => importedEntry(record, material, keys)), ...end }
      })
    }
    const { keyId } = key.record
    const place = placeOfKey(key)
    const begin: RotationPlace = include === 'ALL_KEY_MATERIAL' ? 'nothing' : 'the first'
    const last: MaybeAsync<RotationPlace | undefined> =
      page.last === undefined ? begin : ports.storage.material(place, keyId, page.last)
    return after(last, (from) =>
      after(
        from === undefined ? [] : ports.storage.materialsByRotation(place, keyId, from, page.limit + 1),
        (materials) => {
          const [found, end] = paging.end(page, materials, ({ materialId }) => materialId)
          return { Rotations: found.map((material) => entry(key.record, material)), ...end }
        },
      ),
    )
  },
})

/** `keys`: those of the multi-Region key, or `key` alone. */
function importedEntry(
  key: KeyRecord,
  material: ImportedMaterial,
  keys: readonly KeyRecord[],
): Infer<typeof RotationsListEntry> {
  const { materialId, bytes, description, standing } = material
  const pending = isImportedIn(keys, materialId) ? 'PENDING_ROTATION' : 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION'
  return {
    ...entry(key, material),
    ...(standing === 'pending' ? { KeyMaterialState: pending } : {}),
    ...(description === undefined ? {} : { KeyMaterialDescription: description }),
    ...(bytes.kind === 'imported'
      ? { ImportState: 'IMPORTED', ...expiry(bytes.validTo) }
      : { ImportState: 'PENDING_IMPORT' }),
  }
}

function entry(
  key: KeyRecord,
  { materialId, rotated }: Pick<KeyMaterialRecord, 'materialId' | 'rotated'>,
): Infer<typeof RotationsListEntry> {
  return {
    KeyId: key.keyId,
    KeyMaterialId: materialId,
    KeyMaterialState: materialId === key.currentMaterialId ? 'CURRENT' : 'NON_CURRENT',
    ...(rotated === undefined ? {} : { RotationDate: new Date(rotated.date), RotationType: rotated.type }),
  }
}
