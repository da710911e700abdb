/**
 * DER (X.690 section 10), as much of it as keys, signatures and certificates need, read strictly: definite minimal lengths,
 * one-byte tags, minimal integers, nothing left over. What two parsers could read in two ways is refused.
 */

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  implicit0: 0x80,
  attributes: 0xa0,
  explicit0: 0xa0,
  explicit1: 0xa1,
  explicit3: 0xa3,
  implicit1: 0x81,
} as const

/** One element: its tag, and its contents as a view of what was read. */
export interface Element {
  readonly tag: number
  readonly contents: Buffer
  /** The whole element, tag and length included. */
  readonly whole: Buffer
}

/** The elements that fill `bytes` exactly, or undefined when they are not DER. */
export function readElements(bytes: Buffer): readonly Element[] | undefined {
  const elements: Element[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at]
    const short = bytes[at + 1]
    if (tag === undefined || short === undefined || (tag & 0x1f) === 0x1f) return undefined
    let start = at + 2
    let length = short
    if (short >= 0x80) {
      // 0x80 is the indefinite length; three bytes of length would be more than any key has.
      const count = short - 0x80
      if (count < 1 || count > 2 || start + count > bytes.length) return undefined
      length = bytes.readUIntBE(start, count)
      if (length < (count === 1 ? 0x80 : 0x100)) return undefined
      start += count
    }
    const end = start + length
    if (end > bytes.length) return undefined
    elements.push({ tag, contents: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return elements
}

/** The members of the one SEQUENCE that fills `bytes` exactly. */
export function readSequence(bytes: Buffer): readonly Element[] | undefined {
  const elements = readElements(bytes)
  const [first] = elements ?? []
  return elements?.length === 1 && first?.tag === tags.sequence ? readElements(first.contents) : undefined
}

/** The bytes of a non-negative INTEGER, big-endian, without leading zeros but for zero itself. A view. */
export function readInteger(element: Element | undefined): Buffer | undefined {
  if (element?.tag !== tags.integer) return undefined
  const { contents } = element
  const [first, second] = contents
  if (first === undefined || first >= 0x80) return undefined
  if (first !== 0 || second === undefined) return contents
  return second >= 0x80 ? contents.subarray(1) : undefined
}

/** The bytes of a BIT STRING of whole bytes. A view. */
export function readBitString(element: Element | undefined): Buffer | undefined {
  return element?.tag === tags.bitString && element.contents[0] === 0 ? element.contents.subarray(1) : undefined
}

/** One element with `parts` as its contents. The caller owns it. */
export function writeElement(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  if (length > 0xffff) throw new RangeError('the element is too long')
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.from(header), ...parts])
}

/** The INTEGER that `bytes` spell, big-endian and non-negative. */
export function writeInteger(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const minimal = bytes.subarray(start)
  return writeElement(tags.integer, (minimal[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), minimal)
}
