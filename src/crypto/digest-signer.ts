/**
 * Signatures over what Node's own `sign` doesn't take: digests for ECDSA, Ed25519ph and SM2DSA, and the mu of ML-DSA. One
 * implementation calls OpenSSL directly (libcrypto.ts), the other is written here and goes as far as it can.
 */
import type { KeyObject } from 'node:crypto'
import type { CurveName } from './curves.ts'
import { curves } from './curves.ts'
import { ed25519Bytes, signEd25519ph, verifyEd25519ph } from './ed25519ph.ts'
import { signDigest, verifyDigest, type RandomBytes } from './ecdsa-digest.ts'
import { readPoint } from './points.ts'
import { privateScalar } from './private-key.ts'
import { publicKeyBits } from './public-key.ts'
import { portableMultiplication } from './sm2-multiplication.ts'
import { signSm2, verifySm2 } from './sm2-signature.ts'

/** What is signed, and how. */
export type DigestScheme =
  | { readonly kind: 'ecdsa'; readonly curve: CurveName }
  | { readonly kind: 'ed25519ph' }
  | { readonly kind: 'sm2dsa' }
  | { readonly kind: 'ml-dsa' }

export interface DigestSigner {
  /** Whether it can do `scheme` at all. */
  supports(scheme: DigestScheme): boolean
  /** The signature of `digest`. Blocks the thread. */
  sign(scheme: DigestScheme, privateKey: KeyObject, digest: Buffer): Buffer
  /** Whether `signature` is one of `digest`. Blocks the thread. */
  verify(scheme: DigestScheme, publicKey: KeyObject, digest: Buffer, signature: Buffer): boolean
}

function unsupported(scheme: DigestScheme): Error {
  return new Error(`this build of Node.js cannot sign for ${scheme.kind} over a digest`)
}

/** The implementation that every Node.js runs: all but the mu of ML-DSA. */
export function portableDigestSigner(random: RandomBytes): DigestSigner {
  const multiply = portableMultiplication(random)

  function sign(scheme: DigestScheme, privateKey: KeyObject, digest: Buffer): Buffer {
    if (scheme.kind === 'ecdsa') {
      const scalar = privateScalar(privateKey, scheme.curve)
      const signature = signDigest(scheme.curve, scalar, digest, random)
      scalar.fill(0)
      return signature
    }
    if (scheme.kind === 'sm2dsa') {
      const scalar = privateScalar(privateKey, 'SM2')
      const signature = signSm2(scalar, digest, random)
      scalar.fill(0)
      return signature
    }
    if (scheme.kind !== 'ed25519ph') throw unsupported(scheme)
    const seed = ed25519Bytes(privateKey)
    const signature = signEd25519ph(seed, publicKeyBits(privateKey), digest)
    seed.fill(0)
    return signature
  }

  function verify(scheme: DigestScheme, publicKey: KeyObject, digest: Buffer, signature: Buffer): boolean {
    if (scheme.kind === 'ed25519ph') return verifyEd25519ph(publicKeyBits(publicKey), digest, signature)
    if (scheme.kind === 'ml-dsa') throw unsupported(scheme)
    const name = scheme.kind === 'sm2dsa' ? 'SM2' : scheme.curve
    const point = readPoint(curves[name], publicKeyBits(publicKey))
    if (point === undefined) return false
    if (scheme.kind === 'sm2dsa') return verifySm2(point, digest, signature, multiply)
    return verifyDigest(scheme.curve, point, digest, signature)
  }

  return { supports: ({ kind }) => kind !== 'ml-dsa', sign, verify }
}

/** `first` for what it supports, `second` for the rest. */
export function eitherSigner(first: DigestSigner, second: DigestSigner): DigestSigner {
  const choose = (scheme: DigestScheme): DigestSigner => (first.supports(scheme) ? first : second)
  return {
    supports: (scheme) => first.supports(scheme) || second.supports(scheme),
    sign: (scheme, key, digest) => choose(scheme).sign(scheme, key, digest),
    verify: (scheme, key, digest, signature) => choose(scheme).verify(scheme, key, digest, signature),
  }
}
