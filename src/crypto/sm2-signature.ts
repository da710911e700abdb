/**
 * SM2 signatures over a digest that sm2.ts computed (GB/T 32918.2), as DER (GM/T 0009 section 7.3). As in ecdsa-digest.ts,
 * OpenSSL multiplies by the secret, and the one equation that holds secrets is computed on blinded values.
 */
import { curves } from './curves.ts'
import { blindingFactor, drawNonce, readSignature, writeSignature, type RandomBytes } from './ecdsa-digest.ts'
import { inverse, modulo, toBytes, toInteger } from './integers.ts'
import { addPoints, multiplyBase, writePoint, type Point } from './points.ts'
import type { MultiplySm2 } from './sm2-multiplication.ts'

const curve = curves.SM2
const { n, bytes } = curve

/** The signature of `digest` by the private key `scalar` (32 bytes, the caller's to overwrite). Draws from `random`. */
export function signSm2(scalar: Buffer, digest: Buffer, random: RandomBytes): Buffer {
  const e = toInteger(digest)
  for (;;) {
    const { k, point } = drawNonce('SM2', random)
    const r = modulo(e + point.x, n)
    const s = r === 0n ? 0n : blindSignature(scalar, k, r)
    k.fill(0)
    // One in 2^255, but the standard asks for it.
    if (s !== 0n) return writeSignature(bytes, r, s)
  }
}

/** s = (k - rd) / (1 + d), computed as (bk + br) / (b + bd) - r with a blinding factor b; 0 where the standard starts over. */
function blindSignature(scalar: Buffer, k: Buffer, r: bigint): bigint {
  const b = blindingFactor(n, scalar, k)
  const blindKey = (b + b * toInteger(scalar)) % n
  const blindNonce = (b * toInteger(k) + b * r) % n
  return blindNonce === 0n ? 0n : modulo(blindNonce * inverse(blindKey, n) - r, n)
}

/**
 * Whether `signature` (DER) is one of `digest` by the owner of `publicPoint`, a point of the curve. With t = r + s,
 * s G + t Q is t (Q + (s/t) G): nothing of it is secret.
 */
export function verifySm2(publicPoint: Point, digest: Buffer, signature: Buffer, multiply: MultiplySm2): boolean {
  const given = readSignature(n, signature)
  if (given === undefined) return false
  const { r, s } = given
  const t = (r + s) % n
  if (t === 0n) return false
  const sum = addPoints(curve, publicPoint, multiplyBase('SM2', toBytes((s * inverse(t, n)) % n, bytes)))
  if (sum === undefined) return false
  const product = multiply(toBytes(t, bytes), writePoint(curve, sum))
  return product !== undefined && modulo(toInteger(digest) + toInteger(product.subarray(1, 1 + bytes)), n) === r
}
