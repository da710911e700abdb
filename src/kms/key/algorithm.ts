import { algorithmsOf, type Algorithm } from '#crypto/key-specs.ts'
import type { KeyRecord } from '#records/key.ts'

/** Refuses an algorithm that keys of this spec and usage do not have. */
export function requireAlgorithm(
  algorithm: Algorithm,
  { keySpec, keyUsage }: Pick<KeyRecord, 'keySpec' | 'keyUsage'>,
  fail: (code: 'InvalidKeyUsageException', message: string) => never,
): void {
  if (algorithmsOf(keySpec, keyUsage).includes(algorithm)) return
  fail('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${keySpec}.`)
}
