/**
 * SHA-256, SHA-512 and AES-256-GCM by OpenSSL's own functions, through Node's foreign function interface: no object is made for a
 * call, and every argument is an address in one memory (EVP_DigestInit(3), EVP_EncryptInit(3) of OpenSSL 3.5). The interface
 * is experimental, so these prove themselves before they are used (`provesPrimitives`), and others are beside them.
 *
 * What OpenSSL keeps of a call until the next one is the schedule of a key that encrypts once.
 */
import { fivePointers, fourPointers, threePointers } from '#base/native-arguments.ts'
import { copyBytes } from '#base/secret-memory.ts'
import { gcmTag, memorySize, partsOf, sha512Block, type Primitives } from './primitives.ts'

const fetch = { return: 'pointer', arguments: threePointers } as const
const initialize = { return: 'int32', arguments: fivePointers } as const
const update = { return: 'int32', arguments: fivePointers } as const
const final = { return: 'int32', arguments: threePointers } as const

/**
 * The functions that are needed, in the form that `getFunctions` of node:ffi takes: OpenSSL 3.5's headers say the same but for
 * the sizes, which stand here as wide as a register.
 */
export const primitiveFunctions = {
  EVP_MD_fetch: fetch,
  EVP_CIPHER_fetch: fetch,
  EVP_MD_CTX_new: { return: 'pointer', arguments: [] },
  EVP_CIPHER_CTX_new: { return: 'pointer', arguments: [] },
  EVP_CIPHER_CTX_ctrl: { return: 'int32', arguments: fourPointers },
  EVP_DigestInit_ex2: { return: 'int32', arguments: threePointers },
  EVP_DigestUpdate: { return: 'int32', arguments: threePointers },
  EVP_DigestFinal_ex: final,
  EVP_EncryptInit_ex2: initialize,
  EVP_EncryptUpdate: update,
  EVP_EncryptFinal_ex: final,
  EVP_DecryptInit_ex2: initialize,
  EVP_DecryptUpdate: update,
  EVP_DecryptFinal_ex: final,
  ERR_clear_error: { return: 'void', arguments: [] },
} as const

type Fetch = (library: bigint, name: bigint, properties: bigint) => bigint
type Initialize = (context: bigint, algorithm: bigint, key: bigint, iv: bigint, parameters: bigint) => number
type Update = (context: bigint, to: bigint, written: bigint, from: bigint, size: bigint) => number
type Final = (context: bigint, to: bigint, written: bigint) => number

/** The same functions, bound. Pointers are bigints, 0 being none. */
export interface OpensslPrimitives {
  readonly EVP_MD_fetch: Fetch
  readonly EVP_CIPHER_fetch: Fetch
  readonly EVP_MD_CTX_new: () => bigint
  readonly EVP_CIPHER_CTX_new: () => bigint
  readonly EVP_CIPHER_CTX_ctrl: (context: bigint, command: bigint, size: bigint, at: bigint) => number
  readonly EVP_DigestInit_ex2: (context: bigint, algorithm: bigint, parameters: bigint) => number
  readonly EVP_DigestUpdate: (context: bigint, from: bigint, size: bigint) => number
  readonly EVP_DigestFinal_ex: Final
  readonly EVP_EncryptInit_ex2: Initialize
  readonly EVP_EncryptUpdate: Update
  readonly EVP_EncryptFinal_ex: Final
  readonly EVP_DecryptInit_ex2: Initialize
  readonly EVP_DecryptUpdate: Update
  readonly EVP_DecryptFinal_ex: Final
  readonly ERR_clear_error: () => void
}

const [getTag, setTag] = [0x10n, 0x11n]
const tagSize = BigInt(gcmTag)

