/**
 * What each request computes: SHA-256 for its signature, SHA-512 and AES-256-GCM for a ciphertext blob, over memory that
 * stays where it is. Two implementations do it: Node's own calls here, and OpenSSL's functions called directly
 * (openssl-primitives.ts), which make no objects for a call and so take a third of the time. Each thread uses the portable one
 * until another has proved itself.
 *
 * The memory is shared by all calls of a thread, which never overlap because nothing here awaits. It may hold secrets while
 * it is used, and whoever put them there overwrites them.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto'

/** Bytes of a SHA-512 block and digest (FIPS 180-4, figure 1). */
export const sha512Block = 128
export const sha512Digest = 64

/** Bytes of a SHA-256 block and digest. */
export const sha256Block = 64
export const sha256Digest = 32

/** Bytes of a tag. */
export const gcmTag = 16

/** Room for what SHA-256 is taken of: a request's body, or its canonical form, but the longest. */
export const messageRoom = 8192
/** Room for a message behind the block of a key. */
export const innerRoom = 1024
/** Room for additional authenticated data: a header, and an encryption context of 8,192 characters in ASCII. */
export const dataRoom = 8192 + 512
/** Room for a plaintext or ciphertext, with its tag: no KMS request has more. */
export const textRoom = 8192

export interface PrimitivesMemory {
  readonly message: Buffer
  /** The block of a key, right before `digest`. */
  readonly block: Uint8Array
  /** The SHA-256 of `message`. */
  readonly digest: Buffer
  readonly inner: Uint8Array
  /** A block, then the digest of `inner`. */
  readonly outer: Uint8Array
  /** The digest of `outer`, whose first 32 bytes are the key of `seal` and `open`. */
  readonly key: Uint8Array
  readonly data: Uint8Array
  /** What goes into `seal` and `open`. */
  readonly text: Uint8Array
  /** What comes out. */
  readonly result: Uint8Array
}

export interface Primitives extends PrimitivesMemory {
  /** The SHA-256 of the first `length` bytes of `message` to `digest`. */
  sha256(length: number): void
  /** The SHA-256 of `block` and `digest` to `digest`. */
  sha256Again(): void
  /** The SHA-512 of the first `length` bytes of `inner` to the end of `outer`, then that of `outer` to `key`. */
  hash(length: number): void
  /** Encrypts under an initialization vector of zeros; `result` has the ciphertext and the tag. */
  seal(dataLength: number, textLength: number): void
  /**
   * Decrypts; `textLength` counts the tag at the end. Whether `data` and `text` are what was sealed: if not, what `result` has
   * must not be used.
   */
  open(dataLength: number, textLength: number): boolean
}

/** The parts of `memory`, which has `memorySize` bytes or more. */
export function partsOf(memory: Buffer): PrimitivesMemory {
  let at = 0
  const nextBuffer = (size: number): Buffer => {
    at += size
    return memory.subarray(at - size, at)
  }
  const next = (size: number): Uint8Array => {
    at += size
    return new Uint8Array(memory.buffer, memory.byteOffset + at - size, size)
  }
  return {
    message: nextBuffer(messageRoom),
    block: next(sha256Block),
    digest: nextBuffer(sha256Digest),
    inner: next(innerRoom),
    outer: next(sha512Block + sha512Digest),
    key: next(sha512Digest),
    data: next(dataRoom),
    text: next(textRoom),
    result: next(textRoom),
  }
}

/** Bytes that `partsOf` wants. */
export const memorySize =
  messageRoom + sha256Block + sha256Digest + innerRoom + sha512Block + 2 * sha512Digest + dataRoom + 2 * textRoom

const iv = Buffer.alloc(12)
const options = { authTagLength: gcmTag }

