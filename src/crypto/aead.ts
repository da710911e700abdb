/**
 * AES-256-GCM for what is stored: wrapped keys and secrets, bound to the row they belong to. Initialization vectors are
 * random (NIST SP 800-38D section 8.2.2); the few wraps that one domain key ever makes stay far below the 2^32 at which
 * that section asks for a new key. And the same with SM4 (RFC 8998 section 2), for ciphertext blobs of Regions of China.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Bytes of the initialization vector that `wrapBytes` wants: random, never used before with this key. */
export const ivLength = 12
const tagLength = 16
const options = { authTagLength: tagLength }

/** A block cipher in Galois/Counter Mode, with a key of 32 bytes (AES) or of 16 (SM4). */
export type GcmCipher = 'aes-256-gcm' | 'sm4-gcm'

// The types of Node know this mode of AES alone, OpenSSL that of SM4 as well.
declare module 'node:crypto' {
  function createCipheriv(by: GcmCipher, key: KeyObject, iv: Buffer, options: CipherGCMOptions): CipherGCM
  function createDecipheriv(by: GcmCipher, key: KeyObject, iv: Buffer, options: CipherGCMOptions): DecipherGCM
}

/** The parts, each after its length (32 bits, big-endian): distinct lists of parts have distinct bytes. Strings are UTF-8. */
export function lengthPrefixed(...parts: readonly (string | Uint8Array)[]): Buffer {
  let size = 0
  for (const part of parts) size += 4 + (typeof part === 'string' ? Buffer.byteLength(part) : part.length)
  const joined = Buffer.alloc(size)
  let at = 0
  for (const part of parts) {
    const start = at + 4
    if (typeof part === 'string') at = start + joined.write(part, start)
    else {
      joined.set(part, start)
      at = start + part.length
    }
    joined.writeUInt32BE(at - start, start - 4)
  }
  return joined
}

/** IV, ciphertext and tag of `plaintext` under `key`, bound to `aad`. The caller keeps owning all it passes. */
export function wrapBytes(
  key: KeyObject,
  iv: Buffer,
  plaintext: Buffer,
  aad: Buffer,
  by: GcmCipher = 'aes-256-gcm',
): Buffer {
  const cipher = createCipheriv(by, key, iv, options).setAAD(aad)
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([iv, ciphertext, cipher.getAuthTag()])
}

/** What `wrapBytes` wrapped, owned by the caller; undefined when key, bytes or `aad` are not exactly those of the wrapping. */
export function unwrapBytes(
  key: KeyObject,
  wrapped: Buffer,
  aad: Buffer,
  by: GcmCipher = 'aes-256-gcm',
): Buffer | undefined {
  if (wrapped.length < ivLength + tagLength) return undefined
  const end = wrapped.length - tagLength
  const decipher = createDecipheriv(by, key, wrapped.subarray(0, ivLength), options)
  decipher.setAAD(aad).setAuthTag(wrapped.subarray(end))
  const plaintext = decipher.update(wrapped.subarray(ivLength, end))
  try {
    decipher.final()
    return plaintext
  } catch {
    // What came out isn't authentic and may still be close to a secret.
    plaintext.fill(0)
    return undefined
  }
}
