/**
 * The key specs of AWS KMS ("Key spec reference", AWS KMS Developer Guide): one row for each, with the key usages it allows,
 * the algorithms of each usage, and what its key material is. The names are AWS's.
 */
import type {
  EncapsulationAlgorithm,
  EncryptionAlgorithm,
  KeyAgreementAlgorithm,
  KmsMacAlgorithm,
  SigningAlgorithm,
} from './algorithms.ts'
import { encryptionAlgorithms } from './algorithms.ts'
import type { CurveName } from './curves.ts'

/** What material of a key spec is: random bytes, or a private key in PKCS#8 (RFC 5958) DER. Sizes are in bytes. */
export type Material =
  /** In Regions of China it is for SM4, elsewhere for AES. */
  | { readonly kind: 'symmetric'; readonly bytes: number; readonly bytesInChina: number }
  /** `bytes` are generated; `mostBytes` may be imported ("Importing key material", AWS KMS Developer Guide). */
  | { readonly kind: 'hmac'; readonly bytes: number; readonly mostBytes: number }
  | { readonly kind: 'rsa'; readonly modulusBits: number }
  | { readonly kind: 'ec'; readonly curve: CurveName }
  | { readonly kind: 'ed25519' }
  | {
      readonly kind: 'ml-dsa'
      readonly type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'
      readonly publicBytes: number
      readonly signatureBytes: number
    }
  | {
      readonly kind: 'ml-kem'
      readonly type: 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024'
      readonly publicBytes: number
      readonly ciphertextBytes: number
    }

/** The algorithms for each usage that a key spec allows; a usage that is absent is not allowed. */
export interface Usages {
  readonly ENCRYPT_DECRYPT?: readonly EncryptionAlgorithm[]
  readonly SIGN_VERIFY?: readonly SigningAlgorithm[]
  readonly GENERATE_VERIFY_MAC?: readonly KmsMacAlgorithm[]
  readonly KEY_AGREEMENT?: readonly KeyAgreementAlgorithm[]
  readonly ENCAPSULATE_DECAPSULATE?: readonly EncapsulationAlgorithm[]
}
export type KeyUsage = keyof Usages
export type Algorithm = NonNullable<Usages[KeyUsage]>[number]

/** The Regions that have keys of a spec. */
export type RegionsOfSpec = 'all' | 'of China only' | 'all but those of China'

/** One key spec. */
export interface KeySpecFacts {
  readonly material: Material
  readonly usages: Usages
  /** Whether GenerateDataKeyPair makes pairs of it. */
  readonly dataKeyPair: boolean
  /** Whether ImportKeyMaterial takes material of it. */
  readonly importable: boolean
  /** Where KMS has it. */
  readonly regions: RegionsOfSpec
}

const rsaUsages: Usages = {
  ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  SIGN_VERIFY: [
    ...(['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'] as const),
    ...(['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'] as const),
  ],
}

function rsa(modulusBits: number): KeySpecFacts {
  const material = { kind: 'rsa', modulusBits } as const
  return { material, usages: rsaUsages, dataKeyPair: true, importable: true, regions: 'all' }
}

function hmac(algorithm: KmsMacAlgorithm, bytes: number): KeySpecFacts {
  const material = { kind: 'hmac', bytes, mostBytes: 128 } as const
  const usages = { GENERATE_VERIFY_MAC: [algorithm] }
  return { material, usages, dataKeyPair: false, importable: true, regions: 'all' }
}

function nist(curve: CurveName, algorithm: SigningAlgorithm): KeySpecFacts {
  const usages: Usages = { SIGN_VERIFY: [algorithm], KEY_AGREEMENT: ['ECDH'] }
  return { material: { kind: 'ec', curve }, usages, dataKeyPair: true, importable: true, regions: 'all' }
}

