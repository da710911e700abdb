/**
 * Ed25519ph (RFC 8032 section 5.1, with an empty context) over a SHA-512 digest, which Node has no call for. The point that
 * a signature begins with comes from OpenSSL's X25519, which takes the same time for every scalar: both curves are one in two
 * forms (RFC 7748 section 4.1). The equation behind it is computed here, on values blinded by a random factor.
 */
import { createPrivateKey, createPublicKey, hash, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { baseX, baseY, curveD, decodePoint, encodePoint, fieldPrime as p, multiplyAdd, order } from './edwards25519.ts'
import { fromLittleEndian, inverse, modulo, toLittleEndian } from './integers.ts'

// dom2(1, "") of RFC 8032 section 2.
const domain = Buffer.concat([Buffer.from('SigEd25519 no Ed25519 collisions', 'latin1'), Buffer.of(1, 0)])

/** SHA-512 of the domain and `parts`. The caller owns it. */
function domainHash(...parts: readonly Buffer[]): Buffer {
  const input = Buffer.concat([domain, ...parts])
  const digest = hash('sha512', input, 'buffer')
  input.fill(0)
  return digest
}

// PKCS#8 of an X25519 key, up to its 32 bytes (RFC 8410 section 7).
const x25519Header = Buffer.from('302e020100300506032b656e04220420', 'hex')
const cofactorOrder = 8n * order

/**
 * The Edwards y-coordinate of the base point times `scalar` modulo the order. X25519 only takes multiples of 8 from 2^254 to
 * 2^255, and a point's negative has the same y: so it is given that multiple of 8 congruent to the scalar or its negative.
 */
function multiplyBaseY(scalar: bigint): bigint {
  // 5 is its own inverse modulo 8, and what the order is modulo 8.
  const multiple = scalar + ((8n - ((scalar * 5n) & 7n)) & 7n) * order
  // Chosen by index, not by a branch on a secret.
  const chosen = [cofactorOrder - multiple, multiple][Number(multiple >> 254n)]
  if (chosen === undefined || chosen >> 254n !== 1n) throw new RangeError('one scalar in 2^124 has no X25519 form')
  const key = Buffer.concat([x25519Header, toLittleEndian(chosen, 32)])
  const jwk = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
  key.fill(0)
  const u = fromLittleEndian(jwk.export({ format: 'der', type: 'spki' }).subarray(-32))
  return modulo((u - 1n) * inverse(u + 1n, p), p)
}

/**
 * The base point times `scalar`, encoded. The y-coordinates of it and of its successor tell its x-coordinate: both points
 * are part of what a signature publishes.
 */
function multiplyBase(scalar: bigint): Buffer {
  const y = multiplyBaseY(scalar)
  const next = multiplyBaseY((scalar + 1n) % order)
  const x = modulo((next - y * baseY) * inverse(baseX * (1n + ((((curveD * y) % p) * baseY) % p) * next), p), p)
  return encodePoint({ x, y })
}

/** The 64-byte signature of `digest` (SHA-512 of the message). `seed` is the private key, 32 bytes: the caller's to overwrite. */
export function signEd25519ph(seed: Buffer, publicKey: Buffer, digest: Buffer): Buffer {
  const expanded = hash('sha512', seed, 'buffer')
  const nonce = domainHash(expanded.subarray(32), digest)
  const factor = hash('sha512', nonce, 'buffer')
  try {
    expanded[0] = (expanded[0] ?? 0) & 0xf8
    expanded[31] = ((expanded[31] ?? 0) & 0x7f) | 0x40
    const r = fromLittleEndian(nonce) % order
    const encodedR = multiplyBase(r)
    const k = fromLittleEndian(domainHash(encodedR, publicKey, digest)) % order
    const b = (fromLittleEndian(factor) % (order - 1n)) + 1n
    const blindKey = (b * fromLittleEndian(expanded.subarray(0, 32))) % order
    const s = (((b * r + k * blindKey) % order) * inverse(b, order)) % order
    return Buffer.concat([encodedR, toLittleEndian(s, 32)])
  } finally {
    expanded.fill(0)
    nonce.fill(0)
    factor.fill(0)
  }
}

/** Whether `signature` is one of `digest` by `publicKey` (32 bytes): the equation without the cofactor, as OpenSSL has it. */
export function verifyEd25519ph(publicKey: Buffer, digest: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false
  const encodedR = signature.subarray(0, 32)
  const s = fromLittleEndian(signature.subarray(32))
  const point = decodePoint(publicKey)
  if (point === undefined || s >= order) return false
  const k = fromLittleEndian(domainHash(encodedR, publicKey, digest)) % order
  return timingSafeEqual(encodePoint(multiplyAdd(s, k, { x: modulo(-point.x, p), y: point.y })), encodedR)
}

/** The 32 bytes of a private or public Ed25519 key: a seed, which the caller overwrites, or a point. */
export function ed25519Bytes(key: KeyObject): Buffer {
  return key.type === 'private' ? key.export({ format: 'raw-private' }) : key.export({ format: 'raw-public' })
}
