import type { KeyObject } from 'node:crypto'

/** Bytes of the modulus of an RSA `key`, which are those of its signatures and of its ciphertexts (RFC 8017 sections 7.1.1, 8.1.1). */
export function modulusBytes(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
}