// Sizes: FIPS 204 table 2.
function mlDsa(
  type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87',
  publicBytes: number,
  signatureBytes: number,
): KeySpecFacts {
  const usages: Usages = { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] }
  const material = { kind: 'ml-dsa', type, publicBytes, signatureBytes } as const
  return { material, usages, dataKeyPair: false, importable: false, regions: 'all' }
}

// Sizes: FIPS 203 table 3.
function mlKem(
  type: 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024',
  publicBytes: number,
  ciphertextBytes: number,
): KeySpecFacts {
  const usages: Usages = { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] }
  const material = { kind: 'ml-kem', type, publicBytes, ciphertextBytes } as const
  return { material, usages, dataKeyPair: true, importable: false, regions: 'all but those of China' }
}

const table = {
  SYMMETRIC_DEFAULT: {
    material: { kind: 'symmetric', bytes: 32, bytesInChina: 16 },
    usages: { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] },
    dataKeyPair: false,
    importable: true,
    regions: 'all',
  },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: nist('P-256', 'ECDSA_SHA_256'),
  ECC_NIST_P384: nist('P-384', 'ECDSA_SHA_384'),
  ECC_NIST_P521: nist('P-521', 'ECDSA_SHA_512'),
  ECC_SECG_P256K1: {
    material: { kind: 'ec', curve: 'secp256k1' },
    usages: { SIGN_VERIFY: ['ECDSA_SHA_256'] },
    dataKeyPair: true,
    importable: true,
    regions: 'all',
  },
  ECC_NIST_EDWARDS25519: {
    material: { kind: 'ed25519' },
    usages: { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
    dataKeyPair: true,
    importable: true,
    regions: 'all',
  },
  HMAC_224: hmac('HMAC_SHA_224', 28),
  HMAC_256: hmac('HMAC_SHA_256', 32),
  HMAC_384: hmac('HMAC_SHA_384', 48),
  HMAC_512: hmac('HMAC_SHA_512', 64),
  ML_DSA_44: mlDsa('ml-dsa-44', 1312, 2420),
  ML_DSA_65: mlDsa('ml-dsa-65', 1952, 3309),
  ML_DSA_87: mlDsa('ml-dsa-87', 2592, 4627),
  ML_KEM_512: mlKem('ml-kem-512', 800, 768),
  ML_KEM_768: mlKem('ml-kem-768', 1184, 1088),
  ML_KEM_1024: mlKem('ml-kem-1024', 1568, 1568),
  SM2: {
    material: { kind: 'ec', curve: 'SM2' },
    usages: { ENCRYPT_DECRYPT: ['SM2PKE'], SIGN_VERIFY: ['SM2DSA'], KEY_AGREEMENT: ['ECDH'] },
    dataKeyPair: true,
    importable: true,
    regions: 'of China only',
  },
} as const satisfies Record<string, KeySpecFacts>

export type KeySpec = keyof typeof table
export const keySpecs: Readonly<Record<KeySpec, KeySpecFacts>> = table

/** Whether keys of `spec` may be made for `usage`. */
export function allowsUsage(spec: KeySpec, usage: KeyUsage): boolean {
  return keySpecs[spec].usages[usage] !== undefined
}

/** The algorithms of keys of `spec` used for `usage`, in AWS's order; empty when the spec doesn't allow the usage. */
export function algorithmsOf(spec: KeySpec, usage: KeyUsage): readonly Algorithm[] {
  return keySpecs[spec].usages[usage] ?? []
}

/** Most bytes of plaintext that one Encrypt takes (RFC 8017 section 7.1.1; "Encrypt", AWS KMS API Reference). */
export function largestPlaintext(spec: KeySpec, algorithm: EncryptionAlgorithm): number {
  const facts = encryptionAlgorithms[algorithm]
  const { material } = keySpecs[spec]
  if (facts.scheme === 'symmetric') return 4096
  if (facts.scheme === 'sm2pke') return 1024
  return material.kind === 'rsa' ? material.modulusBits / 8 - 2 * facts.digestLength - 2 : 0
}
