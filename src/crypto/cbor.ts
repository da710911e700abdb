/**
 * CBOR (RFC 8949), as much of it as attestation documents need, read strictly: whole numbers without a sign, byte and text
 * strings, arrays, maps and null; the shortest form of every length and number (section 4.2.1), no key twice, nothing left
 * over. Strings in pieces, tags, floats and the other simple values are refused. Arrays and maps may be of indefinite length
 * (section 3.2.2), because the hypervisor writes its documents so.
 */

/** One data item. Byte strings are views of what was read. */
export type CborValue =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly CborValue[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<number | string, CborValue> }
  | { readonly kind: 'null' }

// An attestation document has 90 items at most, in three levels. Whoever sends others is told so before they cost anything.
const mostItems = 256
const deepest = 4

const majorTypes = { integer: 0, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const
const nullByte = 0xf6
const breakByte = 0xff
const indefinite = 31

interface Source {
  readonly bytes: Buffer
  at: number
  items: number
}

/** The one data item that fills `bytes` exactly, or undefined. Never throws. */
export function readCbor(bytes: Buffer): CborValue | undefined {
  const source: Source = { bytes, at: 0, items: 0 }
  const value = readItem(source, 1)
  return source.at === bytes.length ? value : undefined
}

function readItem(source: Source, depth: number): CborValue | undefined {
  const initial = source.bytes[source.at]
  source.items += 1
  if (initial === undefined || depth > deepest || source.items > mostItems) return undefined
  source.at += 1
  const major = initial >> 5
  if (major === majorTypes.simple) return initial === nullByte ? { kind: 'null' } : undefined
  const argument = readArgument(source, initial & 0x1f)
  if (argument === undefined) return undefined
  switch (major) {
    case majorTypes.integer:
      return argument === 'indefinite' ? undefined : { kind: 'integer', value: argument }
    case majorTypes.bytes:
    case majorTypes.text:
      return argument === 'indefinite' ? undefined : readString(source, major, argument)
    case majorTypes.array:
      return readArray(source, argument, depth)
    case majorTypes.map:
      return readMap(source, argument, depth)
    default:
      return undefined
  }
}

type Argument = number | 'indefinite'

/** The number in or behind an initial byte, in its shortest form; undefined for any other, and beyond 2^53 - 1. */
function readArgument(source: Source, information: number): Argument | undefined {
  if (information < 24) return information
  if (information === indefinite) return 'indefinite'
  const { bytes, at } = source
  const size = 1 << (information - 24)
  if (size > 8 || at + size > bytes.length) return undefined
  source.at += size
  if (size < 8) {
    const value = bytes.readUIntBE(at, size)
    return value < (size === 1 ? 24 : 2 ** (4 * size)) ? undefined : value
  }
  const [high, low] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
  const value = high * 2 ** 32 + low
  return high === 0 || !Number.isSafeInteger(value) ? undefined : value
}

function readString(source: Source, major: 2 | 3, length: number): CborValue | undefined {
  const end = source.at + length
  if (end > source.bytes.length) return undefined
  const value = source.bytes.subarray(source.at, end)
  source.at = end
  if (major === majorTypes.bytes) return { kind: 'bytes', value }
  const text = utf8(value)
  return text === undefined ? undefined : { kind: 'text', value: text }
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Whether another element follows; at the end of an indefinite length, the break is passed over. */
function more(source: Source, length: Argument, count: number): boolean {
  if (length !== 'indefinite') return count < length
  if (source.bytes[source.at] !== breakByte) return true
  source.at += 1
  return false
}

function readArray(source: Source, length: Argument, depth: number): CborValue | undefined {
  const items: CborValue[] = []
  while (more(source, length, items.length)) {
    const item = readItem(source, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return { kind: 'array', items }
}

function readMap(source: Source, length: Argument, depth: number): CborValue | undefined {
  const entries = new Map<number | string, CborValue>()
  while (more(source, length, entries.size)) {
    const key = readItem(source, depth + 1)
    if (key?.kind !== 'integer' && key?.kind !== 'text') return undefined
    const value = readItem(source, depth + 1)
    if (value === undefined || entries.has(key.value)) return undefined
    entries.set(key.value, value)
  }
  return { kind: 'map', entries }
}

/** The head of a byte string of `length` bytes, at most 65,535. */
export function byteStringHead(length: number): Buffer {
  const major = majorTypes.bytes << 5
  if (length < 24) return Buffer.of(major | length)
  if (length < 0x100) return Buffer.of(major | 24, length)
  if (length < 0x10000) return Buffer.of(major | 25, length >> 8, length & 0xff)
  throw new RangeError('the byte string is too long')
}
