/**
 * Standard base64 (RFC 4648 section 4) between byte buffers, without a string in between: a string cannot be erased, and
 * plaintexts and data keys pass through here. Node's own decoder also skips over characters that do not belong there.
 */
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1')
const PAD = 0x3d

/** The six bits of each character; -1 for every other byte, whose sign survives in the group that it is part of. */
const sextets = new Int8Array(256).fill(-1)
for (const [value, character] of alphabet.entries()) sextets[character] = value

/** The number of characters that `length` bytes become. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4
}

/**
 * The bytes that the characters `text[start, end)` stand for, in memory of the caller's own from `allocate` (given a size
 * in bytes); undefined when they are not canonical base64: padding is required, white space is not allowed, and unused bits
 * must be zero (RFC 4648 sections 3.2, 3.3 and 3.5), so that one value has one spelling.
 */
export function decodeBase64(
  text: Uint8Array,
  start: number,
  end: number,
  allocate: (size: number) => Buffer,
): Buffer | undefined {
  const length = end - start
  if (length % 4 !== 0) return undefined
  if (length === 0) return allocate(0)
  const padding = text[end - 1] !== PAD ? 0 : text[end - 2] !== PAD ? 1 : 2
  const size = (length / 4) * 3 - padding
  const bytes = allocate(size)
  const wholeEnd = padding === 0 ? end : end - 4
  let groups = 0
  let at = start
  let to = 0
  for (; at < wholeEnd; at += 4, to += 3) {
    const group =
      (sextet(text, at) << 18) | (sextet(text, at + 1) << 12) | (sextet(text, at + 2) << 6) | sextet(text, at + 3)
    groups |= group
    bytes[to] = group >> 16
    bytes[to + 1] = group >> 8
    bytes[to + 2] = group
  }
  let unusedBits = 0
  if (padding > 0) {
    const group =
      (sextet(text, at) << 18) | (sextet(text, at + 1) << 12) | (padding === 1 ? sextet(text, at + 2) << 6 : 0)
    groups |= group
    unusedBits = padding === 1 ? group & 0xff : group & 0xffff
    bytes[to] = group >> 16
    if (padding === 1) bytes[to + 1] = group >> 8
  }
  if (groups < 0 || unusedBits !== 0) {
    // What was decoded so far may be most of a secret.
    bytes.fill(0)
    return undefined
  }
  return bytes
}

/**
 * Writes `bytes` as base64 characters into `target` from `offset` on and answers the offset behind them. The target must
 * have base64Length(bytes.length) bytes left.
 */
export function encodeBase64(bytes: Uint8Array, target: Buffer, offset: number): number {
  const wholeEnd = bytes.length - (bytes.length % 3)
  let at = 0
  let to = offset
  for (; at < wholeEnd; at += 3, to += 4) {
    const group = (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2)
    target[to] = byte(alphabet, group >> 18)
    target[to + 1] = byte(alphabet, (group >> 12) & 63)
    target[to + 2] = byte(alphabet, (group >> 6) & 63)
    target[to + 3] = byte(alphabet, group & 63)
  }
  const rest = bytes.length - wholeEnd
  if (rest === 0) return to
  const group = (byte(bytes, at) << 16) | (rest === 2 ? byte(bytes, at + 1) << 8 : 0)
  target[to] = byte(alphabet, group >> 18)
  target[to + 1] = byte(alphabet, (group >> 12) & 63)
  target[to + 2] = rest === 2 ? byte(alphabet, (group >> 6) & 63) : PAD
  target[to + 3] = PAD
  return to + 4
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

function sextet(text: Uint8Array, at: number): number {
  return sextets[text[at] ?? 0] ?? -1
}
