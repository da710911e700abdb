import type { KeySpec } from '#records/key.ts'

/** Refuses an encryption algorithm that the key's spec cannot do. Absent means SYMMETRIC_DEFAULT. */
export function requireSymmetric(
  algorithm: string | undefined,
  keySpec: KeySpec,
  fail: (code: 'InvalidKeyUsageException', message: string) => never,
): void {
  if (algorithm !== undefined && algorithm !== 'SYMMETRIC_DEFAULT') {
    fail('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${keySpec}.`)
  }
}
