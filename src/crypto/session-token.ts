/**
 * The token of temporary credentials carries all that must be known of the session, sealed, and their secret access key can
 * be computed again from it: so any worker verifies them without a look into the database, and nothing of them is stored.
 *
 *     token = base64url(version 1 ‖ what salted-seal.ts makes of the content)
 */
import { timingSafeEqual } from 'node:crypto'
import { SecretBytes } from '#base/secret-bytes.ts'
import { lengthPrefixed } from './aead.ts'
import { keyLength, type Hierarchy } from './key-hierarchy.ts'
import { openSalted, sealRandomLength, sealSalted } from './salted-seal.ts'

const version = 1

/** Bytes of the randomness that a token needs. */
export const tokenRandomLength = sealRandomLength

/** Characters of a secret access key. */
export const secretLength = 40

/** The token that carries `content`; `random` are `tokenRandomLength` random bytes, never used before. */
export function sealToken(hierarchy: Hierarchy, random: Buffer, content: string): string {
  const sealed = sealSalted(hierarchy.sessionToken, random, Buffer.from(content), identity(hierarchy))
  return Buffer.concat([Buffer.of(version), sealed]).toString('base64url')
}

/** What `sealToken` sealed in this installation; undefined for any other text, if only one that decodes to the same bytes. */
export function openToken(hierarchy: Hierarchy, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url')
  // The decoder skips what it does not know.
  if (bytes[0] !== version || bytes.toString('base64url') !== token) return undefined
  return openSalted(hierarchy.sessionToken, bytes.subarray(1), identity(hierarchy))?.toString()
}

/** The secret access key (40 characters of base64, the caller's to destroy) of credentials issued at `issuedAt`. */
export function sessionSecret(hierarchy: Hierarchy, accessKeyId: string, issuedAt: number): SecretBytes {
  const mac = Buffer.alloc(keyLength)
  hierarchy.sessionSecret.into(lengthPrefixed('session-secret', accessKeyId, String(issuedAt)), mac)
  const secret = Buffer.alloc(secretLength)
  encode(mac, secret)
  mac.fill(0)
  return new SecretBytes(secret)
}

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/** Base64 of as many bytes as fill `target`: Buffer's own would leave the secret in a string. */
function encode(source: Buffer, target: Buffer): void {
  let from = 0
  for (let at = 0; at < target.length; at += 4) {
    const group = source.readUIntBE(from, 3)
    for (let digit = 0; digit < 4; digit += 1) target[at + digit] = alphabet[(group >>> (18 - digit * 6)) & 63] ?? 0
    from += 3
  }
}

function identity(hierarchy: Hierarchy): Buffer {
  return lengthPrefixed('session-token', hierarchy.installationId, String(version))
}

// Nothing awaits between filling and comparing it; a view of its own for each length would cost as much as the writing.
let room = Buffer.alloc(2048)
let presented = room.subarray(0, 0)

/** Whether `token` is the one held, which is ASCII; takes the same time wherever the two differ. */
export function sameToken(held: Buffer, token: string): boolean {
  if (token.length !== held.length) return false
  if (room.length < held.length) room = Buffer.alloc(held.length)
  if (presented.length !== held.length) presented = room.subarray(0, held.length)
  // Not latin1, which would cut U+0161 down to an 'a'.
  presented.write(token, 0, 'utf8')
  return timingSafeEqual(presented, held)
}
