/**
 * Big-endian octet strings and integers (RFC 8017 section 4), and arithmetic modulo an odd number. BigInts take time that
 * depends on their values and stay in memory until they are garbage: whoever computes with a secret blinds it first.
 */

/** The non-negative integer that `bytes` spell. */
export function toInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value = 0n
  let at = 0
  for (; at < bytes.length % 8; at += 1) value = (value << 8n) | BigInt(view.getUint8(at))
  for (; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at)
  return value
}

/** `value` in exactly `length` bytes, owned by the caller. `value` must be smaller than 256 ** length. */
export function toBytes(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let rest = value
  let at = length
  for (; at >= 8; at -= 8) {
    bytes.writeBigUInt64BE(BigInt.asUintN(64, rest), at - 8)
    rest >>= 64n
  }
  for (; at > 0; at -= 1) {
    bytes[at - 1] = Number(rest & 0xffn)
    rest >>= 8n
  }
  if (rest !== 0n) throw new RangeError('the integer does not fit')
  return bytes
}

/** `value` modulo `modulus`, never negative. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus
  return rest < 0n ? rest + modulus : rest
}

/** The inverse of `value` modulo the prime `modulus`, by Euclid's algorithm. Throws RangeError when it is 0. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, divisor] = [modulo(value, modulus), modulus]
  let [factor, next] = [1n, 0n]
  if (rest === 0n) throw new RangeError('zero has no inverse')
  while (divisor !== 0n) {
    const quotient = rest / divisor
    ;[rest, divisor] = [divisor, rest - quotient * divisor]
    ;[factor, next] = [next, factor - quotient * next]
  }
  return modulo(factor, modulus)
}

/** The non-negative integer that `bytes` spell from the smallest to the largest (RFC 8032 section 5.1.2). */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  const reversed = bytes.toReversed()
  const value = toInteger(reversed)
  reversed.fill(0)
  return value
}

/** `value` in exactly `length` bytes, the smallest first, owned by the caller. */
export function toLittleEndian(value: bigint, length: number): Buffer {
  return toBytes(value, length).reverse()
}
