import type { KeyMaterialId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { KeyMaterialRecord, KeyRecord } from '#records/key.ts'

/** What new material is made for. */
export type MaterialOwner = Pick<
  KeyRecord,
  'region' | 'account' | 'keyId' | 'creationDate' | 'origin' | 'keySpec' | 'keyUsage'
>

/** Where key material lives and works. */
export interface KeyStore {
  /** Makes new key material and answers its wrapped record; nothing is stored yet. */
  generate(owner: MaterialOwner): MaybeAsync<KeyMaterialRecord>
  /** Opens material for use. Throws IntegrityError when the record is not what the key store wrapped. */
  open(record: KeyMaterialRecord): MaybeAsync<SymmetricMaterial>
}

/** Symmetric material, ready to use; cached by its user. It holds bytes until it is garbage. */
export interface SymmetricMaterial {
  readonly materialId: KeyMaterialId
  /**
   * Encrypts `plaintext` (at most 4,096 bytes, owned by the caller) bound to `context` (canonical encryption context) into a
   * ciphertext blob, which the caller owns.
   */
  encrypt(plaintext: Buffer, context: Buffer): MaybeAsync<Buffer>
  /** The plaintext of `blob`, or undefined when blob or context are not exactly what was encrypted. */
  decrypt(blob: Buffer, context: Buffer): MaybeAsync<SecretBytes | undefined>
}
