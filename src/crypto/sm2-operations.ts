/** What is done with SM2 keys beside signatures, none of which Node.js offers. It takes as long as multiplying points does. */
import { ECDH, type KeyObject } from 'node:crypto'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { curves } from './curves.ts'
import type { RandomBytes } from './ecdsa-digest.ts'
import { privateScalar } from './private-key.ts'
import { publicKeyBits } from './public-key.ts'
import { decryptSm2, encryptSm2 } from './sm2-encryption.ts'
import type { MultiplySm2 } from './sm2-multiplication.ts'

/** With keys that were read as keys of SM2. The caller owns all answers, and keeps what it gave. */
export interface Sm2Operations {
  /** The ciphertext of `plaintext`, one byte or more (sm2-encryption.ts). */
  encryptSm2(publicKey: KeyObject, plaintext: Buffer): MaybeAsync<Buffer>
  /** The plaintext; undefined for whatever is wrong with the ciphertext. */
  decryptSm2(privateKey: KeyObject, ciphertext: Buffer): MaybeAsync<Buffer | undefined>
  /** The x-coordinate of what the owners of the two keys share (SP 800-56A section 5.7.1.2): 32 bytes. */
  agreeSm2(privateKey: KeyObject, publicKey: KeyObject): MaybeAsync<Buffer>
}

/** The operations on the calling thread, which they block. */
export function sm2Operations(multiply: MultiplySm2, random: RandomBytes): Sm2Operations {
  function withScalar<T>(privateKey: KeyObject, use: (scalar: Buffer) => T): T {
    const scalar = privateScalar(privateKey, 'SM2')
    try {
      return use(scalar)
    } finally {
      scalar.fill(0)
    }
  }

  return {
    encryptSm2: (publicKey, plaintext) => encryptSm2(pointOf(publicKey), plaintext, multiply, random),
    decryptSm2: (privateKey, ciphertext) =>
      withScalar(privateKey, (scalar) => decryptSm2(scalar, ciphertext, multiply)),
    agreeSm2: (privateKey, publicKey) => {
      const product = withScalar(privateKey, (scalar) => multiply(scalar, pointOf(publicKey)))
      if (product === undefined) throw new TypeError('the public key is not on the curve')
      const secret = Buffer.from(product.subarray(1, 1 + curves.SM2.bytes))
      product.fill(0)
      return secret
    },
  }
}

/** The point of a public key, uncompressed however it was written. */
export function pointOf(publicKey: KeyObject): Buffer {
  const bits = publicKeyBits(publicKey)
  if (bits[0] === 4) return bits
  const whole = ECDH.convertKey(bits, curves.SM2.openssl, undefined, undefined, 'uncompressed')
  return typeof whole === 'string' ? Buffer.from(whole, 'latin1') : whole
}
