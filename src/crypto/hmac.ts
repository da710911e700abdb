/**
 * HMAC (RFC 2104) for the request path: H(key ^ opad || H(key ^ ipad || message)) as two one-shot hashes over prepared
 * blocks, because creating an Hmac object costs three times as much as the two hashes together.
 */
import { hash, timingSafeEqual } from 'node:crypto'

/** The hash functions a MAC may use: those of the KMS HMAC key specs. */
export type MacAlgorithm = 'sha224' | 'sha256' | 'sha384' | 'sha512'

// Input block and output of each hash, in bytes (FIPS 180-4, figure 1).
const sizes = {
  sha224: { block: 64, digest: 28 },
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
  sha512: { block: 128, digest: 64 },
} as const satisfies Record<MacAlgorithm, { block: number; digest: number }>

// One buffer for the inner input of every key: nothing awaits between filling and clearing it. It grows to what a KMS
// message needs (4096 bytes) and somewhat beyond; anything larger gets a buffer of its own.
const retained = 65_536
let scratch = Buffer.alloc(1024)

function roomFor(size: number): Buffer {
  if (size <= scratch.length) return scratch
  if (size > retained) return Buffer.alloc(size)
  scratch = Buffer.alloc(Math.min(retained, size * 2))
  return scratch
}

const computedText = { 56: Buffer.alloc(56), 64: Buffer.alloc(64), 96: Buffer.alloc(96), 128: Buffer.alloc(128) }
const claimedText = { 56: Buffer.alloc(56), 64: Buffer.alloc(64), 96: Buffer.alloc(96), 128: Buffer.alloc(128) }
const textSizes = { sha224: 56, sha256: 64, sha384: 96, sha512: 128 } as const

/** A MAC key. Its bytes can't be read back; `destroy` overwrites them. Messages are Buffers or latin1 strings. */
export class HmacKey {
  readonly algorithm: MacAlgorithm
  /** Size of a MAC in bytes. */
  readonly macLength: number
  readonly #inner: Buffer
  /** The outer block, and room for the inner digest behind it. */
  readonly #outer: Buffer
  #destroyed = false

  /** Copies what it needs of `key`, which stays the caller's to overwrite. */
  constructor(algorithm: MacAlgorithm, key: Buffer) {
    const { block, digest } = sizes[algorithm]
    this.algorithm = algorithm
    this.macLength = digest
    this.#inner = Buffer.alloc(block)
    this.#outer = Buffer.alloc(block + digest)
    if (key.length > block) {
      const short = hash(algorithm, key, 'buffer')
      short.copy(this.#inner)
      short.fill(0)
    } else {
      key.copy(this.#inner)
    }
    for (let index = 0; index < block; index++) {
      const byte = this.#inner[index] ?? 0
      this.#inner[index] = byte ^ 0x36
      this.#outer[index] = byte ^ 0x5c
    }
  }

  /** The MAC in lower-case hex. A string's characters must not exceed U+00FF. */
  hex(message: Buffer | string): string {
    this.#digestInner(message)
    return hash(this.algorithm, this.#outer, 'hex')
  }

  /** The MAC as a string of one character for each byte: the cheapest form to write into a buffer. */
  latin1(message: Buffer | string): string {
    this.#digestInner(message)
    return hash(this.algorithm, this.#outer, 'latin1')
  }

  /** Writes the MAC to `target` at `offset` and leaves no copy in a string: for MACs that are themselves secret. */
  into(message: Buffer | string, target: Buffer, offset = 0): void {
    if (target.length - offset < this.macLength) throw new RangeError('the target is too small for the MAC')
    this.#digestInner(message)
    const mac = hash(this.algorithm, this.#outer, 'buffer')
    mac.copy(target, offset)
    mac.fill(0)
  }

  /** Whether `hex` (lower case) is the MAC of `message`; takes the same time wherever the two differ. */
  matchesHex(message: Buffer | string, hex: string): boolean {
    const size = textSizes[this.algorithm]
    if (hex.length !== size) return false
    const computed = computedText[size]
    const claimed = claimedText[size]
    computed.write(this.hex(message), 0, 'latin1')
    // Not latin1, which would cut U+0161 down to an 'a'.
    claimed.write(hex, 0, 'utf8')
    const same = timingSafeEqual(computed, claimed)
    computed.fill(0)
    return same
  }

  /** Overwrites the key. Using it afterwards throws. */
  destroy(): void {
    this.#destroyed = true
    this.#inner.fill(0)
    this.#outer.fill(0)
  }

  #digestInner(message: Buffer | string): void {
    if (this.#destroyed) throw new Error('the MAC key was destroyed')
    const block = this.#inner.length
    const length = block + message.length
    const room = roomFor(length)
    room.set(this.#inner, 0)
    if (typeof message === 'string') room.write(message, block, 'latin1')
    else room.set(message, block)
    const digest = hash(this.algorithm, room.subarray(0, length), 'latin1')
    room.fill(0, 0, length)
    this.#outer.write(digest, block, 'latin1')
  }
}

/** SHA-256 in lower-case hex; strings are hashed as UTF-8. */
export function sha256Hex(data: Buffer | string): string {
  return hash('sha256', data, 'hex')
}

/** SHA-256 in base64; strings are hashed as UTF-8. */
export function sha256Base64(data: Buffer | string): string {
  return hash('sha256', data, 'base64')
}
