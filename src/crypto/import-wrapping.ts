/**
 * How key material is wrapped on its way into KMS ("Select a wrapping algorithm", AWS KMS Developer Guide): with RSAES-OAEP
 * itself, with AES-KWP (RFC 5649) under a new AES key that goes before it in RSAES-OAEP, as PKCS #11 does in
 * CKM_RSA_AES_KEY_WRAP, or with SM2 encryption.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { curves } from './curves.ts'
import { keySpecs, largestPlaintext, type KeySpec, type RegionsOfSpec } from './key-specs.ts'
import type { RandomBytes } from './ecdsa-digest.ts'
import { decryptOaepAside, encryptOaep, type OaepAlgorithm } from './rsa-encryption.ts'
import { modulusBytes } from './rsa-modulus.ts'
import { encryptSm2 } from './sm2-encryption.ts'
import { portableMultiplication } from './sm2-multiplication.ts'
import { pointOf, type Sm2Operations } from './sm2-operations.ts'

type WrappingFacts =
  /** `withAes`: RSA wraps an AES key, which wraps the material. */
  | { readonly by: 'RSA'; readonly oaep: OaepAlgorithm; readonly withAes: boolean; readonly regions: RegionsOfSpec }
  | { readonly by: 'SM2'; readonly regions: RegionsOfSpec }

const table = {
  RSAES_OAEP_SHA_256: { by: 'RSA', oaep: 'RSAES_OAEP_SHA_256', withAes: false, regions: 'all' },
  RSAES_OAEP_SHA_1: { by: 'RSA', oaep: 'RSAES_OAEP_SHA_1', withAes: false, regions: 'all' },
  RSA_AES_KEY_WRAP_SHA_256: {
    by: 'RSA',
    oaep: 'RSAES_OAEP_SHA_256',
    withAes: true,
    regions: 'all but those of China',
  },
  RSA_AES_KEY_WRAP_SHA_1: { by: 'RSA', oaep: 'RSAES_OAEP_SHA_1', withAes: true, regions: 'all but those of China' },
  SM2PKE: { by: 'SM2', regions: 'of China only' },
} as const satisfies Record<string, WrappingFacts>

export type WrappingAlgorithm = keyof typeof table
export const wrappingAlgorithms: Readonly<Record<WrappingAlgorithm, WrappingFacts>> = table

/** The wrapping keys that there are. */
export const wrappingKeySpecs = ['RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2'] as const
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
 * Why material of `keySpec` can't be wrapped in this way: `algorithm`, whatever the wrapping key, `wrapping key` because that
 * is none of the algorithm, or `size`, because the material is longer than that wrapping key takes. Undefined when it can.
 */
export function wrappingFault(
  keySpec: KeySpec,
  algorithm: WrappingAlgorithm,
  wrappingKeySpec: WrappingKeySpec,
): 'algorithm' | 'wrapping key' | 'size' | undefined {
  const { material } = keySpecs[keySpec]
  const wrapping = wrappingAlgorithms[algorithm]
  const isRandom = material.kind === 'symmetric' || material.kind === 'hmac'
  if ((wrapping.by === 'SM2') !== (wrappingKeySpec === 'SM2')) return 'wrapping key'
  if (wrapping.by === 'SM2') return isRandom ? 'algorithm' : undefined
  const { oaep, withAes } = wrapping
  if (keySpec === 'SM2' && withAes) return 'algorithm'
  if (material.kind === 'rsa') return withAes ? undefined : 'algorithm'
  if (material.kind !== 'ec') return withAes && material.kind !== 'ed25519' ? 'algorithm' : undefined
  if (withAes) return undefined
  // PKCS #8 with the scalar and the public point, which OpenSSL and others write; without the point P-521 would just fit.
  const wholeKey = 3 * curves[material.curve].bytes + 36
  return wholeKey > largestPlaintext(wrappingKeySpec, oaep) ? 'size' : undefined
}

/**
 * Wraps `material`, which stays the caller's to overwrite, for `publicKey`, a key of the kind that the algorithm has. Draws from
 * `random`. Throws RangeError when the material is longer than the public key takes.
 */
export function wrapMaterial(
  publicKey: KeyObject,
  algorithm: WrappingAlgorithm,
  material: Buffer,
  random: RandomBytes,
): Buffer {
  const wrapping = wrappingAlgorithms[algorithm]
  if (wrapping.by === 'SM2') return encryptSm2(pointOf(publicKey), material, portableMultiplication(random), random)
  const { oaep, withAes } = wrapping
  if (!withAes) return encryptOaep(publicKey, oaep, material)
  const aesKey = random(aesKeyLength)
  try {
    const cipher = createCipheriv(kwp, aesKey, kwpIv)
    return Buffer.concat([encryptOaep(publicKey, oaep, aesKey), cipher.update(material), cipher.final()])
  } finally {
    aesKey.fill(0)
  }
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
  sm2: Pick<Sm2Operations, 'decryptSm2'>,
): Promise<Buffer | undefined> {
  const wrapping = wrappingAlgorithms[algorithm]
  if (wrapping.by === 'SM2') return sm2.decryptSm2(privateKey, wrapped)
  const { oaep, withAes } = wrapping
  if (!withAes) return decryptOaepAside(privateKey, oaep, wrapped)
  const modulus = modulusBytes(privateKey)
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
