/** What ImportKeyMaterial asks of the members of a request and of the material it brings (API Reference). */
import { dayMs } from '#base/day.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Infer } from '#aws/shape.ts'
import type { KeyArn, KeyMaterialId } from '#base/brand.ts'
import type { ImportedBytes, KeyRecord } from '#records/key.ts'
import type { ExpirationModelType, ImportTypeType } from '../members.ts'
import { materialsIn } from './imported.ts'

const longestMs = 365 * dayMs

interface Expiry {
  readonly ExpirationModel?: Infer<typeof ExpirationModelType> | undefined
  readonly ValidTo?: Date | undefined
}

/** Refuses an expiry without a date, and a date without one. */
export function refuseExpiry({ ExpirationModel = 'KEY_MATERIAL_EXPIRES', ValidTo }: Expiry): Refusal | undefined {
  const expires = ExpirationModel === 'KEY_MATERIAL_EXPIRES'
  if (expires === (ValidTo !== undefined)) return undefined
  return refusal(
    'ValidationException',
    expires
      ? 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES'
      : // Unverified wording.
        'A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
  )
}

/** The bytes of an import at `now` (epoch milliseconds) by when they expire, which is within the year. */
export function importedBytes(
  { ValidTo }: Expiry,
  now: number,
  fail: (code: 'ValidationException', message: string) => never,
): Extract<ImportedBytes, { readonly kind: 'imported' }> {
  if (ValidTo === undefined) return { kind: 'imported' }
  const validTo = ValidTo.getTime()
  // Unverified wording, both.
  if (!(validTo > now)) fail('ValidationException', 'The validTo date must be in the future')
  if (validTo - now > longestMs) fail('ValidationException', 'The validTo date must be within 365 days of the request')
  return { kind: 'imported', validTo }
}

interface OfSymmetricKeys {
  readonly ImportType?: Infer<typeof ImportTypeType> | undefined
  readonly KeyMaterialDescription?: string | undefined
  readonly KeyMaterialId?: string | undefined
}

/** Refuses members that only symmetric keys have, and the id of material that is new: it comes from the material. */
export function requireMembers(
  { keySpec }: Pick<KeyRecord, 'keySpec'>,
  members: OfSymmetricKeys,
  fail: (code: 'ValidationException', message: string) => never,
): void {
  const { ImportType, KeyMaterialDescription, KeyMaterialId } = members
  // Unverified wording, all of them.
  if (keySpec !== 'SYMMETRIC_DEFAULT') {
    const sent = Object.entries({ ImportType, KeyMaterialDescription, KeyMaterialId })
    const [name] = sent.find(([, value]) => value !== undefined) ?? []
    if (name !== undefined) fail('ValidationException', `${name} is only valid for symmetric encryption KMS keys`)
  }
  if (ImportType === 'NEW_KEY_MATERIAL' && KeyMaterialId !== undefined) {
    fail('ValidationException', 'KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL')
  }
}

/**
 * Refuses material that may not be imported into `key`: new material beside other that waits for a rotation, known material as
 * new, and anything that the key doesn't know once it has material.
 */
export function requireImportable(
  key: KeyRecord,
  arn: KeyArn,
  materialId: KeyMaterialId,
  { ImportType, KeyMaterialId }: OfSymmetricKeys,
  fail: (code: 'IncorrectKeyMaterialException' | 'KMSInvalidStateException', message: string) => never,
): void {
  const known = materialsIn(key)
  const isKnown = known.some((material) => material.materialId === materialId)
  const isNew = ImportType === undefined ? known.length === 0 : ImportType === 'NEW_KEY_MATERIAL'
  if (!isNew) {
    // Unverified wording: one for all, so that nobody learns from it what the key knows.
    if (!isKnown || (KeyMaterialId !== undefined && KeyMaterialId !== materialId)) {
      fail('IncorrectKeyMaterialException', 'The key material is not the material that is associated with the KMS key.')
    }
    return
  }
  // Unverified wording.
  if (isKnown) fail('IncorrectKeyMaterialException', 'The key material is already associated with the KMS key.')
  const pending = known.find(({ standing }) => standing === 'pending')
  if (pending === undefined) return
  fail(
    'KMSInvalidStateException',
    `New key material (id: ${materialId}) cannot be imported into KMS key ${arn}, because another key material ` +
      `(id: ${pending.materialId}) is pending rotation.`,
  )
}
