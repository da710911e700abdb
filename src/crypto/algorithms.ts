/**
 * The algorithms of asymmetric and HMAC KMS keys ("Key spec reference", AWS KMS Developer Guide): one row for each, with all
 * that checks of a request and the cryptography itself need to know. The names are AWS's.
 */
import { exhaustive } from '#base/exhaustive.ts'

/** What `Message` holds: all of it, its digest, or the mu of FIPS 204 section 6.2. */
export type MessageType = 'RAW' | 'DIGEST' | 'EXTERNAL_MU'

/** Most bytes of `Message` in Sign, Verify, GenerateMac and VerifyMac (AWS KMS API Reference). */
export const largestMessage = 4096

/** Bytes of a mu (FIPS 204, algorithm 7). */
export const muLength = 64

type Scheme = 'rsa-pss' | 'rsa-pkcs1' | 'ecdsa' | 'ed25519' | 'ed25519ph' | 'ml-dsa' | 'sm2dsa'

/** One signing algorithm. */
export interface SigningFacts {
  readonly scheme: Scheme
  /** Node's name of the hash function that a RAW message goes through, and its digest in bytes. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | 'shake256' | 'sm3'
  readonly digestLength: number
  readonly messageTypes: readonly MessageType[]
}

const hashed = ['RAW', 'DIGEST'] as const

export const signingAlgorithms = {
  RSASSA_PSS_SHA_256: { scheme: 'rsa-pss', hash: 'sha256', digestLength: 32, messageTypes: hashed },
  RSASSA_PSS_SHA_384: { scheme: 'rsa-pss', hash: 'sha384', digestLength: 48, messageTypes: hashed },
  RSASSA_PSS_SHA_512: { scheme: 'rsa-pss', hash: 'sha512', digestLength: 64, messageTypes: hashed },
  RSASSA_PKCS1_V1_5_SHA_256: { scheme: 'rsa-pkcs1', hash: 'sha256', digestLength: 32, messageTypes: hashed },
  RSASSA_PKCS1_V1_5_SHA_384: { scheme: 'rsa-pkcs1', hash: 'sha384', digestLength: 48, messageTypes: hashed },
  RSASSA_PKCS1_V1_5_SHA_512: { scheme: 'rsa-pkcs1', hash: 'sha512', digestLength: 64, messageTypes: hashed },
  ECDSA_SHA_256: { scheme: 'ecdsa', hash: 'sha256', digestLength: 32, messageTypes: hashed },
  ECDSA_SHA_384: { scheme: 'ecdsa', hash: 'sha384', digestLength: 48, messageTypes: hashed },
  ECDSA_SHA_512: { scheme: 'ecdsa', hash: 'sha512', digestLength: 64, messageTypes: hashed },
  // RFC 8032: Ed25519 hashes the message itself, twice; Ed25519ph takes its SHA-512 digest and hashes that again.
  ED25519_SHA_512: { scheme: 'ed25519', hash: 'sha512', digestLength: 64, messageTypes: ['RAW'] },
  ED25519_PH_SHA_512: { scheme: 'ed25519ph', hash: 'sha512', digestLength: 64, messageTypes: ['DIGEST'] },
  ML_DSA_SHAKE_256: {
    scheme: 'ml-dsa',
    hash: 'shake256',
    digestLength: muLength,
    messageTypes: ['RAW', 'EXTERNAL_MU'],
  },
  // A DIGEST is SM3(Z || message), Z being the hash of identity and public key (GB/T 32918.2 section 5.5).
  SM2DSA: { scheme: 'sm2dsa', hash: 'sm3', digestLength: 32, messageTypes: hashed },
} as const satisfies Record<string, SigningFacts>
export type SigningAlgorithm = keyof typeof signingAlgorithms

/**
 * One algorithm of Encrypt and Decrypt. RSAES_OAEP uses one hash function for itself and MGF1, and an empty label; ciphertexts
 * of SM2PKE are DER (sm2-encryption.ts).
 */
export const encryptionAlgorithms = {
  SYMMETRIC_DEFAULT: { scheme: 'symmetric' },
  RSAES_OAEP_SHA_1: { scheme: 'rsa-oaep', hash: 'sha1', digestLength: 20 },
  RSAES_OAEP_SHA_256: { scheme: 'rsa-oaep', hash: 'sha256', digestLength: 32 },
  SM2PKE: { scheme: 'sm2pke' },
} as const
export type EncryptionAlgorithm = keyof typeof encryptionAlgorithms
/** Those of key pairs. */
export type PairEncryptionAlgorithm = Exclude<EncryptionAlgorithm, 'SYMMETRIC_DEFAULT'>

/** One MAC algorithm (RFC 2104): its hash function and the bytes of a MAC. */
export const macAlgorithms = {
  HMAC_SHA_224: { hash: 'sha224', macLength: 28 },
  HMAC_SHA_256: { hash: 'sha256', macLength: 32 },
  HMAC_SHA_384: { hash: 'sha384', macLength: 48 },
  HMAC_SHA_512: { hash: 'sha512', macLength: 64 },
} as const
export type KmsMacAlgorithm = keyof typeof macAlgorithms

/** The raw x-coordinate of SP 800-56A section 5.7.1.2, not yet put through a key derivation function. */
export const keyAgreementAlgorithms = { ECDH: { scheme: 'ecdh' } } as const
export type KeyAgreementAlgorithm = keyof typeof keyAgreementAlgorithms

/** FIPS 203. */
export const encapsulationAlgorithms = { ML_KEM: { scheme: 'ml-kem', secretLength: 32 } } as const
export type EncapsulationAlgorithm = keyof typeof encapsulationAlgorithms

/**
 * What is wrong with a message of `length` bytes: `type` when the algorithm doesn't take that kind of message, `length` when
 * a digest or mu has not exactly its size or a message is longer than 4,096 bytes. Undefined when nothing is.
 */
export function messageFault(
  algorithm: SigningAlgorithm,
  messageType: MessageType,
  length: number,
): 'type' | 'length' | undefined {
  const { digestLength, messageTypes }: SigningFacts = signingAlgorithms[algorithm]
  if (!messageTypes.includes(messageType)) return 'type'
  switch (messageType) {
    case 'RAW':
      return length <= largestMessage ? undefined : 'length'
    case 'DIGEST':
      return length === digestLength ? undefined : 'length'
    case 'EXTERNAL_MU':
      return length === muLength ? undefined : 'length'
    default:
      return exhaustive(messageType)
  }
}
