/** What the tests of GenerateMac and VerifyMac share. */
import { createKey, type Json, type Key } from './service.ts'

/** A new key of `KeySpec`. */
export const createMacKey = (KeySpec = 'HMAC_256'): Promise<Key> =>
  createKey({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' })

/** Key spec, algorithm and bytes of a MAC. */
export const kinds = [
  ['HMAC_224', 'HMAC_SHA_224', 28],
  ['HMAC_256', 'HMAC_SHA_256', 32],
  ['HMAC_384', 'HMAC_SHA_384', 48],
  ['HMAC_512', 'HMAC_SHA_512', 64],
] as const

/** A request about `key`, whose spec is HMAC_256. */
export const macRequest = (key: Key, Message: string): Json => ({
  KeyId: key.id,
  Message,
  MacAlgorithm: 'HMAC_SHA_256',
})
