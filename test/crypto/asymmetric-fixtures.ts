/** Keys of every spec, and both ways of signing digests. */
import { generateKeyPair, randomBytes } from 'node:crypto'
import { DynamicLibrary, getRawPointer } from 'node:ffi'
import { promisify } from 'node:util'
import { eitherSigner, portableDigestSigner, type DigestSigner } from '#crypto/digest-signer.ts'
import type { GenerateKeyPair, KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import { keyPairRequest } from '#crypto/key-pair.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { openLibcrypto, opensslFunctions } from '#crypto/libcrypto.ts'
import type { SigningTools } from '#crypto/signing.ts'

export const portable: DigestSigner = portableDigestSigner(randomBytes)
export const native: DigestSigner = openLibcrypto(new DynamicLibrary(null).getFunctions(opensslFunctions), (bytes) =>
  getRawPointer(bytes),
)

/** Signing tools that prefer the portable way, so that both ways are seen at work. */
export const tools: SigningTools = { random: randomBytes, digests: eitherSigner(portable, native) }

const keyPair = promisify(generateKeyPair)

/** Node's own generator. */
export const generate: GenerateKeyPair = async (request: KeyPairRequest): Promise<KeyPair> => {
  switch (request.type) {
    case 'rsa':
      return await keyPair('rsa', request)
    case 'ec':
      return await keyPair('ec', request)
    case 'ed25519':
      return await keyPair('ed25519', {})
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return await keyPair(request.type, {})
    case 'ml-kem-512':
    case 'ml-kem-768':
    case 'ml-kem-1024':
      return await keyPair(request.type, {})
  }
}

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
