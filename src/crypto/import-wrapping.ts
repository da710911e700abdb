/**
 * How key material is wrapped on its way into KMS ("Select a wrapping algorithm", AWS KMS Developer Guide): with RSAES-OAEP
 * itself, or with AES-KWP (RFC 5649) under a new AES key that goes before it in RSAES-OAEP, as PKCS #11 does in
 * CKM_RSA_AES_KEY_WRAP.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { curves } from './curves.ts'
import { keySpecs, largestPlaintext, type KeySpec } from './key-specs.ts'
import { decryptOaepAside, encryptOaep, type OaepAlgorithm } from './rsa-encryption.ts'

interface WrappingFacts {
  readonly oaep: OaepAlgorithm
  /** Whether RSA wraps an AES key, which wraps the material. */
  readonly withAes: boolean
}

const table = {
  RSAES_OAEP_SHA_256: { oaep: 'RSAES_OAEP_SHA_256', withAes: false },
  RSAES_OAEP_SHA_1: { oaep: 'RSAES_OAEP_SHA_1', withAes: false },
  RSA_AES_KEY_WRAP_SHA_256: { oaep: 'RSAES_OAEP_SHA_256', withAes: true },
  RSA_AES_KEY_WRAP_SHA_1: { oaep: 'RSAES_OAEP_SHA_1', withAes: true },
} as const satisfies Record<string, WrappingFacts>

export type WrappingAlgorithm = keyof typeof table
export const wrappingAlgorithms: Readonly<Record<WrappingAlgorithm, WrappingFacts>> = table

/** The wrapping keys that there are, beside SM2. */
export const wrappingKeySpecs = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const
export type WrappingKeySpec = (typeof wrappingKeySpecs)[number]

/** Most bytes of wrapped material that ImportKeyMaterial takes (API Reference). */
export const largestWrapped = 6144

/** Bytes of the AES key of the algorithms that have one. */
export const aesKeyLength = 32

const kwp = 'id-aes256-wrap-pad'
// RFC 5649 section 3; the length that follows is OpenSSL's to add.
const kwpIv = Buffer.from('a65959a6', 'hex')
const kwpBlock = 8

/**
 * Why material of `keySpec` can't be wrapped in this way: `algorithm`, whatever the wrapping key, or `size`, because the
 * material is longer than that wrapping key takes. Undefined when it can.
 */
export function wrappingFault(
  keySpec: KeySpec,
  algorithm: WrappingAlgorithm,
  wrappingKeySpec: WrappingKeySpec,
): 'algorithm' | 'size' | undefined {
  const { material } = keySpecs[keySpec]
  const { oaep, withAes } = wrappingAlgorithms[algorithm]
  if (material.kind === 'rsa') return withAes ? undefined : 'algorithm'
  if (material.kind !== 'ec') return withAes && material.kind !== 'ed25519' ? 'algorithm' : undefined
  if (withAes) return undefined
  // PKCS #8 with the scalar and the public point, which OpenSSL and others write; without the point P-521 would just fit.
  const wholeKey = 3 * curves[material.curve].bytes + 36
  return wholeKey > largestPlaintext(wrappingKeySpec, oaep) ? 'size' : undefined
}

/**
 * Wraps `material` for `publicKey`, RSA; `aesKey` are `aesKeyLength` random bytes for this wrapping alone. Both stay the
 * caller's to overwrite. Throws RangeError when the material is longer than the public key takes.
 */
export function wrapMaterial(
  publicKey: KeyObject,
  algorithm: WrappingAlgorithm,
  material: Buffer,
  aesKey: Buffer,
): Buffer {
  const { oaep, withAes } = wrappingAlgorithms[algorithm]
  if (!withAes) return encryptOaep(publicKey, oaep, material)
  const cipher = createCipheriv(kwp, aesKey, kwpIv)
  return Buffer.concat([encryptOaep(publicKey, oaep, aesKey), cipher.update(material), cipher.final()])
}

/**
 * The material that `wrapMaterial` wrapped, owned by the caller, who overwrites it; undefined for whatever is wrong, which
 * nobody may learn. All wrong wrappings of one length go the same way: what RSA doesn't open is unwrapped with `decoy`
 * (`aesKeyLength` random bytes) in place of the AES key, and thrown away.
 */
export async function unwrapMaterial(
  privateKey: KeyObject,
  algorithm: WrappingAlgorithm,
  wrapped: Buffer,
  decoy: Buffer,
): Promise<Buffer | undefined> {
  const { oaep, withAes } = wrappingAlgorithms[algorithm]
  if (!withAes) return decryptOaepAside(privateKey, oaep, wrapped)
  const modulus = (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const contents = wrapped.subarray(modulus)
  if (contents.length < 2 * kwpBlock || contents.length % kwpBlock !== 0) return undefined
  const opened = await decryptOaepAside(privateKey, oaep, wrapped.subarray(0, modulus))
  const isAesKey = opened?.length === aesKeyLength
  const material = unwrapKwp(isAesKey ? opened : decoy, contents)
  opened?.fill(0)
  if (isAesKey) return material
  material?.fill(0)
  return undefined
}

function unwrapKwp(aesKey: Buffer, contents: Buffer): Buffer | undefined {
  let material: Buffer | undefined
  try {
    const decipher = createDecipheriv(kwp, aesKey, kwpIv)
    material = decipher.update(contents)
    decipher.final()
    return material
  } catch {
    material?.fill(0)
    return undefined
  }
}
