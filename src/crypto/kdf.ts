/**
 * Key derivation for one encryption: a single invocation of NIST SP 800-108r1 section 4.1 (counter mode) whose one block of
 * HMAC-SHA-512 gives both the encryption key and the commitment to it.
 */
import { copyBytes } from '#base/secret-memory.ts'
import type { HmacKey } from './hmac.ts'

/** Bytes of the nonce that makes each encryption's key another one. */
export const nonceLength = 24

/** Bytes that one derivation gives: the AES-256 key (whose first half is that of SM4), then the commitment, 32 each. */
export const derivedLength = 64

const label = 'trent/enc/v1'
const contextStart = 4 + label.length + 1

/** Bytes of what a derivation is bound to beside its nonce: key id (16), then key material id (32). */
export const identityLength = 48

const nonceStart = contextStart + identityLength

// counter ‖ label ‖ 0 ‖ key id ‖ material id ‖ nonce ‖ output bits. One buffer for all keys: nothing awaits between filling
// and using it, and none of it is secret.
const input = Buffer.alloc(nonceStart + nonceLength + 4)
input.writeUInt32BE(1, 0)
input.write(label, 4, 'latin1')
input.writeUInt32BE(derivedLength * 8, nonceStart + nonceLength)

/**
 * Derives into `target` (64 bytes, the caller's to overwrite) for `identity` (48 bytes) with the nonce at `offset` of
 * `source`.
 */
export function derive(prf: HmacKey, identity: Buffer, source: Buffer, offset: number, target: Buffer): void {
  copyBytes(identity, 0, identityLength, input, contextStart)
  copyBytes(source, offset, nonceLength, input, nonceStart)
  prf.into(input, target)
}
