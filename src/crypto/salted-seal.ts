/**
 * Sealing what is handed out to be brought back: more often than the 2^32 times for which one key may be used with random IVs
 * (NIST SP 800-38D section 8.3). So each has a key of its own: HMAC-SHA-256 of a random salt under a key of the hierarchy.
 *
 *     salt 16 ‖ IV 12 ‖ AES-256-GCM(content) ‖ tag 16
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { ivLength, unwrapBytes, wrapBytes } from './aead.ts'
import type { HmacKey } from './hmac.ts'
import { keyLength } from './key-hierarchy.ts'

const saltLength = 16

/** Bytes of the randomness that one seal needs. */
export const sealRandomLength = saltLength + ivLength

/** Seals `content`, bound to `aad`; `random` are `sealRandomLength` random bytes, never used before. All stay the caller's. */
export function sealSalted(parent: HmacKey, random: Buffer, content: Buffer, aad: Buffer): Buffer {
  const salt = random.subarray(0, saltLength)
  return Buffer.concat([salt, wrapBytes(keyOf(parent, salt), random.subarray(saltLength), content, aad)])
}

/** What `sealSalted` sealed, owned by the caller; undefined for anything else. */
export function openSalted(parent: HmacKey, sealed: Buffer, aad: Buffer): Buffer | undefined {
  if (sealed.length < saltLength) return undefined
  return unwrapBytes(keyOf(parent, sealed.subarray(0, saltLength)), sealed.subarray(saltLength), aad)
}

function keyOf(parent: HmacKey, salt: Buffer): KeyObject {
  const bytes = Buffer.alloc(keyLength)
  parent.into(salt, bytes)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
