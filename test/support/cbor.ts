/** Writes CBOR (RFC 8949), also in the forms that a strict reader refuses. */

export type CborInput =
  number | string | null | Uint8Array | EncodedCbor | readonly CborInput[] | ReadonlyMap<number | string, CborInput>

/** Bytes that stand as they are. */
export class EncodedCbor {
  readonly bytes: Buffer

  constructor(hex: string) {
    this.bytes = Buffer.from(hex, 'hex')
  }
}

function head(major: number, value: number): Buffer {
  const first = major << 5
  if (value < 24) return Buffer.of(first | value)
  if (value < 0x100) return Buffer.of(first | 24, value)
  if (value < 0x10000) return Buffer.of(first | 25, value >> 8, value & 0xff)
  const size = value < 2 ** 32 ? 4 : 8
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = first | (size === 4 ? 26 : 27)
  if (size === 4) bytes.writeUInt32BE(value, 1)
  else bytes.writeBigUInt64BE(BigInt(value), 1)
  return bytes
}

/** `value` in its shortest form. */
export function writeCbor(value: CborInput): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof EncodedCbor) return value.bytes
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (isMap(value)) return Buffer.concat([head(5, value.size), ...entries(value)])
  return Buffer.concat([head(4, value.length), ...value.map(writeCbor)])
}

/** A map of indefinite length, as the hypervisor writes its documents. */
export function writeIndefiniteMap(value: ReadonlyMap<number | string, CborInput>): Buffer {
  return Buffer.concat([Buffer.of(0xbf), ...entries(value), Buffer.of(0xff)])
}

function entries(map: ReadonlyMap<number | string, CborInput>): readonly Buffer[] {
  return [...map].flatMap(([key, value]) => [writeCbor(key), writeCbor(value)])
}

function isMap(
  value: readonly CborInput[] | ReadonlyMap<number | string, CborInput>,
): value is ReadonlyMap<number | string, CborInput> {
  return value instanceof Map
}
