/** RSAES-OAEP (RFC 8017 section 7.1) with one hash function for itself and MGF1, and an empty label. */
import { constants, privateDecrypt, publicEncrypt, webcrypto } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { encryptionAlgorithms } from './algorithms.ts'
import { modulusBytes } from './rsa-modulus.ts'

export type OaepAlgorithm = 'RSAES_OAEP_SHA_1' | 'RSAES_OAEP_SHA_256'

const padding = constants.RSA_PKCS1_OAEP_PADDING

/**
 * Whether `ciphertext` is as long as the modulus, which is public (RFC 8017 section 7.1.2, step 1b). OpenSSL takes a ciphertext
 * that lacks its leading zeros for the number that it is.
 */
function isWhole(key: KeyObject, ciphertext: Buffer): boolean {
  return ciphertext.length === modulusBytes(key)
}

/** Encrypts at most `largestPlaintext` bytes. The result has the size of the modulus. Throws RangeError when they are more. */
export function encryptOaep(key: KeyObject, algorithm: OaepAlgorithm, plaintext: Buffer): Buffer {
  const { hash, digestLength } = encryptionAlgorithms[algorithm]
  if (plaintext.length > modulusBytes(key) - 2 * digestLength - 2)
    throw new RangeError('the plaintext is too long for the key')
  return publicEncrypt({ key, padding, oaepHash: hash }, plaintext)
}

/**
 * The plaintext, owned by the caller; undefined for whatever is wrong with the ciphertext, which nobody may learn (RFC 8017
 * section 7.1.2, Manger's attack). Blocks the thread for a private operation: 0.25 ms with RSA-2048, 1.4 ms with RSA-4096.
 */
export function decryptOaep(key: KeyObject, algorithm: OaepAlgorithm, ciphertext: Buffer): Buffer | undefined {
  if (!isWhole(key, ciphertext)) return undefined
  try {
    return privateDecrypt({ key, padding, oaepHash: encryptionAlgorithms[algorithm].hash }, ciphertext)
  } catch {
    return undefined
  }
}

/** The same on another thread, for requests that others must not wait for. */
export async function decryptOaepAside(
  key: KeyObject,
  algorithm: OaepAlgorithm,
  ciphertext: Buffer,
): Promise<Buffer | undefined> {
  if (!isWhole(key, ciphertext)) return undefined
  const name = algorithm === 'RSAES_OAEP_SHA_1' ? 'SHA-1' : 'SHA-256'
  try {
    const usable = key.toCryptoKey({ name: 'RSA-OAEP', hash: name }, false, ['decrypt'])
    return Buffer.from(await webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, usable, new Uint8Array(ciphertext)))
  } catch {
    return undefined
  }
}
