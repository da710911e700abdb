/**
 * Public keys as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), read strictly: OpenSSL alone would take explicit curve
 * parameters, odd lengths and sizes that no KMS key has.
 */
import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { curves } from './curves.ts'
import { readBitString, readInteger, readSequence, tags, writeElement } from './der.ts'
import { keySpecs, type KeySpec, type Material } from './key-specs.ts'

const ecPublicKey = '06072a8648ce3d0201'
// The last arcs of FIPS 203's and FIPS 204's identifiers (NIST Computer Security Objects Register).
const parameterSets = {
  'ml-kem-512': '060960864801650304' + '0401',
  'ml-kem-768': '060960864801650304' + '0402',
  'ml-kem-1024': '060960864801650304' + '0403',
  'ml-dsa-44': '060960864801650304' + '0311',
  'ml-dsa-65': '060960864801650304' + '0312',
  'ml-dsa-87': '060960864801650304' + '0313',
} as const

type Asymmetric = Exclude<Material, { kind: 'symmetric' | 'hmac' }>

function identifierHex(material: Asymmetric): string {
  switch (material.kind) {
    case 'rsa':
      return '06092a864886f70d0101010500'
    case 'ec':
      return ecPublicKey + curves[material.curve].oid
    case 'ed25519':
      return '06032b6570'
    case 'ml-dsa':
    case 'ml-kem':
      return parameterSets[material.type]
  }
}

/** The AlgorithmIdentifier, which is the same in public and private keys; undefined for specs that aren't of key pairs. */
export function algorithmIdentifier(spec: KeySpec): Buffer | undefined {
  const { material } = keySpecs[spec]
  if (material.kind === 'symmetric' || material.kind === 'hmac') return undefined
  return writeElement(tags.sequence, Buffer.from(identifierHex(material), 'hex'))
}

/** Whether a modulus and exponent are of `bits` bits and such as FIPS 186-5 section 5.1 asks: 2^16 < e < 2^256, odd. */
export function acceptableRsa(modulus: Buffer | undefined, exponent: Buffer | undefined, bits: number): boolean {
  if (modulus === undefined || exponent === undefined) return false
  const odd = ((modulus.at(-1) ?? 0) & (exponent.at(-1) ?? 0) & 1) === 1
  const wholeModulus = modulus.length === bits / 8 && (modulus[0] ?? 0) >= 0x80
  const above = exponent.length > 2 && exponent.length <= 32
  return odd && wholeModulus && above
}

function acceptable(material: Asymmetric, key: Buffer): boolean {
  switch (material.kind) {
    case 'rsa': {
      const parts = readSequence(key)
      return parts?.length === 2 && acceptableRsa(readInteger(parts[0]), readInteger(parts[1]), material.modulusBits)
    }
    case 'ec': {
      // Compressed points are standard (RFC 5480 section 2.2), hybrid ones are not. OpenSSL checks that it is on the curve.
      const { bytes } = curves[material.curve]
      const [form] = key
      return form === 4 ? key.length === 1 + 2 * bytes : (form === 2 || form === 3) && key.length === 1 + bytes
    }
    case 'ed25519':
      return key.length === 32
    case 'ml-dsa':
    case 'ml-kem':
      return key.length === material.publicBytes
  }
}

/**
 * The public key of `spec` in `spki`, or undefined when it is anything else than exactly one: another algorithm, curve or
 * size, explicit curve parameters, an unacceptable RSA exponent, a point that isn't on the curve, bytes left over.
 */
export function readPublicKey(spec: KeySpec, spki: Buffer): KeyObject | undefined {
  const { material } = keySpecs[spec]
  const identifier = algorithmIdentifier(spec)
  if (identifier === undefined || material.kind === 'symmetric' || material.kind === 'hmac') return undefined
  const parts = readSequence(spki)
  const [given, bits] = parts ?? []
  const key = readBitString(bits)
  if (parts?.length !== 2 || key === undefined || given?.whole.equals(identifier) !== true) return undefined
  if (!acceptable(material, key)) return undefined
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** The SubjectPublicKeyInfo of a public or private key. */
export function publicKeyDer(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' })
}

/** The public key's own bytes in the SubjectPublicKeyInfo of `key`: a point, an RSAPublicKey, the encoding of FIPS 203 or 204. */
export function publicKeyBits(key: KeyObject): Buffer {
  const bits = readBitString(readSequence(publicKeyDer(key))?.[1])
  if (bits === undefined) throw new TypeError('OpenSSL writes keys as DER')
  return bits
}
