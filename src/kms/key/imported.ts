/**
 * Imported key material ("Importing key material for AWS KMS keys", AWS KMS Developer Guide), as data to data. A key knows
 * every material that ever became its own, and for each whether its bytes are there: only while all of them are is the key
 * usable. All functions here keep the state of the key and the date of its next expiry true to its materials.
 */
import type { KeyMaterialId } from '#base/brand.ts'
import type {
  ImportedBytes,
  ImportedMaterial,
  ImportedMaterials,
  KeyRecord,
  KeyState,
  RotationType,
} from '#records/key.ts'
import { isPendingDeletion } from './state.ts'

/** What a key of origin EXTERNAL begins with. */
export const nothingImported: ImportedMaterials = { materials: [] }

/** The materials of `key`; none of a key whose material KMS makes. */
export function materialsIn({ imported }: KeyRecord): readonly ImportedMaterial[] {
  return imported?.materials ?? []
}

/** The material that waits for a rotation, if its bytes can be used. */
export function pendingMaterial(key: KeyRecord): ImportedMaterial | undefined {
  return materialsIn(key).find(({ standing, bytes }) => standing === 'pending' && bytes.kind === 'imported')
}

/** `key` with `materials`, and in the state that follows from them. */
function withMaterials<K extends KeyRecord>(key: K, materials: readonly ImportedMaterial[]): K {
  const dates = materials.flatMap(({ bytes }) =>
    bytes.kind === 'absent' || bytes.validTo === undefined ? [] : [bytes.validTo],
  )
  const imported = dates.length === 0 ? { materials } : { materials, nextExpiry: Math.min(...dates) }
  return { ...key, imported, state: stateWith(key.state, materials) }
}

function stateWith(state: KeyState, materials: readonly ImportedMaterial[]): KeyState {
  if (isPendingDeletion(state)) return state
  if (!isComplete(materials)) return { kind: 'PendingImport' }
  return state.kind === 'PendingImport' ? { kind: 'Enabled' } : state
}

function isComplete(materials: readonly ImportedMaterial[]): boolean {
  const permanent = materials.filter(({ standing }) => standing === 'permanent')
  return permanent.length > 0 && permanent.every(({ bytes }) => bytes.kind === 'imported')
}

/**
 * `key` as it is at `now` (epoch milliseconds), whatever is stored of it: what has expired by then counts as expired, and so
 * does the key's state, before the job that deletes it came by. A key without such material is answered as it is.
 */
export function asOf<K extends KeyRecord>(key: K, now: number): K {
  const { imported } = key
  if (imported?.nextExpiry === undefined || imported.nextExpiry > now) return key
  return withMaterials(
    key,
    imported.materials.map((material): ImportedMaterial => {
      const { bytes } = material
      const isExpired = bytes.kind === 'imported' && bytes.validTo !== undefined && bytes.validTo <= now
      return isExpired ? { ...material, bytes: { kind: 'expired', validTo: bytes.validTo } } : material
    }),
  )
}

/** `key` when the wait for its deletion is over without one. */
export function rescued<K extends KeyRecord>(key: K): K {
  const state: KeyState = { kind: 'Disabled' }
  return key.imported === undefined ? { ...key, state } : withMaterials({ ...key, state }, key.imported.materials)
}

/**
 * `key` without the bytes of the materials `gone`. A pending one is forgotten with its bytes, but of a multi-Region key only
 * when it is deleted from the primary (`withoutPending`): its relatives know it too.
 */
export function withoutBytes<K extends KeyRecord>(key: K, gone: readonly KeyMaterialId[]): K {
  return withMaterials(
    key,
    materialsIn(key).flatMap((material): readonly ImportedMaterial[] => {
      if (!gone.includes(material.materialId)) return [material]
      const isForgotten = material.standing === 'pending' && key.multiRegion === undefined
      return isForgotten ? [] : [{ ...material, bytes: { kind: 'absent' } }]
    }),
  )
}

/** What a replica of `key` begins with: it knows all materials, and has the bytes of none. */
export function asReplica<K extends KeyRecord>(key: K): K {
  if (key.imported === undefined) return key
  return withMaterials(
    key,
    key.imported.materials.map((material) => ({ ...material, bytes: { kind: 'absent' } })),
  )
}

/** `key` without the material that waits for a rotation. */
export function withoutPending<K extends KeyRecord>(key: K): K {
  return withMaterials(
    key,
    materialsIn(key).filter(({ standing }) => standing !== 'pending'),
  )
}

/** A replica that is told of what was imported into its primary: of new material, which it has yet to be given, or of words. */
export function informed<K extends KeyRecord>(
  replica: K,
  { materialId, description }: Pick<Imported, 'materialId' | 'description'>,
): K {
  const known = materialsIn(replica)
  const described = description === undefined ? {} : { description }
  if (known.some((material) => material.materialId === materialId)) {
    return withMaterials(
      replica,
      known.map((material) => (material.materialId === materialId ? { ...material, ...described } : material)),
    )
  }
  return withMaterials(replica, [
    ...known,
    { materialId, bytes: { kind: 'absent' }, standing: 'pending', ...described },
  ])
}

/** Whether the bytes of a material are there, and can be used, in each of `keys`: those of a multi-Region key. */
export function isImportedIn(keys: readonly KeyRecord[], materialId: KeyMaterialId): boolean {
  return keys.every((key) =>
    materialsIn(key).some((material) => material.materialId === materialId && material.bytes.kind === 'imported'),
  )
}

/** Whether `key` knows the material: one that expired while it waited for a rotation is forgotten, as in `withoutBytes`. */
export function isKnown({ multiRegion }: KeyRecord, { standing, bytes }: ImportedMaterial): boolean {
  return standing === 'permanent' || bytes.kind === 'imported' || multiRegion !== undefined
}

/** What an import brings. */
export interface Imported {
  readonly materialId: KeyMaterialId
  readonly bytes: Extract<ImportedBytes, { readonly kind: 'imported' }>
  /** Undefined: the one that the material had before, if any. */
  readonly description: string | undefined
}

/**
 * `key` with new bytes of a material. One that it knows keeps its place; the first becomes the current one for ever; any other
 * waits for a rotation.
 */
export function withImported(key: KeyRecord, { materialId, bytes, description }: Imported): KeyRecord {
  const known = materialsIn(key)
  const described = description === undefined ? {} : { description }
  if (known.some((material) => material.materialId === materialId)) {
    return withMaterials(
      key,
      known.map((material) => (material.materialId === materialId ? { ...material, ...described, bytes } : material)),
    )
  }
  const isFirst = key.currentMaterialId === undefined
  const standing = isFirst ? 'permanent' : 'pending'
  return withMaterials(isFirst ? { ...key, currentMaterialId: materialId } : key, [
    ...known,
    { materialId, bytes, standing, ...described },
  ])
}

/** `key` with its pending material as the current one from `date` on. */
export function withPendingCurrent(
  key: KeyRecord,
  materialId: KeyMaterialId,
  date: number,
  type: RotationType,
): KeyRecord {
  return withMaterials(
    { ...key, currentMaterialId: materialId },
    materialsIn(key).map((material) =>
      material.materialId === materialId ? { ...material, standing: 'permanent', rotated: { date, type } } : material,
    ),
  )
}
