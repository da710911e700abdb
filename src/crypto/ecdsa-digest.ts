/**
 * ECDSA over a digest that somebody else computed (FIPS 186-5 section 6.4), which Node has no call for: its `sign` always
 * hashes. OpenSSL multiplies points, in time that doesn't depend on the scalar; the one equation that holds secrets is
 * computed here, on values blinded by a random factor, because BigInts are not constant-time.
 */
import { hash } from 'node:crypto'
import type { CurveName } from './curves.ts'
import { curves } from './curves.ts'
import { readInteger, readSequence, tags, writeElement, writeInteger } from './der.ts'
import { inverse, modulo, toBytes, toInteger } from './integers.ts'
import { addPoints, multiply, multiplyBase, type Point } from './points.ts'

/** Draws random bytes, owned by the caller. */
export type RandomBytes = (size: number) => Buffer

/**
 * A secret k, the caller's to overwrite, and the base point times it. Bytes that `random` is asked for at a time: once, but
 * for a chance of 2^-32 on P-256 and SM2 and never on others.
 */
export function drawNonce(name: CurveName, random: RandomBytes): { readonly k: Buffer; readonly point: Point } {
  const { bits, bytes } = curves[name]
  for (;;) {
    // FIPS 186-5 section A.3.2: candidates of the order's size until one is in range. The range check is OpenSSL's.
    const k = random(bytes)
    k[0] = (k[0] ?? 0) & (0xff >> (bytes * 8 - bits))
    const point = multiplyBase(name, k)
    if (point !== undefined) return { k, point }
    k.fill(0)
  }
}

/**
 * The signature of `digest` (not longer than the order of the curve), as the DER of RFC 3279 section 2.2.3. `scalar` is the
 * private key, big-endian in the curve's length, and stays the caller's to overwrite. Draws from `random`.
 */
export function signDigest(name: CurveName, scalar: Buffer, digest: Buffer, random: RandomBytes): Buffer {
  const { n, bytes } = curves[name]
  const z = toInteger(digest)
  for (;;) {
    const { k, point } = drawNonce(name, random)
    const r = point.x % n
    const s = r === 0n ? 0n : blindSignature(n, scalar, k, z, r)
    k.fill(0)
    // One in 2^256, but the standard asks for it.
    if (s === 0n) continue
    return writeSignature(bytes, r, s)
  }
}

/** r and s, of at most `bytes` bytes each, as DER. */
export function writeSignature(bytes: number, r: bigint, s: bigint): Buffer {
  return writeElement(tags.sequence, writeInteger(toBytes(r, bytes)), writeInteger(toBytes(s, bytes)))
}

/** A factor from 1 to n-1 that nobody knows and that no other signature has. */
export function blindingFactor(n: bigint, scalar: Buffer, k: Buffer): bigint {
  const seed = Buffer.concat([k, scalar])
  const factor = hash('sha512', seed, 'buffer')
  seed.fill(0)
  const b = (toInteger(factor) % (n - 1n)) + 1n
  factor.fill(0)
  return b
}

/** s = (z + rd) / k, computed as (bz + r(bd)) / (bk) with a blinding factor b. */
function blindSignature(n: bigint, scalar: Buffer, k: Buffer, z: bigint, r: bigint): bigint {
  const b = blindingFactor(n, scalar, k)
  const blindKey = (b * toInteger(scalar)) % n
  const blindNonce = (b * toInteger(k)) % n
  return ((b * z + r * blindKey) * inverse(blindNonce, n)) % n
}

/** r and s of a DER signature, or undefined when it is not exactly one or they are out of range. */
export function readSignature(n: bigint, signature: Buffer): { readonly r: bigint; readonly s: bigint } | undefined {
  const parts = readSequence(signature)
  if (parts?.length !== 2) return undefined
  const [rBytes, sBytes] = [readInteger(parts[0]), readInteger(parts[1])]
  if (rBytes === undefined || sBytes === undefined) return undefined
  const [r, s] = [toInteger(rBytes), toInteger(sBytes)]
  return r === 0n || s === 0n || r >= n || s >= n ? undefined : { r, s }
}

/**
 * Whether `signature` (DER) is one of `digest` by the owner of `publicPoint`, a point of the curve. With u1 = z/s and
 * u2 = r/s, u1 G + u2 Q is u2 (Q + (z/r) G): two multiplications that OpenSSL has and one addition.
 */
export function verifyDigest(name: CurveName, publicPoint: Point, digest: Buffer, signature: Buffer): boolean {
  const curve = curves[name]
  const { n, bytes } = curve
  const given = readSignature(n, signature)
  if (given === undefined) return false
  const { r, s } = given
  const t = modulo(toInteger(digest) * inverse(r, n), n)
  // A digest of 0 modulo n leaves out the base point: multiplyBase answers undefined, the point at infinity.
  const sum = addPoints(curve, publicPoint, multiplyBase(name, toBytes(t, bytes)))
  if (sum === undefined) return false
  const u2 = (r * inverse(s, n)) % n
  return toInteger(multiply(name, toBytes(u2, bytes), sum)) % n === r
}
