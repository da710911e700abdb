/**
 * Encryption under KMS keys, whichever algorithm: for Encrypt, Decrypt and ReEncrypt. Symmetric ciphertexts name their key and
 * are bound to an encryption context; those of key pairs are the bare output of the algorithm.
 */
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import type { EncryptionAlgorithm } from '#crypto/algorithms.ts'
import { largestPlaintext } from '#crypto/key-specs.ts'
import type { KeyDirectory, LiveKey } from '#ports/key-directory.ts'
import { requireAlgorithm } from './algorithm.ts'
import { openCiphertext, type Opened } from './ciphertext.ts'
import { canonicalContext } from './context.ts'

// Bytes of `Plaintext` (API Reference). Whoever encrypts with SM2 outside can encrypt more than Encrypt does, up to this.
const largestAnswer = 4096

/** How something is or was encrypted. */
export interface Encryption {
  readonly algorithm: EncryptionAlgorithm
  readonly context: ReadonlyMap<string, string> | undefined
}

/** The caller owns `ciphertext`. Key pairs have one material, whose id AWS shows nowhere. */
export interface Encrypted {
  readonly ciphertext: Buffer
  readonly materialId: KeyMaterialId | undefined
}

type RefuseEncryption = (
  code: 'ValidationException' | 'InvalidKeyUsageException' | 'InvalidCiphertextException' | 'IncorrectKeyException',
  message?: string,
) => never

// "Encryption context": "You cannot specify an encryption context in a cryptographic operation with an asymmetric KMS key".
function refuseContext(
  { algorithm, context }: Encryption,
  fail: (code: 'ValidationException', message: string) => never,
): void {
  if (context === undefined || context.size === 0) return
  // Unverified wording.
  fail('ValidationException', `EncryptionContext is not supported by algorithm ${algorithm}.`)
}

/** `plaintext`, which stays the caller's, under the current material of `key`. */
export function encryptUnder(
  key: LiveKey,
  encryption: Encryption,
  plaintext: Buffer,
  directory: KeyDirectory,
  fail: (code: 'ValidationException' | 'InvalidKeyUsageException', message?: string) => never,
): MaybeAsync<Encrypted> {
  const { algorithm, context } = encryption
  requireAlgorithm(algorithm, key.record, fail)
  if (algorithm === 'SYMMETRIC_DEFAULT') {
    const bound = canonicalContext(context, fail)
    return after(directory.currentMaterial(key, 'symmetric'), (material) =>
      after(material.encrypt(plaintext, bound), (ciphertext) => ({ ciphertext, materialId: material.materialId })),
    )
  }
  refuseContext(encryption, fail)
  const { keySpec } = key.record
  const most = largestPlaintext(keySpec, algorithm)
  if (plaintext.length > most) {
    const what = `Algorithm ${algorithm} and key spec ${keySpec}`
    fail('ValidationException', `${what} cannot encrypt data larger than ${most} bytes.`)
  }
  return after(directory.currentMaterial(key, 'decryption'), (material) =>
    after(material.encrypt(algorithm, plaintext), (ciphertext) => ({ ciphertext, materialId: undefined })),
  )
}

/** What decryption gives: symmetric material is told apart by its id, key pairs have one and show none. */
export type Decrypted = Omit<Opened, 'materialId'> & Partial<Pick<Opened, 'materialId'>>

/** The plaintext of `ciphertext`. Whatever is wrong with it is an InvalidCiphertextException that says nothing more. */
export function decryptUnder(
  key: LiveKey,
  encryption: Encryption,
  ciphertext: Buffer | undefined,
  directory: KeyDirectory,
  fail: RefuseEncryption,
): MaybeAsync<Decrypted> {
  const { algorithm, context } = encryption
  requireAlgorithm(algorithm, key.record, fail)
  if (algorithm === 'SYMMETRIC_DEFAULT') {
    return openCiphertext(key, ciphertext, canonicalContext(context, fail), directory, fail)
  }
  refuseContext(encryption, fail)
  if (ciphertext === undefined) return fail('InvalidCiphertextException')
  return after(directory.currentMaterial(key, 'decryption'), (material) =>
    after(material.decrypt(algorithm, ciphertext), (plaintext) => {
      if (plaintext === undefined) return fail('InvalidCiphertextException')
      if (plaintext.length <= largestAnswer) return { plaintext }
      plaintext.destroy()
      return fail('InvalidCiphertextException')
    }),
  )
}
