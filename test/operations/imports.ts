import { wrappedFor, wrappingFor } from '../support/imports.ts'
import { createKey, region, succeed, textOf, type Json, type Key } from './service.ts'

export const never = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const
export const wrapping = wrappingFor('SYMMETRIC_DEFAULT')

/** A new key that waits for its material. */
export const createExternalKey = (): Promise<Key> => createKey({ Origin: 'EXTERNAL' })

/** The members of ImportKeyMaterial that bring `material` to `key`. */
export async function materialFor(key: Key, material: Buffer, inRegion: string = region): Promise<Json> {
  const { json } = await succeed('GetParametersForImport', { KeyId: key.id, ...wrapping }, inRegion)
  const publicKey = Buffer.from(textOf(json, 'PublicKey'), 'base64')
  const wrapped = wrappedFor(publicKey, wrapping.WrappingAlgorithm, material)
  return { ImportToken: json['ImportToken'], EncryptedKeyMaterial: wrapped.toString('base64'), ...never }
}

/** A new key with imported material. */
export async function createImportedKey(material: Buffer = Buffer.alloc(32, 'i')): Promise<Key> {
  const key = await createExternalKey()
  const { json } = await succeed('ImportKeyMaterial', { KeyId: key.id, ...(await materialFor(key, material)) })
  return { ...key, materialId: textOf(json, 'KeyMaterialId') }
}
