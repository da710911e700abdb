/**
 * Key derivation for one encryption: a single invocation of NIST SP 800-108r1 section 4.1 (counter mode) whose one block of
 * HMAC-SHA-512 gives both the encryption key and the commitment to it.
 */
import type { HmacKey } from './hmac.ts'

/** Bytes of the nonce that makes each encryption's key another one. */
export const nonceLength = 24

/** Bytes that one derivation gives: the AES-256 key, then the commitment, 32 each. */
export const derivedLength = 64

const label = 'trent/enc/v1'
const contextStart = 4 + label.length + 1
const nonceStart = contextStart + 16 + 32

/**
 * The input of the derivation for a material, with room for a nonce:
 * counter ‖ label ‖ 0 ‖ key id (16) ‖ material id (32) ‖ nonce (24) ‖ output bits.
 */
export function derivationInput(keyId: Buffer, materialId: Buffer): Buffer {
  const input = Buffer.alloc(nonceStart + nonceLength + 4)
  input.writeUInt32BE(1, 0)
  input.write(label, 4, 'latin1')
  keyId.copy(input, contextStart)
  materialId.copy(input, contextStart + 16)
  input.writeUInt32BE(derivedLength * 8, nonceStart + nonceLength)
  return input
}

/** Derives into `target` (64 bytes, the caller's to overwrite) with the nonce at `offset` of `source`, which passes through `input`. */
export function derive(prf: HmacKey, input: Buffer, source: Buffer, offset: number, target: Buffer): void {
  source.copy(input, nonceStart, offset, offset + nonceLength)
  prf.into(input, target)
}
