/** Keys of every spec, and both ways of signing digests. */
import { randomBytes } from 'node:crypto'
import { DynamicLibrary, getRawPointer } from 'node:ffi'
import { eitherSigner, portableDigestSigner, type DigestSigner } from '#crypto/digest-signer.ts'
import type { GenerateKeyPair, KeyPair } from '#crypto/key-pair.ts'
import { keyPairRequest } from '#crypto/key-pair.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { openLibcrypto, opensslFunctions } from '#crypto/libcrypto.ts'
import { openMultiplication, opensslPointFunctions } from '#crypto/libcrypto-points.ts'
import type { SigningTools } from '#crypto/signing.ts'
import { portableMultiplication } from '#crypto/sm2-multiplication.ts'
import { sm2Operations, type Sm2Operations } from '#crypto/sm2-operations.ts'
import { systemKeyPairs } from '../../src/system.ts'

export const portable: DigestSigner = portableDigestSigner(randomBytes)
export const native: DigestSigner = openLibcrypto(new DynamicLibrary(null).getFunctions(opensslFunctions), (bytes) =>
  getRawPointer(bytes),
)

/** Signing tools that prefer the portable way, so that both ways are seen at work. */
export const tools: SigningTools = { random: randomBytes, digests: eitherSigner(portable, native) }

export const portableMultiply = portableMultiplication(randomBytes)
export const nativeMultiply = openMultiplication(new DynamicLibrary(null).getFunctions(opensslPointFunctions))

/** SM2 by the portable way. */
export const sm2: Sm2Operations = sm2Operations(portableMultiply, randomBytes)

/** Node's own generator. */
export const generate: GenerateKeyPair = systemKeyPairs

const made = new Map<KeySpec, Promise<KeyPair>>()

/** The one key pair of `spec` in this test run. */
export function pairOf(spec: KeySpec): Promise<KeyPair> {
  const known = made.get(spec)
  if (known !== undefined) return known
  const request = keyPairRequest(spec)
  if (request === undefined) throw new TypeError(`${spec} has no pairs`)
  const pair = generate(request)
  made.set(spec, pair)
  return pair
}
