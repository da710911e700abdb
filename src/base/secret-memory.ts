/**
 * Memory for short secrets: cut from zeroed slabs, each byte of which is given out once, so that nothing else ever stood there
 * or will. A buffer of its own costs the runtime 1 to 2 microseconds and ten times its size; Node's own pool is shared with
 * whatever else is short, also with what leaves the process.
 */

const slabSize = 8192
const longest = 512

let slab = Buffer.alloc(slabSize)
let cut = 0

/** `size` bytes of zeros, the caller's to overwrite. */
export function secretMemory(size: number): Buffer {
  if (size > longest) return Buffer.alloc(size)
  if (cut + size > slabSize) {
    slab = Buffer.alloc(slabSize)
    cut = 0
  }
  cut += size
  return slab.subarray(cut - size, cut)
}

// A call into the runtime, and the view that it may need, cost more than so many stores.
const fewBytes = 128

/** Overwrites the first `length` bytes, or all, with zeros. */
export function wipe(bytes: Uint8Array, length = bytes.length): void {
  if (length > fewBytes) Uint8Array.prototype.fill.call(bytes, 0, 0, length)
  else for (let index = 0; index < length; index += 1) bytes[index] = 0
}

/** Copies `length` bytes of `from`, beginning at `start`, to `to` at `at`. */
export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > fewBytes) to.set(from.subarray(start, start + length), at)
  else for (let index = 0; index < length; index += 1) to[at + index] = from[start + index] ?? 0
}
