/**
 * Points of the SM2 curve times secret scalars, which Node.js has no call for: its ECDH refuses the curve. This is the way
 * that every Node.js runs; libcrypto-points.ts is the other. BigInts are not constant-time: the scalar and the coordinates are
 * blinded anew for each product, and the ladder does the same for every bit, but who must rule timing out needs the other way.
 */
import { curves } from './curves.ts'
import type { RandomBytes } from './ecdsa-digest.ts'
import { inverse, modulo, toInteger } from './integers.ts'
import { readPoint, writePoint } from './points.ts'

/**
 * `scalar` (32 bytes, from 1 to n-1) times `point` (uncompressed, 65 bytes): uncompressed, and owned by the caller, as both
 * arguments are. Undefined when `point` is none of the curve.
 */
export type MultiplySm2 = (scalar: Buffer, point: Buffer) => Buffer | undefined

/** x/z and y/z, or the point at infinity where z is 0. */
interface Projective {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

const curve = curves.SM2
const { p, a, b, n } = curve

/** Any sum, doubling included, by one formula (Renes, Costello and Batina, "Complete addition formulas", section 3.1). */
function add(one: Projective, other: Projective): Projective {
  const xx = (one.x * other.x) % p
  const yy = (one.y * other.y) % p
  const zz = (one.z * other.z) % p
  const xy = (one.x * other.y + other.x * one.y) % p
  const xz = (one.x * other.z + other.x * one.z) % p
  const yz = (one.y * other.z + other.y * one.z) % p
  const tangent = (3n * xx + a * zz) % p
  const shift = (a * xz + 3n * b * zz) % p
  const rest = (a * xx + 3n * b * xz - a * a * zz) % p
  return {
    x: (xy * (yy - shift) - yz * rest) % p,
    y: (tangent * rest + (yy + shift) * (yy - shift)) % p,
    z: (yz * (yy + shift) + xy * tangent) % p,
  }
}

// Of the factors that blind the scalar and the coordinates.
const scalarFactorBits = 64
const scalarFactorBytes = scalarFactorBits / 8
const coordinateFactorBytes = 32
const ladderBits = curve.bits + scalarFactorBits + 1

/** Multiplies in JavaScript: some 4 ms for each product. Draws from `random`. */
export function portableMultiplication(random: RandomBytes): MultiplySm2 {
  function factor(bytes: number): bigint {
    const drawn = random(bytes)
    const value = (toInteger(drawn) % (p - 1n)) + 1n
    drawn.fill(0)
    return value
  }

  return (scalar, encoded) => {
    const point = readPoint(curve, encoded)
    if (point === undefined) return undefined
    const blind = toInteger(scalar) + factor(scalarFactorBytes) * n
    const z = factor(coordinateFactorBytes)
    // Montgomery's ladder: the two always differ by the point.
    let low: Projective = { x: 0n, y: factor(coordinateFactorBytes), z: 0n }
    let high: Projective = { x: (point.x * z) % p, y: (point.y * z) % p, z }
    for (let bit = ladderBits; bit >= 0; bit -= 1) {
      const sum = add(low, high)
      const isSet = Number((blind >> BigInt(bit)) & 1n)
      const pair = [low, high] as const
      const doubled = pair[isSet === 0 ? 0 : 1]
      const next = add(doubled, doubled)
      ;[low, high] = isSet === 0 ? [next, sum] : [sum, next]
    }
    const denominator = inverse(low.z, p)
    return writePoint(curve, { x: modulo(low.x * denominator, p), y: modulo(low.y * denominator, p) })
  }
}
