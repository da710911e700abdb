/**
 * Proves a digest signer before it is used: a signature must verify by Node's own call over the message and the reverse,
 * a changed digest or signature must not, and Ed25519ph must give the bytes of RFC 8032. Keys are fixed, nothing is random
 * that the signer itself doesn't draw. So it does with a multiplication of SM2 points, by what Node makes of the base point.
 */
import { createHash, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { CurveName } from './curves.ts'
import { curves } from './curves.ts'
import { tags, writeElement } from './der.ts'
import type { DigestScheme, DigestSigner } from './digest-signer.ts'
import { toBytes, toInteger } from './integers.ts'
import { multiplyBase, writePoint } from './points.ts'
import { sm2Digest } from './sm2.ts'
import type { MultiplySm2 } from './sm2-multiplication.ts'
import { algorithmIdentifier, publicKeyBits } from './public-key.ts'
import type { KeySpec } from './key-specs.ts'

const message = Buffer.from('abc', 'latin1')

interface Case {
  readonly scheme: DigestScheme
  readonly key: KeyObject
  readonly digest: Buffer
  /** How Node signs and verifies the message itself; undefined when it can't. */
  readonly native?: string | null
  readonly expected?: string
}

function privateKey(spec: KeySpec, contents: Buffer): KeyObject {
  const identifier = algorithmIdentifier(spec)
  if (identifier === undefined) throw new TypeError(`keys of ${spec} are not pairs`)
  const parts = [Buffer.of(2, 1, 0), identifier, writeElement(tags.octetString, contents)]
  return createPrivateKey({ key: writeElement(tags.sequence, ...parts), format: 'der', type: 'pkcs8' })
}

/** A key whose scalar is a constant: it guards nothing. */
function ecKey(spec: KeySpec, name: CurveName): KeyObject {
  const scalar = Buffer.alloc(curves[name].bytes, 0x5a)
  scalar[0] = 0
  return privateKey(spec, writeElement(tags.sequence, Buffer.of(2, 1, 1), writeElement(tags.octetString, scalar)))
}

function ecdsa(spec: KeySpec, curve: CurveName, hashName: string): Case {
  const digest = hash(hashName, message, 'buffer')
  return { scheme: { kind: 'ecdsa', curve }, key: ecKey(spec, curve), digest, native: hashName }
}

function mlDsa(spec: KeySpec): Case {
  const key = privateKey(spec, writeElement(0x80, Buffer.alloc(32, 0x5a)))
  // FIPS 204, algorithms 2 and 7: the message representative, with an empty context.
  const shake = (...parts: readonly Buffer[]): Buffer => {
    const state = createHash('shake256', { outputLength: 64 })
    for (const part of parts) state.update(part)
    return state.digest()
  }
  const digest = shake(shake(publicKeyBits(key)), Buffer.of(0, 0), message)
  return { scheme: { kind: 'ml-dsa' }, key, digest, native: null }
}

function cases(): readonly Case[] {
  // RFC 8032 section 7.3.
  const seed = Buffer.from('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42', 'hex')
  const expected =
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41' +
    '31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406'
  const sm2 = ecKey('SM2', 'SM2')
  return [
    ecdsa('ECC_NIST_P256', 'P-256', 'sha256'),
    ecdsa('ECC_NIST_P384', 'P-384', 'sha384'),
    ecdsa('ECC_NIST_P521', 'P-521', 'sha512'),
    ecdsa('ECC_SECG_P256K1', 'secp256k1', 'sha256'),
    {
      scheme: { kind: 'ed25519ph' },
      key: privateKey('ECC_NIST_EDWARDS25519', writeElement(tags.octetString, seed)),
      digest: hash('sha512', message, 'buffer'),
      expected,
    },
    mlDsa('ML_DSA_44'),
    mlDsa('ML_DSA_65'),
    mlDsa('ML_DSA_87'),
    { scheme: { kind: 'sm2dsa' }, key: sm2, digest: sm2Digest(publicKeyBits(sm2), message) },
  ]
}

function proves(signer: DigestSigner, { scheme, key, digest, native, expected }: Case): boolean {
  const publicKey = createPublicKey(key)
  const signature = signer.sign(scheme, key, digest)
  if (expected !== undefined && signature.toString('hex') !== expected) return false
  if (native !== undefined) {
    if (!verify(native, message, publicKey, signature)) return false
    if (!signer.verify(scheme, publicKey, digest, sign(native, message, key))) return false
  }
  const otherDigest = Buffer.from(digest)
  otherDigest[5] = (otherDigest[5] ?? 0) ^ 1
  const otherSignature = Buffer.from(signature)
  otherSignature[20] = (otherSignature[20] ?? 0) ^ 1
  const accepts = (given: Buffer, claimed: Buffer): boolean => signer.verify(scheme, publicKey, given, claimed)
  const refuses = !accepts(otherDigest, signature) && !accepts(digest, otherSignature)
  return accepts(digest, signature) && refuses && !accepts(digest, signature.subarray(1))
}

/** Whether `signer` does right what it says it supports. Takes some 0.1 s; never throws. */
export function provesItself(signer: DigestSigner): boolean {
  try {
    return cases().every((one) => !signer.supports(one.scheme) || proves(signer, one))
  } catch {
    return false
  }
}

/** Whether `multiply` is right for scalars of all sizes, and refuses what is no point. Takes some 10 ms; never throws. */
export function multipliesRight(multiply: MultiplySm2): boolean {
  const { n, bytes } = curves.SM2
  const base = (scalar: bigint): Buffer => {
    const point = multiplyBase('SM2', toBytes(scalar, bytes))
    if (point === undefined) throw new TypeError('the scalar is out of range')
    return writePoint(curves.SM2, point)
  }
  const middle = toInteger(Buffer.alloc(bytes, 0x5a))
  try {
    const starts = [1n, middle]
    const products = starts.every((start) =>
      [1n, 2n, 2n ** 64n, middle, n - 2n, n - 1n].every(
        (scalar) => multiply(toBytes(scalar, bytes), base(start))?.equals(base((start * scalar) % n)) === true,
      ),
    )
    const beside = base(middle)
    beside[bytes] = (beside[bytes] ?? 0) ^ 1
    const refused = [beside, beside.subarray(1), Buffer.of(0)].every(
      (point) => multiply(toBytes(7n, bytes), point) === undefined,
    )
    return products && refused
  } catch {
    return false
  }
}
