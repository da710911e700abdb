/** What the tests of Sign, Verify and GetPublicKey share. */
import { createHash } from 'node:crypto'
import { createKey, succeed, textOf, type Json, type Key } from './service.ts'

/** The one key of each spec: pairs are slow to make. */
const made = new Map<string, Promise<Key>>()

/** A new key pair of `KeySpec` for signatures. */
export const createSigningKey = (KeySpec = 'ECC_NIST_P256'): Promise<Key> =>
  createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' })

export function signingKey(spec: string): Promise<Key> {
  const key = made.get(spec) ?? createSigningKey(spec)
  made.set(spec, key)
  return key
}

const rsa = ['RSASSA_PSS', 'RSASSA_PKCS1_V1_5'].flatMap((name) => [256, 384, 512].map((size) => `${name}_SHA_${size}`))

/** Key spec, algorithm, and message types that it takes. */
export const kinds: readonly (readonly [string, string, readonly string[]])[] = [
  ...rsa.map((algorithm) => ['RSA_2048', algorithm, ['RAW', 'DIGEST']] as const),
  ['RSA_3072', 'RSASSA_PSS_SHA_256', ['RAW', 'DIGEST']],
  ['RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_512', ['RAW', 'DIGEST']],
  ['ECC_NIST_P256', 'ECDSA_SHA_256', ['RAW', 'DIGEST']],
  ['ECC_NIST_P384', 'ECDSA_SHA_384', ['RAW', 'DIGEST']],
  ['ECC_NIST_P521', 'ECDSA_SHA_512', ['RAW', 'DIGEST']],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256', ['RAW', 'DIGEST']],
  ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', ['RAW']],
  ['ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', ['DIGEST']],
  ['ML_DSA_44', 'ML_DSA_SHAKE_256', ['RAW']],
  ['ML_DSA_65', 'ML_DSA_SHAKE_256', ['RAW']],
  ['ML_DSA_87', 'ML_DSA_SHAKE_256', ['RAW']],
]

/** `text` as the message of a request: itself, or its digest for the algorithm. */
export function messageOf(text: string, algorithm: string, MessageType: string): Json {
  const digest = (): Buffer =>
    createHash(`sha${algorithm.slice(-3)}`)
      .update(text)
      .digest()
  return { Message: (MessageType === 'DIGEST' ? digest() : Buffer.from(text)).toString('base64'), MessageType }
}

/** A request without a key, for one of ECC_NIST_P256. */
export const unnamed: Json = { SigningAlgorithm: 'ECDSA_SHA_256', ...messageOf('a message', 'ECDSA_SHA_256', 'RAW') }

/** A request about `key`, whose spec is ECC_NIST_P256. */
export const signRequest = (key: Key, text = 'a message'): Json => ({
  ...unnamed,
  KeyId: key.id,
  ...messageOf(text, 'ECDSA_SHA_256', 'RAW'),
})

/** A request to verify a signature that `key` made. */
export async function verifyRequest(key: Key): Promise<Json> {
  const input = signRequest(key)
  return { ...input, Signature: textOf((await succeed('Sign', input)).json, 'Signature') }
}
