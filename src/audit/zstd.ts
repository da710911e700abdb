/**
 * Zstandard by its own functions, through Node's foreign function interface into the library that Node carries (zstd's
 * manual, "Advanced compression API"): with one state for all pages, where each call of node:zlib makes its own. As with
 * OpenSSL's (openssl-primitives.ts), it proves itself before it is used, and node:zlib is beside it.
 */
import { zstdDecompressSync } from 'node:zlib'
import { fivePointers, threePointers } from '#base/native-arguments.ts'

/** The functions that are needed, in the form that `getFunctions` of node:ffi takes. */
export const zstdFunctions = {
  ZSTD_createCCtx: { return: 'pointer', arguments: [] },
  ZSTD_CCtx_setParameter: { return: 'uint64', arguments: threePointers },
  ZSTD_compress2: { return: 'uint64', arguments: fivePointers },
} as const

/** The same functions, bound. Pointers are bigints, 0 being none. */
export interface Zstd {
  readonly ZSTD_createCCtx: () => bigint
  readonly ZSTD_CCtx_setParameter: (context: bigint, parameter: bigint, value: bigint) => bigint
  readonly ZSTD_compress2: (context: bigint, to: bigint, room: bigint, from: bigint, size: bigint) => bigint
}

/** A frame (RFC 8878) of `bytes` in a buffer of its own; undefined when they are not for this way, or would not become smaller. */
export type Compress = (bytes: Uint8Array) => Buffer | undefined

// ZSTD_c_compressionLevel of zstd.h.
const compressionLevel = 100n
// A page of a hundred records; larger ones are rare, and their memory is not worth keeping.
const roomBytes = 131_072

/**
 * Compresses at `level` with memory that it keeps for the life of the process. Throws when the library has none, or does not
 * know the level. `addressOf` is `getRawPointer` of node:ffi.
 */
export function openZstd(zstd: Zstd, addressOf: (bytes: Uint8Array) => bigint, level: number): Compress {
  const context = zstd.ZSTD_createCCtx()
  if (context === 0n) throw new Error('Zstandard has no memory left')
  // An int in the lower half of a register.
  const value = BigInt.asUintN(32, BigInt(level))
  if (zstd.ZSTD_CCtx_setParameter(context, compressionLevel, value) > 0xffffn) {
    throw new Error('Zstandard does not know the level')
  }
  const room = Buffer.allocUnsafeSlow(roomBytes)
  const roomAt = addressOf(room)
  return (bytes) => {
    if (bytes.length > roomBytes) return undefined
    // No more room than there are bytes: a frame that isn't smaller fails as one that doesn't fit. So do all errors, whose
    // numbers are the highest that there are.
    const size = BigInt(bytes.length)
    const written = zstd.ZSTD_compress2(context, roomAt, size, addressOf(bytes), size)
    return written < size ? Buffer.from(room.subarray(0, Number(written))) : undefined
  }
}

/** Whether `compress` makes frames that node:zlib reads, and none of what is not for it. Never throws. */
export function provesCompress(compress: Compress): boolean {
  try {
    const noise = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * index * 2_654_435_761) >>> 24))
    if (compress(Buffer.alloc(roomBytes + 1)) !== undefined) return false
    return [1000, 5000, roomBytes].every((length) => {
      const bytes = Buffer.alloc(length, `{"eventName":"Decrypt","requestID":"${length}"}\n`)
      noise.copy(bytes, 0, 0, 64)
      const frame = compress(bytes)
      return frame !== undefined && frame.length < length && zstdDecompressSync(frame).equals(bytes)
    })
  } catch {
    return false
  }
}
