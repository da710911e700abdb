/**
 * Signatures over digests by OpenSSL itself, through Node's foreign function interface into the OpenSSL that Node carries:
 * ten to a hundred times as fast as the portable way, in constant time, and the only way for ML-DSA's mu.
 * The interface is experimental and may be missing, so whoever opens it has it proved first (self-test.ts) and has the
 * portable way beside it. Every signature below is OpenSSL 3.5's (EVP_PKEY_sign(3), EVP_SIGNATURE-ML-DSA(7),
 * EVP_SIGNATURE-ED25519(7)); a wrong one would end the process.
 */
import type { KeyObject } from 'node:crypto'
import { fivePointers } from '#base/native-arguments.ts'
import type { DigestScheme, DigestSigner } from './digest-signer.ts'
import { privateKeyDer } from './private-key.ts'
import { publicKeyDer } from './public-key.ts'

const initialize = { return: 'int32', arguments: ['pointer'] } as const
const initializeAs = { return: 'int32', arguments: ['pointer', 'pointer', 'buffer'] } as const
const readKey = { return: 'pointer', arguments: ['pointer', 'buffer', 'int64'] } as const

/** The functions that are needed, in the form that `getFunctions` of node:ffi takes: OpenSSL 3.5's headers say the same. */
export const opensslFunctions = {
  d2i_AutoPrivateKey: readKey,
  d2i_PUBKEY: readKey,
  EVP_PKEY_free: { return: 'void', arguments: ['pointer'] },
  EVP_PKEY_CTX_new: { return: 'pointer', arguments: ['pointer', 'pointer'] },
  EVP_PKEY_CTX_free: { return: 'void', arguments: ['pointer'] },
  EVP_SIGNATURE_fetch: { return: 'pointer', arguments: ['pointer', 'buffer', 'pointer'] },
  ERR_clear_error: { return: 'void', arguments: [] },
  EVP_PKEY_sign_init: initialize,
  EVP_PKEY_verify_init: initialize,
  EVP_PKEY_sign_init_ex2: initializeAs,
  EVP_PKEY_verify_init_ex2: initializeAs,
  EVP_PKEY_sign_message_init: initializeAs,
  EVP_PKEY_verify_message_init: initializeAs,
  EVP_PKEY_sign: { return: 'int32', arguments: fivePointers },
  EVP_PKEY_verify: { return: 'int32', arguments: fivePointers },
} as const

type Initialize = (context: bigint) => number
type InitializeAs = (context: bigint, algorithm: bigint, parameters: Buffer) => number
type ReadKey = (into: bigint, at: Buffer, length: bigint) => bigint

/** The same functions, bound. Pointers are bigints, 0 being none. */
export interface Openssl {
  readonly d2i_AutoPrivateKey: ReadKey
  readonly d2i_PUBKEY: ReadKey
  readonly EVP_PKEY_free: (key: bigint) => void
  readonly EVP_PKEY_CTX_new: (key: bigint, engine: bigint) => bigint
  readonly EVP_PKEY_CTX_free: (context: bigint) => void
  readonly EVP_SIGNATURE_fetch: (library: bigint, name: Buffer, properties: bigint) => bigint
  readonly ERR_clear_error: () => void
  readonly EVP_PKEY_sign_init: Initialize
  readonly EVP_PKEY_verify_init: Initialize
  readonly EVP_PKEY_sign_init_ex2: InitializeAs
  readonly EVP_PKEY_verify_init_ex2: InitializeAs
  readonly EVP_PKEY_sign_message_init: InitializeAs
  readonly EVP_PKEY_verify_message_init: InitializeAs
  readonly EVP_PKEY_sign: (context: bigint, to: bigint, length: bigint, input: bigint, size: bigint) => number
  readonly EVP_PKEY_verify: (context: bigint, signature: bigint, length: bigint, input: bigint, size: bigint) => number
}

/** The address of a buffer's bytes: `getRawPointer` of node:ffi. */
export type AddressOf = (bytes: Buffer) => bigint

// Larger than any signature here (ML-DSA-87: 4,627 bytes).
const room = 6144
// SHA-512, and the mu of ML-DSA.
const longestDigest = 64

