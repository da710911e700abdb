/** Key material that somebody else made, and how it is wrapped for its import. */
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { wrapMaterial, type WrappingAlgorithm, type WrappingKeySpec } from '#crypto/import-wrapping.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'

/** A way to wrap that every key spec's material takes. */
export function wrappingFor(spec: KeySpec): {
  readonly WrappingAlgorithm: WrappingAlgorithm
  readonly WrappingKeySpec: WrappingKeySpec
} {
  const { kind } = keySpecs[spec].material
  const isPair = kind === 'rsa' || kind === 'ec' || kind === 'ed25519'
  return {
    WrappingAlgorithm: isPair ? 'RSA_AES_KEY_WRAP_SHA_256' : 'RSAES_OAEP_SHA_256',
    WrappingKeySpec: 'RSA_2048',
  }
}

const namedCurves = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  secp256k1: 'secp256k1',
  SM2: 'SM2',
} as const

/** New material of `spec`: random bytes, or a private key as PKCS #8. */
export function newMaterial(spec: KeySpec): Buffer {
  const { material } = keySpecs[spec]
  const encoding = {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  } as const
  switch (material.kind) {
    case 'symmetric':
    case 'hmac':
      return randomBytes(material.bytes)
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: material.modulusBits, ...encoding }).privateKey
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: namedCurves[material.curve], ...encoding }).privateKey
    case 'ed25519':
      return generateKeyPairSync('ed25519', encoding).privateKey
    case 'ml-dsa':
    case 'ml-kem':
      throw new TypeError(`material of ${spec} can't be imported`)
  }
}

/** `material` wrapped for the PublicKey that GetParametersForImport answered. */
export function wrappedFor(publicKey: Uint8Array, algorithm: WrappingAlgorithm, material: Buffer): Buffer {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  return wrapMaterial(key, algorithm, material, randomBytes)
}
