/** ListKeyRotations: the materials that rotations have made, in their order; with ALL_KEY_MATERIAL the first one too. */
import { list, oneOf, optional, structure, type Infer } from '#aws/shape.ts'
import { parseKeyMaterialId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
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
    const isListed = ({ rotated }: Pick<KeyMaterialRecord, 'rotated'>): boolean =>
      rotated !== undefined || include === 'ALL_KEY_MATERIAL'
    const behindMarker = <M extends Pick<KeyMaterialRecord, 'materialId'>>(listed: readonly M[]): readonly M[] => {
      if (page.last === undefined) return listed
      const at = listed.findIndex(({ materialId }) => materialId === page.last)
      // Only one that waited for a rotation can be gone meanwhile, and it was the last.
      return at < 0 ? [] : listed.slice(at + 1)
    }
    if (key.record.imported !== undefined) {
      const { record } = key
      const known = materialsIn(record).filter((each) => isListed(each) && isKnown(record, each))
      const [found, end] = paging.end(page, behindMarker(known), ({ materialId }) => materialId)
      const isShared = found.some(({ standing }) => standing === 'pending') && record.multiRegion !== undefined
      return after(isShared ? relativesOf(record, ports.storage) : [], (relatives) => {
        const keys = [record, ...relatives.map((relative) => asOf(relative, facts.now))]
        return { Rotations: found.map((material) => importedEntry(record, material, keys)), ...end }
      })
    }
    return after(ports.storage.materials(placeOfKey(key), key.record.keyId), (materials) => {
      const listed = behindMarker(materials.filter(isListed).sort(inOrder))
      const [found, end] = paging.end(page, listed, ({ materialId }) => materialId)
      return { Rotations: found.map((material) => entry(key.record, material)), ...end }
    })
  },
})

/** By the time of rotation, behind the first material; a clock that was set back doesn't put anything before that. */
function inOrder(left: KeyMaterialRecord, right: KeyMaterialRecord): number {
  const later = (left.rotated?.date ?? 0) - (right.rotated?.date ?? 0)
  if (later !== 0) return later
  return left.materialId < right.materialId ? -1 : 1
}

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