/** Allocates what it needs in OpenSSL for the life of the process. Throws when OpenSSL hasn't the algorithms. */
export function opensslPrimitives(openssl: OpensslPrimitives, addressOf: (bytes: Buffer) => bigint): Primitives {
  // Not zeroed by the runtime's own way, which may move small ones: a memory of its own, outside the heap. Behind the parts
  // stand the initialization vector of zeros and the length that OpenSSL writes.
  const memory = Buffer.allocUnsafeSlow(memorySize + 64).fill(0)
  const parts = partsOf(memory)
  const base = addressOf(memory)
  const at = (part: Uint8Array, offset = 0): bigint => base + BigInt(part.byteOffset - memory.byteOffset + offset)
  const [inner, outer, key, data, text, result] = [
    at(parts.inner),
    at(parts.outer),
    at(parts.key),
    at(parts.data),
    at(parts.text),
    at(parts.result),
  ]
  const [message, block, digest] = [at(parts.message), at(parts.block), at(parts.digest)]
  const inOuter = at(parts.outer, sha512Block)
  const iv = base + BigInt(memorySize)
  const written = base + BigInt(memorySize + 16)
  const tagMemory = new Uint8Array(memory.buffer, memory.byteOffset + memorySize + 32, gcmTag)
  const tag = at(tagMemory)

  const named = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1')
  const [sha512Name, sha256Name, gcmName] = [named('SHA512'), named('SHA256'), named('AES-256-GCM')]
  const sha512 = found(openssl.EVP_MD_fetch(0n, addressOf(sha512Name), 0n))
  const sha256 = found(openssl.EVP_MD_fetch(0n, addressOf(sha256Name), 0n))
  const gcm = found(openssl.EVP_CIPHER_fetch(0n, addressOf(gcmName), 0n))
  const digesting512 = found(openssl.EVP_MD_CTX_new())
  const digesting256 = found(openssl.EVP_MD_CTX_new())
  const sealing = found(openssl.EVP_CIPHER_CTX_new())
  const opening = found(openssl.EVP_CIPHER_CTX_new())
  done(openssl.EVP_EncryptInit_ex2(sealing, gcm, 0n, 0n, 0n))
  done(openssl.EVP_DecryptInit_ex2(opening, gcm, 0n, 0n, 0n))

  // A bigint for each size would be an object for each call.
  const sizes: (bigint | undefined)[] = Array.from({ length: 1024 }, (_, size) => BigInt(size))
  const sizeOf = (size: number): bigint => sizes[size] ?? BigInt(size)
  const outerSize = sizeOf(parts.outer.length)
  const againSize = sizeOf(parts.block.length + parts.digest.length)

  function digestTo(context: bigint, algorithm: bigint, from: bigint, size: bigint, to: bigint): void {
    done(openssl.EVP_DigestInit_ex2(context, algorithm, 0n))
    done(openssl.EVP_DigestUpdate(context, from, size))
    done(openssl.EVP_DigestFinal_ex(context, to, 0n))
  }

  return {
    ...parts,
    sha256: (length) => {
      if (length > parts.message.length) tooLong()
      digestTo(digesting256, sha256, message, sizeOf(length), digest)
    },
    sha256Again: () => digestTo(digesting256, sha256, block, againSize, digest),
    hash: (length) => {
      if (length > parts.inner.length) tooLong()
      digestTo(digesting512, sha512, inner, sizeOf(length), inOuter)
      digestTo(digesting512, sha512, outer, outerSize, key)
    },
    seal: (dataLength, textLength) => {
      if (dataLength > parts.data.length || textLength + gcmTag > parts.text.length) tooLong()
      done(openssl.EVP_EncryptInit_ex2(sealing, 0n, key, iv, 0n))
      done(openssl.EVP_EncryptUpdate(sealing, 0n, written, data, sizeOf(dataLength)))
      if (textLength > 0) done(openssl.EVP_EncryptUpdate(sealing, result, written, text, sizeOf(textLength)))
      // Of a stream cipher nothing is left to be written.
      done(openssl.EVP_EncryptFinal_ex(sealing, result, written))
      done(openssl.EVP_CIPHER_CTX_ctrl(sealing, getTag, tagSize, tag))
      copyBytes(tagMemory, 0, gcmTag, parts.result, textLength)
    },
    open: (dataLength, textLength) => {
      if (dataLength > parts.data.length || textLength > parts.text.length || textLength < gcmTag) tooLong()
      const end = textLength - gcmTag
      copyBytes(parts.text, end, gcmTag, tagMemory, 0)
      done(openssl.EVP_DecryptInit_ex2(opening, 0n, key, iv, 0n))
      done(openssl.EVP_CIPHER_CTX_ctrl(opening, setTag, tagSize, tag))
      done(openssl.EVP_DecryptUpdate(opening, 0n, written, data, sizeOf(dataLength)))
      if (end > 0) done(openssl.EVP_DecryptUpdate(opening, result, written, text, sizeOf(end)))
      if (openssl.EVP_DecryptFinal_ex(opening, result, written) === 1) return true
      // What stays in the queue would be taken for the error of Node's next call.
      openssl.ERR_clear_error()
      return false
    },
  }
}

function found(pointer: bigint): bigint {
  if (pointer === 0n) throw new Error('OpenSSL has not what blobs are sealed with')
  return pointer
}

function done(outcome: number): void {
  if (outcome !== 1) throw new Error('OpenSSL refused what it always does')
}

function tooLong(): never {
  throw new RangeError('more than there is room for')
}
