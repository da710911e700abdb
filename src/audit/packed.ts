/**
 * How the lines of a page are stored: compressed with Zstandard (RFC 8878) where that costs less than writing them. Which of
 * the two it is the first byte says: every record begins with a brace, and every frame with the first byte of its magic number.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Compress } from './zstd.ts'

// Making a compressor's state, which each call of node:zlib does, costs as much as storing some KB: with it a page of a few
// records stays as it is. With a state that is there, only what fits into a page of the database does.
const leastBytes = { anew: 16_384, ready: 4096 }
// A larger page is one of extraordinary records. What is unpacked here is no larger than this, whatever a frame says.
const mostBytes = 1_048_576
const firstByteOfFrame = 0x28
// Quick rather than small: of repeated lines it leaves a sixth, for about what it costs to hash them.
export const packingLevel = -3
const options = { params: { [constants.ZSTD_c_compressionLevel]: packingLevel } }

let ready: Compress | undefined

/** Has this thread pack with `proved` from now on. */
export function useCompress(proved: Compress): void {
  ready = proved
}

/** What is stored of `bytes`, the lines of a page: they themselves, or a frame of a buffer of its own. */
export function packed(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length >= leastBytes.ready && length <= mostBytes) {
    const frame = ready?.(bytes)
    if (frame !== undefined) return frame
  }
  if (length < leastBytes.anew || length > mostBytes) return bytes
  const frame = zstdCompressSync(bytes, options)
  return frame.length < bytes.length ? frame : bytes
}

/** Whether what is stored of a page is a frame. */
export function isPacked(stored: Buffer): boolean {
  return stored[0] === firstByteOfFrame
}

/**
 * The lines of a page from what is stored of it. Throws RangeError or zlib's own Error where that is no page: a caller that
 * can tell by the chain whether it was changed asks that first.
 */
export function unpacked(stored: Buffer): Buffer {
  return isPacked(stored) ? zstdDecompressSync(stored, { maxOutputLength: mostBytes }) : stored
}
