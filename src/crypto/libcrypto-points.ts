/**
 * Points of the SM2 curve times secret scalars by OpenSSL itself (EC_POINT_mul(3)), through Node's foreign function interface:
 * in constant time, and ten times as fast as the portable way. As with libcrypto.ts, whoever opens it has it proved first
 * (self-test.ts), and every function below is OpenSSL 3.5's; a wrong one would end the process.
 */
import type { MultiplySm2 } from './sm2-multiplication.ts'

/** The functions that are needed, in the form that `getFunctions` of node:ffi takes: OpenSSL 3.5's headers say the same. */
export const opensslPointFunctions = {
  EC_GROUP_new_by_curve_name: { return: 'pointer', arguments: ['int32'] },
  EC_POINT_new: { return: 'pointer', arguments: ['pointer'] },
  EC_POINT_clear_free: { return: 'void', arguments: ['pointer'] },
  EC_POINT_oct2point: { return: 'int32', arguments: ['pointer', 'pointer', 'buffer', 'uint64', 'pointer'] },
  EC_POINT_point2oct: {
    return: 'uint64',
    arguments: ['pointer', 'pointer', 'int32', 'buffer', 'uint64', 'pointer'],
  },
  EC_POINT_mul: { return: 'int32', arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'] },
  BN_bin2bn: { return: 'pointer', arguments: ['buffer', 'int32', 'pointer'] },
  BN_clear_free: { return: 'void', arguments: ['pointer'] },
  ERR_clear_error: { return: 'void', arguments: [] },
} as const

/** The same functions, bound. Pointers are bigints, 0 being none. */
export interface OpensslPoints {
  readonly EC_GROUP_new_by_curve_name: (nid: number) => bigint
  readonly EC_POINT_new: (group: bigint) => bigint
  readonly EC_POINT_clear_free: (point: bigint) => void
  readonly EC_POINT_oct2point: (group: bigint, point: bigint, from: Buffer, size: bigint, context: bigint) => number
  readonly EC_POINT_point2oct: (
    group: bigint,
    point: bigint,
    form: number,
    to: Buffer,
    size: bigint,
    context: bigint,
  ) => bigint
  readonly EC_POINT_mul: (
    group: bigint,
    result: bigint,
    baseScalar: bigint,
    point: bigint,
    scalar: bigint,
    context: bigint,
  ) => number
  readonly BN_bin2bn: (from: Buffer, size: number, into: bigint) => bigint
  readonly BN_clear_free: (number: bigint) => void
  readonly ERR_clear_error: () => void
}

// OpenSSL's number of the curve (obj_mac.h, NID_sm2), and of the uncompressed form.
const sm2Curve = 1172
const uncompressed = 4
const pointBytes = 65

/** Multiplies through bound functions of OpenSSL. Throws when it doesn't have the curve. */
export function openMultiplication(openssl: OpensslPoints): MultiplySm2 {
  // Kept for the life of the process.
  const group = openssl.EC_GROUP_new_by_curve_name(sm2Curve)
  if (group === 0n) throw new Error('OpenSSL has no SM2')

  return (scalar, encoded) => {
    const point = openssl.EC_POINT_new(group)
    const product = openssl.EC_POINT_new(group)
    const number = openssl.BN_bin2bn(scalar, scalar.length, 0n)
    try {
      if (point === 0n || product === 0n || number === 0n) throw new Error('OpenSSL has no memory left')
      // It looks whether the point is on the curve.
      if (openssl.EC_POINT_oct2point(group, point, encoded, BigInt(encoded.length), 0n) !== 1) return undefined
      if (openssl.EC_POINT_mul(group, product, 0n, point, number, 0n) !== 1) throw new Error('OpenSSL did not multiply')
      const bytes = Buffer.alloc(pointBytes)
      const size = openssl.EC_POINT_point2oct(group, product, uncompressed, bytes, BigInt(bytes.length), 0n)
      return size === BigInt(pointBytes) ? bytes : undefined
    } finally {
      openssl.EC_POINT_clear_free(point)
      openssl.EC_POINT_clear_free(product)
      openssl.BN_clear_free(number)
      // What stays in the queue would be taken for the error of Node's next call.
      openssl.ERR_clear_error()
    }
  }
}
