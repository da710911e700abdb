/** GenerateMac and VerifyMac: HMAC (RFC 2104) over a whole message, with the whole MAC. */
import { timingSafeEqual } from 'node:crypto'
import { macAlgorithms, type KmsMacAlgorithm } from './algorithms.ts'
import { HmacKey } from './hmac.ts'

/** A key for `algorithm`. It copies what it needs of `material`, which stays the caller's to overwrite. */
export function openMacKey(algorithm: KmsMacAlgorithm, material: Buffer): HmacKey {
  return new HmacKey(macAlgorithms[algorithm].hash, material)
}

/** The MAC of `message`, owned by the caller. */
export function generateMac(key: HmacKey, message: Buffer): Buffer {
  const mac = Buffer.alloc(key.macLength)
  key.into(message, mac)
  return mac
}

/** Whether `mac` is the whole MAC of `message`; takes the same time wherever the two differ. */
export function verifyMac(key: HmacKey, message: Buffer, mac: Buffer): boolean {
  if (mac.length !== key.macLength) return false
  const computed = generateMac(key, message)
  const same = timingSafeEqual(computed, mac)
  computed.fill(0)
  return same
}
