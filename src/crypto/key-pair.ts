/**
 * Key pairs of every key spec. They come from OpenSSL's generator through a function that the caller brings: this layer
 * draws no randomness of its own.
 */
import type { KeyObject } from 'node:crypto'
import { partitionOf } from '#base/arn.ts'
import type { Region } from '#base/brand.ts'
import { curves } from './curves.ts'
import { keySpecs, type KeySpec } from './key-specs.ts'
import { privateKeyDer } from './private-key.ts'
import { publicKeyDer } from './public-key.ts'

/** What to ask Node's `generateKeyPair` for. */
export type KeyPairRequest =
  | { readonly type: 'rsa'; readonly modulusLength: number; readonly publicExponent: number }
  | { readonly type: 'ec'; readonly namedCurve: string }
  | { readonly type: 'ed25519' }
  | { readonly type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' }
  | { readonly type: 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024' }

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** Makes key pairs off the calling thread: RSA takes from 50 ms to seconds. */
export type GenerateKeyPair = (request: KeyPairRequest) => Promise<KeyPair>

/** A key pair as bytes. */
export interface KeyPairDer {
  /** PKCS #8, owned by the caller, who overwrites it. ML-KEM and ML-DSA keys are in seed form. */
  readonly privateKey: Buffer
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
}

/** What to ask for a key pair of `spec`; undefined when keys of the spec aren't pairs. */
export function keyPairRequest(spec: KeySpec): KeyPairRequest | undefined {
  const { material } = keySpecs[spec]
  switch (material.kind) {
    case 'symmetric':
    case 'hmac':
      return undefined
    case 'rsa':
      return { type: 'rsa', modulusLength: material.modulusBits, publicExponent: 65537 }
    case 'ec':
      return { type: 'ec', namedCurve: curves[material.curve].openssl }
    case 'ed25519':
      return { type: 'ed25519' }
    case 'ml-dsa':
    case 'ml-kem':
      return { type: material.type }
  }
}

/** Makes a key pair of `spec`. Throws TypeError when keys of the spec aren't pairs. */
export async function generatePair(spec: KeySpec, generate: GenerateKeyPair): Promise<KeyPairDer> {
  const request = keyPairRequest(spec)
  if (request === undefined) throw new TypeError(`keys of ${spec} are not pairs`)
  const { privateKey, publicKey } = await generate(request)
  return { privateKey: privateKeyDer(privateKey), publicKey: publicKeyDer(publicKey) }
}

/** Whether material of `spec` is random bytes, and no pair. */
export function isRandomMaterial(spec: KeySpec): boolean {
  const { kind } = keySpecs[spec].material
  return kind === 'symmetric' || kind === 'hmac'
}

/**
 * Bytes of random material that a key of `spec` begins with in `region`: 32, in China 16, or the size of an HMAC key; undefined
 * for pairs.
 */
export function randomMaterialLength(spec: KeySpec, region: Region): number | undefined {
  const { material } = keySpecs[spec]
  if (material.kind === 'symmetric') return partitionOf(region) === 'aws-cn' ? material.bytesInChina : material.bytes
  return material.kind === 'hmac' ? material.bytes : undefined
}

/**
 * Whether `bytes` may be imported as material of a symmetric or HMAC key of `spec` in `region`, or in any where that is left out
 * ("Importing key material", AWS KMS Developer Guide).
 */
export function acceptableBytes(spec: KeySpec, bytes: Buffer, region?: Region): boolean {
  const { material } = keySpecs[spec]
  if (material.kind === 'symmetric') {
    if (region !== undefined) return bytes.length === randomMaterialLength(spec, region)
    return bytes.length === material.bytes || bytes.length === material.bytesInChina
  }
  return material.kind === 'hmac' && bytes.length >= material.bytes && bytes.length <= material.mostBytes
}
