/**
 * Points of the curves of KMS key specs. Multiplication is OpenSSL's, which takes the same time for every scalar; addition is
 * done here and only ever sees points that everybody may know.
 */
import { createECDH } from 'node:crypto'
import { curves, type Curve, type CurveName } from './curves.ts'
import { inverse, modulo, toBytes, toInteger } from './integers.ts'

/** A point with its affine coordinates; undefined stands for the point at infinity. */
export interface Point {
  readonly x: bigint
  readonly y: bigint
}

/** The point that `bytes` encode uncompressed (SEC 1 section 2.3.4), or undefined when it is not on `curve`. */
export function readPoint(curve: Curve, bytes: Buffer): Point | undefined {
  if (bytes.length !== 1 + 2 * curve.bytes || bytes[0] !== 4) return undefined
  const x = toInteger(bytes.subarray(1, 1 + curve.bytes))
  const y = toInteger(bytes.subarray(1 + curve.bytes))
  if (x >= curve.p || y >= curve.p) return undefined
  return (y * y - (x * x + curve.a) * x - curve.b) % curve.p === 0n ? { x, y } : undefined
}

/** `point` uncompressed. */
export function writePoint({ bytes }: Curve, { x, y }: Point): Buffer {
  return Buffer.concat([Buffer.of(4), toBytes(x, bytes), toBytes(y, bytes)])
}

/** The sum of two points, of which undefined is the one at infinity. */
export function addPoints({ p, a }: Curve, one: Point | undefined, other: Point | undefined): Point | undefined {
  if (one === undefined) return other
  if (other === undefined) return one
  const opposite = one.x === other.x && modulo(one.y + other.y, p) === 0n
  if (opposite) return undefined
  const slope =
    one.x === other.x
      ? (3n * one.x * one.x + a) * inverse(2n * one.y, p)
      : (other.y - one.y) * inverse(other.x - one.x, p)
  const x = modulo(slope * slope - one.x - other.x, p)
  return { x, y: modulo(slope * (one.x - x) - one.y, p) }
}

/** The base point times `scalar` (of the curve's length, the caller's to overwrite), or undefined when it is not in [1, n-1]. */
export function multiplyBase(name: CurveName, scalar: Buffer): Point | undefined {
  const curve = curves[name]
  // A new one each time: it would keep the scalar, which OpenSSL overwrites once the object is garbage.
  const ecdh = createECDH(curve.openssl)
  try {
    ecdh.setPrivateKey(scalar)
  } catch {
    return undefined
  }
  const encoded = ecdh.getPublicKey()
  const x = toInteger(encoded.subarray(1, 1 + curve.bytes))
  return { x, y: toInteger(encoded.subarray(1 + curve.bytes)) }
}

/** The x-coordinate of `point` times `scalar`, which is in [1, n-1]: the caller's to overwrite. */
export function multiply(name: CurveName, scalar: Buffer, point: Point): Buffer {
  const curve = curves[name]
  const ecdh = createECDH(curve.openssl)
  ecdh.setPrivateKey(scalar)
  return ecdh.computeSecret(writePoint(curve, point))
}
