/** Sign and Verify for every signing algorithm of KMS. Callers have checked the message with `messageFault`. */
import { constants, hash as digestMessage, sign as nativeSign, verify as nativeVerify } from 'node:crypto'
import type { KeyObject, SignKeyObjectInput, VerifyKeyObjectInput } from 'node:crypto'
import { exhaustive } from '#base/exhaustive.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { signingAlgorithms, type MessageType, type SigningAlgorithm, type SigningFacts } from './algorithms.ts'
import type { DigestScheme, DigestSigner } from './digest-signer.ts'
import type { RandomBytes } from './ecdsa-digest.ts'
import { keySpecs, type KeySpec } from './key-specs.ts'
import { messageRoom, primitives } from './primitives.ts'
import { publicKeyBits } from './public-key.ts'
import { quickScheme, quickSigner } from './quick-signer.ts'
import { signPkcs1Digest, signPssDigest, verifyPkcs1Digest, verifyPssDigest, type RsaHash } from './rsa-digest.ts'
import { sm2Digest } from './sm2.ts'
import { Together } from './together.ts'

/** What signing needs beside a key. */
export interface SigningTools {
  /** Draws the salts of PSS. */
  readonly random: RandomBytes
  readonly digests: DigestSigner
  /** Where to do what would block this thread for long. Default: here. */
  readonly aside?: SigningAside | undefined
}

/** `sign` and `verify` of this file on another thread. */
export interface SigningAside {
  sign(key: KeyObject, spec: KeySpec, input: SigningInput): Promise<Buffer | undefined>
  verify(key: KeyObject, spec: KeySpec, input: SigningInput, signature: Buffer): Promise<boolean | undefined>
}

/** A message and how to sign it. */
export interface SigningInput {
  readonly algorithm: SigningAlgorithm
  readonly messageType: MessageType
  readonly message: Buffer
}

/** How one combination of algorithm, message type and key spec is done. */
type Route =
  /** Node's own call, which hashes; `aside` on another thread, because it takes longer than the way there and back. */
  | { readonly kind: 'native'; readonly hash: string | null; readonly pss: boolean; readonly aside: boolean }
  | { readonly kind: 'rsa-digest'; readonly hash: RsaHash; readonly pss: boolean }
  | { readonly kind: 'digest'; readonly scheme: DigestScheme }

/** Whether one operation takes some 0.2 ms or more, twice what another thread costs. */
function isSlow(spec: KeySpec, verifying: boolean): boolean {
  const { material } = keySpecs[spec]
  if (material.kind === 'rsa') return !verifying
  if (material.kind === 'ec') return material.curve !== 'P-256'
  return material.kind === 'ml-dsa'
}

/** Whether the way in this process takes less than another thread costs: 40 microseconds (ecdsa-digest.ts). */
function isQuick(scheme: DigestScheme): boolean {
  return scheme.kind === 'ecdsa' && scheme.curve === 'P-256'
}

function routeOf(spec: KeySpec, algorithm: SigningAlgorithm, messageType: MessageType, verifying: boolean): Route {
  const { material } = keySpecs[spec]
  const facts: SigningFacts = signingAlgorithms[algorithm]
  const { scheme, hash } = facts
  const raw = messageType === 'RAW'
  const aside = isSlow(spec, verifying)
  switch (scheme) {
    case 'rsa-pss':
    case 'rsa-pkcs1': {
      if (hash !== 'sha256' && hash !== 'sha384' && hash !== 'sha512') throw new TypeError('not a hash of RSA')
      const pss = scheme === 'rsa-pss'
      return raw ? { kind: 'native', hash, pss, aside } : { kind: 'rsa-digest', hash, pss }
    }
    case 'ecdsa':
      if (raw) return { kind: 'native', hash, pss: false, aside }
      if (material.kind !== 'ec') throw new TypeError(`keys of ${spec} are not for ECDSA`)
      return { kind: 'digest', scheme: { kind: 'ecdsa', curve: material.curve } }
    case 'ed25519':
      return { kind: 'native', hash: null, pss: false, aside }
    case 'ml-dsa':
      return raw ? { kind: 'native', hash: null, pss: false, aside } : { kind: 'digest', scheme: { kind: 'ml-dsa' } }
    case 'ed25519ph':
      return { kind: 'digest', scheme: { kind: 'ed25519ph' } }
    case 'sm2dsa':
      return { kind: 'digest', scheme: { kind: 'sm2dsa' } }
    default:
      return exhaustive(scheme)
  }
}

