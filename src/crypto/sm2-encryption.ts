/**
 * SM2 public key encryption (GB/T 32918.4), with ciphertexts as GM/T 0009 section 7.2 writes them: SEQUENCE of the two
 * coordinates of a point, the SM3 hash, and the bytes. OpenSSL writes the same.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { curves } from './curves.ts'
import { readInteger, readSequence, tags, writeElement, writeInteger } from './der.ts'
import { drawNonce, type RandomBytes } from './ecdsa-digest.ts'
import { toBytes } from './integers.ts'
import { readPoint } from './points.ts'
import type { MultiplySm2 } from './sm2-multiplication.ts'

const curve = curves.SM2
const hashLength = 32

/** What both sides know: the coordinates of the shared point. */
interface Shared {
  readonly x: Buffer
  readonly y: Buffer
}

function sharedOf(point: Buffer): Shared {
  return { x: point.subarray(1, 1 + curve.bytes), y: point.subarray(1 + curve.bytes) }
}

/** The mask of `length` bytes (section 5.4.3): SM3 of the shared point and a counter, as often as needed. */
function maskOf(point: Buffer, length: number): Buffer {
  const mask = Buffer.alloc(length)
  const counter = Buffer.alloc(4)
  for (let at = 0; at < length; at += hashLength) {
    counter.writeUInt32BE(at / hashLength + 1)
    const block = createHash('sm3').update(point.subarray(1)).update(counter).digest()
    block.copy(mask, at)
    block.fill(0)
  }
  return mask
}

function isZero(bytes: Buffer): boolean {
  let seen = 0
  for (const byte of bytes) seen |= byte
  return seen === 0
}

/** `bytes` and the mask, byte by byte. The mask is overwritten. */
function masked(bytes: Buffer, mask: Buffer): Buffer {
  const result = Buffer.alloc(bytes.length)
  for (let index = 0; index < bytes.length; index += 1) result[index] = (bytes[index] ?? 0) ^ (mask[index] ?? 0)
  mask.fill(0)
  return result
}

function hashOf({ x, y }: Shared, plaintext: Buffer): Buffer {
  return createHash('sm3').update(x).update(plaintext).update(y).digest()
}

/**
 * The ciphertext of `plaintext`, at least one byte, for the owner of `publicPoint` (uncompressed, 65 bytes). Throws TypeError
 * when that is no point of the curve. Draws from `random`.
 */
export function encryptSm2(publicPoint: Buffer, plaintext: Buffer, multiply: MultiplySm2, random: RandomBytes): Buffer {
  if (plaintext.length === 0) throw new RangeError('there is nothing to encrypt')
  for (;;) {
    const { k, point } = drawNonce('SM2', random)
    const shared = multiply(k, publicPoint)
    k.fill(0)
    if (shared === undefined) throw new TypeError('the public key is not on the curve')
    const mask = maskOf(shared, plaintext.length)
    // Step A5: such a mask would hide nothing. One in 256 of a single byte.
    if (isZero(mask)) {
      shared.fill(0)
      continue
    }
    const hash = hashOf(sharedOf(shared), plaintext)
    shared.fill(0)
    return writeElement(
      tags.sequence,
      writeInteger(toBytes(point.x, curve.bytes)),
      writeInteger(toBytes(point.y, curve.bytes)),
      writeElement(tags.octetString, hash),
      writeElement(tags.octetString, masked(plaintext, mask)),
    )
  }
}

/** The public parts of a ciphertext; undefined when it isn't one, written in the one way that DER has. */
function readCiphertext(
  ciphertext: Buffer,
): { readonly point: Buffer; readonly hash: Buffer; readonly bytes: Buffer } | undefined {
  const parts = readSequence(ciphertext)
  if (parts?.length !== 4) return undefined
  const [x, y, hash, bytes] = parts
  const point = Buffer.alloc(1 + 2 * curve.bytes)
  point[0] = 4
  for (const [index, part] of [x, y].entries()) {
    const coordinate = readInteger(part)
    if (coordinate === undefined || coordinate.length > curve.bytes) return undefined
    coordinate.copy(point, 1 + (index + 1) * curve.bytes - coordinate.length)
  }
  if (hash?.tag !== tags.octetString || hash.contents.length !== hashLength) return undefined
  if (bytes?.tag !== tags.octetString || bytes.contents.length === 0) return undefined
  return readPoint(curve, point) && { point, hash: hash.contents, bytes: bytes.contents }
}

/**
 * The plaintext of `ciphertext`, owned by the caller, with the private key `scalar` (32 bytes, the caller's to overwrite);
 * undefined for whatever is wrong with it, which nobody may learn.
 */
export function decryptSm2(scalar: Buffer, ciphertext: Buffer, multiply: MultiplySm2): Buffer | undefined {
  const parts = readCiphertext(ciphertext)
  if (parts === undefined) return undefined
  const shared = multiply(scalar, parts.point)
  if (shared === undefined) return undefined
  const mask = maskOf(shared, parts.bytes.length)
  const hides = !isZero(mask)
  const plaintext = masked(parts.bytes, mask)
  const hash = hashOf(sharedOf(shared), plaintext)
  shared.fill(0)
  if (timingSafeEqual(hash, parts.hash) && hides) return plaintext
  plaintext.fill(0)
  return undefined
}
