/**
 * HMAC (RFC 2104) for the request path: H(key ^ opad || H(key ^ ipad || message)) as two one-shot hashes over prepared
 * blocks, because creating an Hmac object costs three times as much as the two hashes together.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { putHex } from '#base/hex-digits.ts'
import { copyBytes, secretMemory, wipe } from '#base/secret-memory.ts'
import { innerRoom, messageRoom, primitives, sha256Block, sha256Digest, sha512Block } from './primitives.ts'

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

// The outer input of each hash: the key's block, then the inner digest. Cleared like the other.
const outerInput = {
  sha224: Buffer.alloc(sizes.sha224.block + sizes.sha224.digest),
  sha256: Buffer.alloc(sizes.sha256.block + sizes.sha256.digest),
  sha384: Buffer.alloc(sizes.sha384.block + sizes.sha384.digest),
  sha512: Buffer.alloc(sizes.sha512.block + sizes.sha512.digest),
} as const satisfies Record<MacAlgorithm, Buffer>

/** A MAC key. Its bytes can't be read back; `destroy` overwrites them. Messages are Buffers or latin1 strings. */
export class HmacKey {
  readonly algorithm: MacAlgorithm
  /** Size of a MAC in bytes. */
  readonly macLength: number
  readonly #key: Buffer
  #destroyed = false

  /** Copies what it needs of `key`, which stays the caller's to overwrite. */
  constructor(algorithm: MacAlgorithm, key: Buffer) {
    const { block, digest } = sizes[algorithm]
    this.algorithm = algorithm
    this.macLength = digest
    if (key.length > block) {
      const short = hash(algorithm, key, 'buffer')
      this.#key = secretMemory(short.length)
      short.copy(this.#key)
      short.fill(0)
    } else {
      this.#key = secretMemory(key.length)
      key.copy(this.#key)
    }
  }

  /** The MAC in lower-case hex. A string's characters must not exceed U+00FF. */
  hex(message: Buffer | string): string {
    const outer = this.#prepareOuter(message)
    const mac = hash(this.algorithm, outer, 'hex')
    wipe(outer)
    return mac
  }

  /** The MAC as a string of one character for each byte: the cheapest form to write into a buffer. */
  latin1(message: Buffer | string): string {
    const outer = this.#prepareOuter(message)
    const mac = hash(this.algorithm, outer, 'latin1')
    wipe(outer)
    return mac
  }

  /** Writes the MAC to `target` at `offset` and leaves no copy in a string: for MACs that are themselves secret. */
  into(message: Buffer | string, target: Buffer, offset = 0): void {
    if (target.length - offset < this.macLength) throw new RangeError('the target is too small for the MAC')
    if (this.algorithm === 'sha512' && typeof message !== 'string' && message.length <= innerRoom - sha512Block) {
      this.#intoBySha512(message, target, offset)
      return
    }
    const outer = this.#prepareOuter(message)
    const mac = hash(this.algorithm, outer, 'buffer')
    wipe(outer)
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
    wipe(computed)
    return same
  }

  /**
   * Whether `hex` is the MAC of `start`, and behind it the SHA-256 of `first` and `second` in hex; takes the same time
   * wherever the two differ. The characters of all texts must not exceed U+00FF. For a key of SHA-256.
   */
  matchesHexOverDigest(start: string, first: string, second: string, hex: string): boolean {
    const hashed = first.length + second.length
    const end = sha256Block + start.length + 2 * sha256Digest
    if (this.algorithm !== 'sha256' || hashed > messageRoom || end > messageRoom) {
      return this.matchesHex(start + sha256Hex(Buffer.from(first + second, 'latin1')), hex)
    }
    if (this.#destroyed) throw new Error('the MAC key was destroyed')
    if (hex.length !== 2 * sha256Digest) return false
    const sha256 = primitives()
    const { message, block, digest } = sha256
    message.write(first, 0, 'latin1')
    message.write(second, first.length, 'latin1')
    sha256.sha256(hashed)
    message.write(start, sha256Block, 'latin1')
    writeDigest(digest, message, sha256Block + start.length)
    pad(this.#key, sha256Block, message, block)
    sha256.sha256(end)
    sha256.sha256Again()
    const computed = computedText[64]
    const claimed = claimedText[64]
    writeDigest(digest, computed, 0)
    // Not latin1, which would cut U+0161 down to an 'a'.
    claimed.write(hex, 0, 'utf8')
    const same = timingSafeEqual(computed, claimed)
    wipe(message, sha256Block)
    wipe(block)
    wipe(digest)
    wipe(computed)
    return same
  }

  /** Overwrites the key. Using it afterwards throws. */
  destroy(): void {
    this.#destroyed = true
    this.#key.fill(0)
  }

  /** The way of the request path: derived keys of ciphertext blobs. */
  #intoBySha512(message: Buffer, target: Buffer, offset: number): void {
    if (this.#destroyed) throw new Error('the MAC key was destroyed')
    const sha512 = primitives()
    const { inner, outer, key: mac } = sha512
    const length = sha512Block + message.length
    pad(this.#key, sha512Block, inner, outer)
    inner.set(message, sha512Block)
    sha512.hash(length)
    copyBytes(mac, 0, mac.length, target, offset)
    wipe(inner, length)
    wipe(outer)
    wipe(mac)
  }

  /** The outer input for `message`: K ^ opad, then H((K ^ ipad) || message). */
  #prepareOuter(message: Buffer | string): Buffer {
    if (this.#destroyed) throw new Error('the MAC key was destroyed')
    const { block } = sizes[this.algorithm]
    const length = block + message.length
    const room = roomFor(length)
    const outer = outerInput[this.algorithm]
    pad(this.#key, block, room, outer)
    if (typeof message === 'string') room.write(message, block, 'latin1')
    else room.set(message, block)
    const digest = hash(this.algorithm, room.subarray(0, length), 'latin1')
    wipe(room, length)
    outer.write(digest, block, 'latin1')
    return outer
  }
}

/** K ^ ipad and K ^ opad, one block each. */
function pad(key: Buffer, block: number, inner: Uint8Array, outer: Uint8Array): void {
  const { length } = key
  for (let index = 0; index < length; index += 1) {
    const byte = key[index] ?? 0
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  for (let index = length; index < block; index += 1) {
    inner[index] = 0x36
    outer[index] = 0x5c
  }
}

/** Puts `digest` into `target` in hex. */
function writeDigest(digest: Uint8Array, target: Uint8Array, at: number): void {
  for (let index = 0; index < sha256Digest; index += 1) {
    putHex(target, at + 2 * index, digest[index] ?? 0)
  }
}

/** Whether `hex` (lower case) is the SHA-256 of `data`. The comparison takes its time: for what is no secret. */
export function isSha256Hex(data: Buffer, hex: string): boolean {
  if (data.length > messageRoom) return sha256Hex(data) === hex
  const sha256 = primitives()
  sha256.message.set(data)
  sha256.sha256(data.length)
  wipe(sha256.message, data.length)
  return sha256.digest.toString('hex') === hex
}

/** SHA-256 in lower-case hex; strings are hashed as UTF-8. */
export function sha256Hex(data: Buffer | string): string {
  return hash('sha256', data, 'hex')
}

/** SHA-256 in base64; strings are hashed as UTF-8. */
export function sha256Base64(data: Buffer | string): string {
  return hash('sha256', data, 'base64')
}
