/** The key material that a seed chooses for a key: what it is, when it came, and its records. */
import type { KeyMaterialId, Region } from '#base/brand.ts'
import { dayMs } from '#base/day.ts'
import { importedMaterial } from '#crypto/imported-material.ts'
import { randomMaterialLength } from '#crypto/key-pair.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import type { MaterialOwner } from '#ports/key-store.ts'
import type { ImportedBytes, KeyMaterialRecord } from '#records/key.ts'
import type { Planning } from './planning.ts'
import type { SeedKey, SeedMaterial } from './seed.ts'

// As long as imported key material may last (API Reference, ImportKeyMaterial).
const longestMs = 365 * dayMs

/** The ids of the chosen materials; undefined when one is none that the key can have, which is noted. */
export async function materialIds(
  { materials, keySpec, keyId }: SeedKey,
  region: Region,
  { problems }: Planning,
): Promise<readonly (KeyMaterialId | undefined)[] | undefined> {
  const before = problems.length
  const ids: (KeyMaterialId | undefined)[] = []
  for (const { where, bytes } of materials) {
    const kept = bytes === undefined ? undefined : await importedMaterial(keySpec, bytes.insecureSecretAccess(), region)
    if (bytes !== undefined && kept === undefined) {
      problems.push(`${where}: this is no key material of ${keySpec}${sizeOf(keySpec, region)}`)
    }
    ids.push(kept === undefined ? undefined : keyMaterialId(kept, keyId))
    kept?.fill(0)
  }
  return problems.length === before ? ids : undefined
}

function sizeOf(spec: KeySpec, region: Region): string {
  const length = randomMaterialLength(spec, region)
  if (length === undefined)
    return '; write a whole private key in PKCS #8, of a key spec whose material can be imported'
  return spec === 'SYMMETRIC_DEFAULT' ? `; write ${length} bytes` : `; write ${length} to 128 bytes`
}

/** The records of the key material of `owner`, one for each of `dates`; undefined when two are the same, which is noted. */
export async function materialRecords(
  owner: Omit<MaterialOwner, 'creationDate'>,
  { where, materials }: SeedKey,
  dates: readonly number[],
  { keyStore, problems }: Planning,
): Promise<readonly KeyMaterialRecord[] | undefined> {
  const records: KeyMaterialRecord[] = []
  for (const [index, creationDate] of dates.entries()) {
    const material = materials[index]
    const made = await record({ ...owner, creationDate }, material, keyStore)
    // Of imported material it is the key that knows when it was rotated.
    const isRotation = index > 0 && material !== undefined && owner.origin === 'AWS_KMS'
    records.push(isRotation ? { ...made, rotated: { date: creationDate, type: material.rotated.type } } : made)
  }
  if (new Set(records.map(({ materialId }) => materialId)).size === records.length) return records
  problems.push(`${where}: two key materials are the same; a rotation brings another one`)
  return undefined
}

async function record(
  owner: MaterialOwner,
  material: SeedMaterial | undefined,
  keyStore: Planning['keyStore'],
): Promise<KeyMaterialRecord> {
  if (material?.bytes === undefined) return await keyStore.generate(owner)
  const adopted = await keyStore.adopt(owner, material.bytes)
  if (adopted === undefined) throw new TypeError('key material was looked at before')
  return adopted
}

/** The creation date, then the dates of the rotations: a second apart where the seed names none. */
export function datesOf(
  { where, created, materials }: SeedKey,
  { problems, now }: Planning,
): readonly [number, ...number[]] | undefined {
  const count = Math.max(materials.length, 1)
  const first = created ?? Math.min(now, ...namedDates(materials)) - (count - 1) * 1000
  const later: number[] = []
  for (const { rotated } of materials.slice(1)) later.push(rotated.date ?? (later.at(-1) ?? first) + 1000)
  const dates = [first, ...later] as const
  const wrong = dates.find((date, index) => date > now || date < (dates[index - 1] ?? date))
  if (wrong === undefined) return [first, ...later]
  const text = new Date(wrong).toISOString()
  problems.push(
    `${where}: ${text} is in the future or before an earlier date; write creation and rotations in their order`,
  )
  return undefined
}

function namedDates(materials: readonly SeedMaterial[]): readonly number[] {
  return materials.slice(1).flatMap(({ rotated: { date } }) => (date === undefined ? [] : [date]))
}

/** Where the bytes of imported material are, from now on; undefined when they may not expire then, which is noted. */
export function importedBytes(
  { imported }: SeedMaterial,
  { problems, now }: Planning,
): Extract<ImportedBytes, { readonly kind: 'imported' }> | undefined {
  const expires = imported?.expires
  if (expires === undefined) return { kind: 'imported' }
  const { value, where } = expires
  const validTo = 'date' in value ? value.date : now + value.days * dayMs
  if (validTo > now && validTo - now <= longestMs) return { kind: 'imported', validTo }
  problems.push(
    `${where}: ${new Date(validTo).toISOString()} is not within the next 365 days; write another date, or expires-in-days`,
  )
  return undefined
}
