/** ECDH (SP 800-56A section 5.7.1.2) and ML-KEM (FIPS 203). */
import { decapsulate, diffieHellman, encapsulate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { keySpecs, type KeySpec } from './key-specs.ts'
import { readPublicKey } from './public-key.ts'
import type { Sm2Operations } from './sm2-operations.ts'

/**
 * The x-coordinate of what `privateKey` of `spec` shares with the owner of the public key in `spki`: 32, 48 or 66 bytes,
 * owned by the caller. Undefined when `spki` is not exactly a public key of the same spec. At once for P-256, whose tenth
 * of a millisecond is less than another thread costs; P-384 and P-521 take 0.5 and 1.3 ms, and keep this thread free. SM2 is
 * none of Node's: `sm2` does it.
 */
export function deriveSharedSecret(
  privateKey: KeyObject,
  spec: KeySpec,
  spki: Buffer,
  sm2: Pick<Sm2Operations, 'agreeSm2'>,
): MaybeAsync<Buffer | undefined> {
  const publicKey = readPublicKey(spec, spki)
  if (publicKey === undefined) return undefined
  if (spec === 'SM2') return sm2.agreeSm2(privateKey, publicKey)
  if (spec === 'ECC_NIST_P256') {
    try {
      return diffieHellman({ privateKey, publicKey })
    } catch {
      return undefined
    }
  }
  return new Promise((resolve) => {
    diffieHellman({ privateKey, publicKey }, (error, secret) => {
      resolve(error instanceof Error ? undefined : secret)
    })
  })
}

/** A fresh secret of 32 bytes, which the caller owns, and what carries it to the owner of the private key. */
export function encapsulateSecret(publicKey: KeyObject): { readonly secret: Buffer; readonly ciphertext: Buffer } {
  const { sharedKey, ciphertext } = encapsulate(publicKey)
  return { secret: sharedKey, ciphertext }
}

/**
 * The secret of 32 bytes in `ciphertext`, owned by the caller; undefined only when it has not the length that the spec asks.
 * Any other bad ciphertext gives another secret (FIPS 203 section 6.3, implicit rejection): that must not be told apart.
 */
export function decapsulateSecret(privateKey: KeyObject, spec: KeySpec, ciphertext: Buffer): Buffer | undefined {
  const { material } = keySpecs[spec]
  if (material.kind !== 'ml-kem' || ciphertext.length !== material.ciphertextBytes) return undefined
  return decapsulate(privateKey, ciphertext)
}
