/** Data keys: random bytes for use outside, encrypted under a KMS key. */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { KmsPorts } from '../operation.ts'
import { forgetOnFailure } from './ciphertext.ts'

interface Size {
  readonly KeySpec?: 'AES_128' | 'AES_256' | undefined
  readonly NumberOfBytes?: number | undefined
}

const aes128Bytes = 16
const aes256Bytes = 32

/** Refuses a request that gives the size twice or not at all. */
export function refuseDataKeySize({ KeySpec, NumberOfBytes }: Size): Refusal | undefined {
  return (KeySpec === undefined) === (NumberOfBytes === undefined)
    ? refusal('ValidationException', 'Please specify either number of bytes or key spec.')
    : undefined
}

/** The caller owns both forms. */
export interface DataKey {
  readonly plaintext: SecretBytes
  readonly ciphertext: Buffer
  readonly materialId: KeyMaterialId
}

/** A fresh data key under the current material of `key`, bound to `context`. */
export function makeDataKey(
  key: LiveKey,
  { KeySpec, NumberOfBytes }: Size,
  context: Buffer,
  { directory, random }: KmsPorts,
): MaybeAsync<DataKey> {
  const size = NumberOfBytes ?? (KeySpec === 'AES_128' ? aes128Bytes : aes256Bytes)
  return after(directory.currentMaterial(key, 'symmetric'), (material) => {
    const plaintext = new SecretBytes(random.bytes(size))
    return forgetOnFailure(plaintext, (bytes) =>
      after(material.encrypt(bytes, context), (ciphertext) => ({
        plaintext,
        ciphertext,
        materialId: material.materialId,
      })),
    )
  })
}