/** Signs through bound functions of OpenSSL. For platforms of 64 bits, little-endian: on others it doesn't prove itself. */
export function openLibcrypto(openssl: Openssl, addressOf: AddressOf): DigestSigner {
  const algorithms = new Map<string, bigint>()

  function address(of: Buffer): Buffer {
    const pointer = Buffer.alloc(8)
    pointer.writeBigUInt64LE(addressOf(of))
    return pointer
  }

  /** A signature algorithm, kept for the life of the process. */
  function algorithm(name: string): bigint {
    const known = algorithms.get(name)
    if (known !== undefined) return known
    const fetched = openssl.EVP_SIGNATURE_fetch(0n, Buffer.from(`${name}\0`, 'latin1'), 0n)
    if (fetched === 0n) throw new Error(`OpenSSL has no ${name}`)
    algorithms.set(name, fetched)
    return fetched
  }

  // Two OSSL_PARAMs of 40 bytes: mu = 1, and the end. They hold addresses of the other two buffers, which the collector does
  // not see: one object has all three, and is used as long as the parameters are.
  const mu = { name: Buffer.from('mu\0', 'latin1'), value: Buffer.of(1, 0, 0, 0), parameters: Buffer.alloc(80) }
  mu.parameters.writeBigUInt64LE(addressOf(mu.name), 0)
  mu.parameters.writeUInt32LE(1, 8)
  mu.parameters.writeBigUInt64LE(addressOf(mu.value), 16)
  mu.parameters.writeBigUInt64LE(BigInt(mu.value.length), 24)
  mu.parameters.writeBigUInt64LE(2n ** 64n - 1n, 32)
  const noParameters = Buffer.alloc(40)

  /** Prepares `context` to sign or verify with `scheme`; answers what OpenSSL does, 1 for success. */
  function prepare(context: bigint, scheme: DigestScheme, key: KeyObject): number {
    const signing = key.type === 'private'
    switch (scheme.kind) {
      case 'ecdsa':
      case 'sm2dsa':
        return signing ? openssl.EVP_PKEY_sign_init(context) : openssl.EVP_PKEY_verify_init(context)
      case 'ed25519ph': {
        const init = signing ? openssl.EVP_PKEY_sign_init_ex2 : openssl.EVP_PKEY_verify_init_ex2
        return init(context, algorithm('ED25519ph'), noParameters)
      }
      case 'ml-dsa': {
        const init = signing ? openssl.EVP_PKEY_sign_message_init : openssl.EVP_PKEY_verify_message_init
        return init(context, algorithm((key.asymmetricKeyType ?? '').toUpperCase()), mu.parameters)
      }
    }
  }

  // OpenSSL's own form of a key lives as long as Node's: reading one takes as long as a signature.
  const handles = new WeakMap<KeyObject, bigint>()
  const garbage = new FinalizationRegistry<bigint>((handle) => openssl.EVP_PKEY_free(handle))

  function handleOf(key: KeyObject): bigint {
    const known = handles.get(key)
    if (known !== undefined) return known
    const der = key.type === 'private' ? privateKeyDer(key) : publicKeyDer(key)
    const read = key.type === 'private' ? openssl.d2i_AutoPrivateKey : openssl.d2i_PUBKEY
    const handle = read(0n, address(der), BigInt(der.length))
    der.fill(0)
    if (handle === 0n) throw new Error('OpenSSL does not take the key')
    handles.set(key, handle)
    garbage.register(key, handle)
    return handle
  }

  /** Hands `use` a prepared context for `key`, and leaves nothing behind in OpenSSL but the key. */
  function withContext<T>(scheme: DigestScheme, key: KeyObject, use: (context: bigint) => T): T {
    const context = openssl.EVP_PKEY_CTX_new(handleOf(key), 0n)
    try {
      if (context === 0n || prepare(context, scheme, key) !== 1) throw new Error('OpenSSL does not take the key')
      return use(context)
    } finally {
      openssl.EVP_PKEY_CTX_free(context)
      // What stays in the queue would be taken for the error of Node's next call.
      openssl.ERR_clear_error()
    }
  }

  // Contexts in which ECDSA signatures are made, prepared once for each key: that takes a third as long as a signature.
  const prepared = new WeakMap<KeyObject, bigint>()
  const unused = new FinalizationRegistry<bigint>((context) => openssl.EVP_PKEY_CTX_free(context))

  function preparedFor(scheme: DigestScheme, key: KeyObject): bigint {
    const known = prepared.get(key)
    if (known !== undefined) return known
    const context = openssl.EVP_PKEY_CTX_new(handleOf(key), 0n)
    if (context === 0n || prepare(context, scheme, key) !== 1) {
      openssl.EVP_PKEY_CTX_free(context)
      openssl.ERR_clear_error()
      throw new Error('OpenSSL does not take the key')
    }
    prepared.set(key, context)
    unused.register(key, context)
    return context
  }

  // Used again by every call, for nothing here awaits; signatures and digests are no secrets.
  const memory = Buffer.allocUnsafeSlow(room + 8 + longestDigest).fill(0)
  const signature = memory.subarray(0, room)
  const length = memory.subarray(room, room + 8)
  const input = memory.subarray(room + 8)
  const signatureAt = addressOf(signature)
  const lengthAt = addressOf(length)
  const inputAt = addressOf(input)

  function signIn(context: bigint, digest: Buffer): Buffer {
    if (digest.length > longestDigest) throw new RangeError('no digest is so long')
    length.writeUInt32LE(room, 0)
    length.writeUInt32LE(0, 4)
    input.set(digest)
    if (openssl.EVP_PKEY_sign(context, signatureAt, lengthAt, inputAt, BigInt(digest.length)) !== 1) {
      openssl.ERR_clear_error()
      throw new Error('OpenSSL did not sign')
    }
    const made = Buffer.allocUnsafe(length.readUInt32LE(0))
    signature.copy(made, 0, 0, made.length)
    return made
  }

  function sign(scheme: DigestScheme, privateKey: KeyObject, digest: Buffer): Buffer {
    return scheme.kind === 'ecdsa'
      ? signIn(preparedFor(scheme, privateKey), digest)
      : withContext(scheme, privateKey, (context) => signIn(context, digest))
  }

  function verify(scheme: DigestScheme, publicKey: KeyObject, digest: Buffer, given: Buffer): boolean {
    if (given.length > room || digest.length > longestDigest) return false
    return withContext(scheme, publicKey, (context) => {
      signature.set(given)
      input.set(digest)
      const [size, digestSize] = [BigInt(given.length), BigInt(digest.length)]
      return openssl.EVP_PKEY_verify(context, signatureAt, size, inputAt, digestSize) === 1
    })
  }

  return { supports: () => true, sign, verify }
}
