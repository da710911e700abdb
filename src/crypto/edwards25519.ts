/** The curve of Ed25519 (RFC 8032 section 5.1): points that everybody may know, because BigInts are not constant-time. */
import { fromLittleEndian, inverse, modulo, toLittleEndian } from './integers.ts'

/** The field's prime, and the prime order of the base point. */
export const fieldPrime = 2n ** 255n - 19n
export const order = 2n ** 252n + 27742317777372353535851937790883648493n

const p = fieldPrime
/** d of -x^2 + y^2 = 1 + d x^2 y^2, and the base point. */
export const curveD = modulo(-121665n * inverse(121666n, p), p)
export const baseX = 15112221349535400772501151409588531511454012693041857206046113283949847762202n
export const baseY = modulo(4n * inverse(5n, p), p)

/** A point with its affine coordinates; the neutral one is (0, 1). */
export interface EdwardsPoint {
  readonly x: bigint
  readonly y: bigint
}

/** RFC 8032 section 5.1.2. */
export function encodePoint({ x, y }: EdwardsPoint): Buffer {
  return toLittleEndian(y | ((x & 1n) << 255n), 32)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let at = exponent.toString(2), index = 0; index < at.length; index += 1) {
    result = (result * result) % p
    if (at[index] === '1') result = (result * base) % p
  }
  return result
}

const rootOfMinusOne = power(2n, (p - 1n) / 4n)

/** RFC 8032 section 5.1.3; undefined when `bytes` encode no point, or one in a form that is not the only one. */
export function decodePoint(bytes: Buffer): EdwardsPoint | undefined {
  if (bytes.length !== 32) return undefined
  const encoded = fromLittleEndian(bytes)
  const sign = encoded >> 255n
  const y = encoded & ((1n << 255n) - 1n)
  if (y >= p) return undefined
  const u = modulo(y * y - 1n, p)
  const v = modulo(curveD * y * y + 1n, p)
  let x = (u * power(v, 3n) * power((u * power(v, 7n)) % p, (p - 5n) / 8n)) % p
  if (modulo(v * x * x + u, p) === 0n) x = (x * rootOfMinusOne) % p
  if (modulo(v * x * x - u, p) !== 0n || (x === 0n && sign === 1n)) return undefined
  return { x: (x & 1n) === sign ? x : p - x, y }
}

/** Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 section 5.1.4). */
interface Extended {
  readonly X: bigint
  readonly Y: bigint
  readonly Z: bigint
  readonly T: bigint
}

const twoD = (2n * curveD) % p

function extend({ x, y }: EdwardsPoint): Extended {
  return { X: x, Y: y, Z: 1n, T: (x * y) % p }
}

// The formula is complete: it holds for equal and neutral points as well.
function add(one: Extended, other: Extended): Extended {
  const a = ((one.Y - one.X) * (other.Y - other.X)) % p
  const b = ((one.Y + one.X) * (other.Y + other.X)) % p
  const c = (((one.T * twoD) % p) * other.T) % p
  const d = (2n * one.Z * other.Z) % p
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return { X: (e * f) % p, Y: (g * h) % p, Z: (f * g) % p, T: (e * h) % p }
}

function double({ X, Y, Z }: Extended): Extended {
  const a = (X * X) % p
  const b = (Y * Y) % p
  const h = a + b
  const e = h - (((X + Y) * (X + Y)) % p)
  const g = a - b
  const f = ((2n * Z * Z) % p) + g
  return { X: (e * f) % p, Y: (g * h) % p, Z: (f * g) % p, T: (e * h) % p }
}

/** The base point times `s` plus `point` times `k`, all of them public. */
export function multiplyAdd(s: bigint, k: bigint, point: EdwardsPoint): EdwardsPoint {
  const base = extend({ x: baseX, y: baseY })
  const extended = extend(point)
  const both = add(base, extended)
  let sum = extend({ x: 0n, y: 1n })
  for (let bit = 252n; bit >= 0n; bit -= 1n) {
    sum = double(sum)
    const [inS, inK] = [(s >> bit) & 1n, (k >> bit) & 1n]
    if (inS === 1n) sum = add(sum, inK === 1n ? both : base)
    else if (inK === 1n) sum = add(sum, extended)
  }
  const z = inverse(sum.Z, p)
  return { x: modulo(sum.X * z, p), y: modulo(sum.Y * z, p) }
}