/** By Node's own calls. */
export function portablePrimitives(): Primitives {
  const parts = partsOf(Buffer.alloc(memorySize))
  const { message, block, digest, inner, outer, key, data, text, result } = parts
  const encryptionKey = key.subarray(0, 32)
  const again = Buffer.from(block.buffer, block.byteOffset, sha256Block + sha256Digest)

  function digestInto(algorithm: 'sha256' | 'sha512', from: Uint8Array, target: Uint8Array, at: number): void {
    const made = hash(algorithm, from, 'buffer')
    target.set(made, at)
    made.fill(0)
  }

  return {
    ...parts,
    sha256: (length) => digestInto('sha256', message.subarray(0, length), digest, 0),
    sha256Again: () => digestInto('sha256', again, digest, 0),
    hash: (length) => {
      digestInto('sha512', inner.subarray(0, length), outer, sha512Block)
      digestInto('sha512', outer, key, 0)
    },
    seal: (dataLength, textLength) => {
      const cipher = createCipheriv('aes-256-gcm', encryptionKey, iv, options)
      cipher.setAAD(data.subarray(0, dataLength))
      result.set(cipher.update(text.subarray(0, textLength)))
      cipher.final()
      result.set(cipher.getAuthTag(), textLength)
    },
    open: (dataLength, textLength) => {
      const end = textLength - gcmTag
      const decipher = createDecipheriv('aes-256-gcm', encryptionKey, iv, options)
      decipher.setAAD(data.subarray(0, dataLength)).setAuthTag(text.subarray(end, textLength))
      const plaintext = decipher.update(text.subarray(0, end))
      result.set(plaintext)
      plaintext.fill(0)
      try {
        decipher.final()
        return true
      } catch {
        return false
      }
    },
  }
}

let current: Primitives | undefined

/** Those that this thread uses. */
export function primitives(): Primitives {
  return (current ??= portablePrimitives())
}

/** Has this thread use `proved` from now on. */
export function usePrimitives(proved: Primitives): void {
  current = proved
}

/** Whether `candidate` computes what Node's own calls do, and refuses what they refuse. Never throws. */
export function provesPrimitives(candidate: Primitives): boolean {
  const known = portablePrimitives()
  try {
    return [0, 1, 13, 32, 111, 112, 4096, textRoom - gcmTag].every((length) => agree(known, candidate, length))
  } catch {
    return false
  } finally {
    const { message, block, digest, inner, outer, key, data, text, result } = candidate
    for (const memory of [message, block, digest, inner, outer, key, data, text, result]) memory.fill(0)
  }
}

function agree(known: Primitives, candidate: Primitives, length: number): boolean {
  const hashed = Math.min(sha512Block + length, innerRoom)
  const dataLength = Math.min(84 + length, dataRoom)
  for (const one of [known, candidate]) {
    for (let index = 0; index < hashed; index += 1) one.inner[index] = index * 7 + length
    for (let index = 0; index < dataLength; index += 1) one.data[index] = index * 5 + length
    for (let index = 0; index < length; index += 1) one.text[index] = index * 3 + length
    for (let index = 0; index < length; index += 1) one.message[index] = index * 11 + length
    one.block.fill(0x36)
    one.sha256(length)
  }
  if (!isSame(known.digest, candidate.digest)) return false
  for (const one of [known, candidate]) {
    one.sha256Again()
    one.outer.fill(0x5c)
    one.hash(hashed)
    one.seal(dataLength, length)
  }
  const sealed = known.result.slice(0, length + gcmTag)
  if (!isSame(known.digest, candidate.digest)) return false
  if (!isSame(known.key, candidate.key) || !isSame(sealed, candidate.result.subarray(0, sealed.length))) return false
  const opens = (changed: Uint8Array | undefined, at: number): boolean => {
    candidate.text.set(sealed)
    if (changed !== undefined) changed[at] = (changed[at] ?? 0) ^ 1
    const opened = candidate.open(dataLength, sealed.length)
    if (changed !== undefined) changed[at] = (changed[at] ?? 0) ^ 1
    return opened
  }
  if (!opens(undefined, 0)) return false
  for (let index = 0; index < length; index += 1) {
    if (candidate.result[index] !== ((index * 3 + length) & 0xff)) return false
  }
  const { text, data, key } = candidate
  return !opens(text, 0) && !opens(text, sealed.length - 1) && !opens(data, dataLength - 1) && !opens(key, 31)
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
