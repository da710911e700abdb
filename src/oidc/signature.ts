/**
 * The signatures of tokens. Loaded when the first token comes: reading the library takes a worker some 70 ms, and most never
 * need it.
 */
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet, type LocalJWKSet } from 'jose'

/** Keys that tokens can be verified with. Throws when they are none. */
export const keySet = (keys: JSONWebKeySet): LocalJWKSet => createLocalJWKSet(keys)

const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'EdDSA', 'Ed25519'],
]

/** Why nothing of a token is believed. */
export type Distrust = 'not a token' | 'algorithm' | 'unknown key' | 'mismatch'

/** The payload of `token` when one of `keys` has signed it. */
export async function signedPayload(
  token: string,
  keys: LocalJWKSet,
): Promise<{ readonly payload: string } | { readonly distrust: Distrust }> {
  try {
    const { payload } = await compactVerify(token, keys, { algorithms })
    return { payload: Buffer.from(payload).toString('utf8') }
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return { distrust: 'unknown key' }
    if (error instanceof errors.JOSEAlgNotAllowed) return { distrust: 'algorithm' }
    if (error instanceof errors.JWSInvalid) return { distrust: 'not a token' }
    // Whatever else is wrong with it or with the key that it names.
    return { distrust: 'mismatch' }
  }
}