// A salt of the digest's length, no other: neither made nor accepted ("Key spec reference", AWS KMS Developer Guide).
function withPadding(key: KeyObject, pss: boolean): SignKeyObjectInput & VerifyKeyObjectInput {
  if (!pss) return { key }
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

// Those of this thread that libuv's threads make.
const signatures = new Together()

/** The digest of a message, which the next call may overwrite. */
function digestFor(hash: string, message: Buffer): Buffer {
  if (hash !== 'sha256' || message.length > messageRoom) return digestMessage(hash, message, 'buffer')
  const own = primitives()
  own.message.set(message)
  own.sha256(message.length)
  own.message.fill(0, 0, message.length)
  return own.digest
}

/** What a digest signer gets: the message itself, unless SM2 is yet to hash it with the public key. */
function digestOf({ kind }: DigestScheme, key: KeyObject, { message, messageType }: SigningInput): Buffer {
  return kind === 'sm2dsa' && messageType === 'RAW' ? sm2Digest(publicKeyBits(key), message) : message
}

/**
 * The signature of a message with `key`, a private key of `spec`: at once for P-256 and Ed25519, else after a while on another
 * thread. Undefined when this build of Node.js has no way to do it (libcrypto.ts: EXTERNAL_MU). Throws when the
 * algorithm isn't one of the spec's.
 */
export function sign(
  key: KeyObject,
  spec: KeySpec,
  input: SigningInput,
  tools: SigningTools,
): MaybeAsync<Buffer | undefined> {
  const { algorithm, messageType, message } = input
  const route = routeOf(spec, algorithm, messageType, false)
  switch (route.kind) {
    case 'native': {
      const quick = spec === 'ECC_NIST_P256' ? quickSigner() : undefined
      if (quick !== undefined && route.hash !== null) {
        return quick.sign(quickScheme, key, digestFor(route.hash, message))
      }
      const padded = withPadding(key, route.pss)
      if (!route.aside) return nativeSign(route.hash, message, padded)
      return signatures.run((done) => nativeSign(route.hash ?? undefined, message, padded, done))
    }
    case 'rsa-digest': {
      if (tools.aside !== undefined) return tools.aside.sign(key, spec, input)
      if (!route.pss) return signPkcs1Digest(key, route.hash, message)
      return signPssDigest(key, route.hash, message, tools.random(message.length))
    }
    case 'digest': {
      const quick = isQuick(route.scheme) ? quickSigner() : undefined
      if (quick !== undefined) return quick.sign(route.scheme, key, message)
      if (tools.aside !== undefined && !isQuick(route.scheme)) return tools.aside.sign(key, spec, input)
      if (!tools.digests.supports(route.scheme)) return undefined
      return tools.digests.sign(route.scheme, key, digestOf(route.scheme, key, input))
    }
    default:
      return exhaustive(route)
  }
}

/**
 * Whether `signature` is one of the message by the owner of `key`, a public key of `spec`. Whatever it is, it doesn't throw.
 * Undefined where `sign` would be.
 */
export function verify(
  key: KeyObject,
  spec: KeySpec,
  input: SigningInput,
  signature: Buffer,
  tools: SigningTools,
): MaybeAsync<boolean | undefined> {
  const { algorithm, messageType, message } = input
  const route = routeOf(spec, algorithm, messageType, true)
  switch (route.kind) {
    case 'native': {
      const { material } = keySpecs[spec]
      // RFC 8017 section 8.1.2, step 1: OpenSSL takes a PSS signature without its leading zeros as well.
      if (material.kind === 'rsa' && signature.length * 8 !== material.modulusBits) return false
      const padded = withPadding(key, route.pss)
      if (!route.aside) return nativeVerify(route.hash, message, padded, signature)
      return new Promise((resolve, reject) => {
        nativeVerify(route.hash ?? undefined, message, padded, signature, (error, valid) => {
          if (error instanceof Error) reject(error)
          else resolve(valid)
        })
      })
    }
    case 'rsa-digest': {
      const check = route.pss ? verifyPssDigest : verifyPkcs1Digest
      return check(key, route.hash, message, signature)
    }
    case 'digest':
      if (tools.aside !== undefined && !isQuick(route.scheme)) return tools.aside.verify(key, spec, input, signature)
      if (!tools.digests.supports(route.scheme)) return undefined
      return tools.digests.verify(route.scheme, key, digestOf(route.scheme, key, input), signature)
    default:
      return exhaustive(route)
  }
}
