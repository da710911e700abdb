import { createPrivateKey, type KeyObject } from 'node:crypto'
import { curves } from './curves.ts'
import { keySpecs, type KeySpec } from './key-specs.ts'
import { privateKeyDer } from './private-key.ts'
import { publicKeyDer, readPublicKey } from './public-key.ts'

/** A private key that somebody wrote down. */
export interface PemPrivateKey {
  /** PKCS #8, owned by the caller, who overwrites it. Not yet checked: see `readPrivateKey`. */
  readonly pkcs8: Buffer
  /** The key spec that keys like it have; undefined when there is none. */
  readonly spec: KeySpec | undefined
}

/**
 * The private key in `pem` (RFC 7468: PKCS #8, or the older forms of RSA and EC keys), without a passphrase; undefined when
 * there is none.
 */
export function readPem(pem: string): PemPrivateKey | undefined {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    // OpenSSL's reasons are about the text, which is a secret.
    return undefined
  }
  return { pkcs8: privateKeyDer(key), spec: specOf(key) }
}

function specOf(key: KeyObject): KeySpec | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails } = key
  // Node.js has no name for the type of an SM2 key that it has read.
  if (asymmetricKeyType === undefined) return readPublicKey('SM2', publicKeyDer(key)) && 'SM2'
  const names = Object.keys(keySpecs).filter((name): name is KeySpec => Object.hasOwn(keySpecs, name))
  return names.find((name) => {
    const { material } = keySpecs[name]
    switch (material.kind) {
      case 'rsa':
        return asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === material.modulusBits
      case 'ec':
        return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === curves[material.curve].openssl
      case 'ed25519':
        return asymmetricKeyType === 'ed25519'
      case 'ml-dsa':
      case 'ml-kem':
        return asymmetricKeyType === material.type
      case 'symmetric':
      case 'hmac':
        return false
    }
  })
}
