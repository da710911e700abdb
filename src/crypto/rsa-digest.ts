/**
 * RSA signatures over a digest that somebody else computed (RFC 8017): the encoding is made here and handed to OpenSSL's raw
 * RSA, because Node's `sign` always hashes. Encodings hold no secret; the private operation is blinded by OpenSSL.
 */
import { constants, hash, privateEncrypt, publicDecrypt, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { modulusBytes } from './rsa-modulus.ts'

export type RsaHash = 'sha256' | 'sha384' | 'sha512'

// RFC 8017 section 9.2, note 1: DigestInfo up to the digest itself.
const digestInfo: Readonly<Record<RsaHash, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
}

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) of `digest` in `length` bytes. */
function encodePkcs1(hashName: RsaHash, digest: Buffer, length: number): Buffer {
  const info = digestInfo[hashName]
  const encoded = Buffer.alloc(length, 0xff)
  const start = length - info.length - digest.length
  encoded[0] = 0
  encoded[1] = 1
  encoded[start - 1] = 0
  info.copy(encoded, start)
  digest.copy(encoded, start + info.length)
  return encoded
}

/** Applies MGF1 (RFC 8017 section B.2.1) of `seed` to `target` in place. */
function mask(hashName: RsaHash, seed: Buffer, target: Buffer): void {
  const input = Buffer.concat([seed, Buffer.alloc(4)])
  for (let at = 0, counter = 0; at < target.length; counter += 1) {
    input.writeUInt32BE(counter, seed.length)
    for (const byte of hash(hashName, input, 'buffer')) {
      if (at === target.length) break
      target[at] = (target[at] ?? 0) ^ byte
      at += 1
    }
  }
}

function pssHash(hashName: RsaHash, digest: Buffer, salt: Buffer): Buffer {
  return hash(hashName, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer')
}

/** EMSA-PSS (RFC 8017 section 9.1.1) of `digest` with `salt` in `length` bytes; the modulus has a multiple of 8 bits. */
function encodePss(hashName: RsaHash, digest: Buffer, salt: Buffer, length: number): Buffer {
  const encoded = Buffer.alloc(length)
  const maskLength = length - digest.length - 1
  const masked = encoded.subarray(0, maskLength)
  const h = pssHash(hashName, digest, salt)
  encoded[maskLength - salt.length - 1] = 1
  salt.copy(encoded, maskLength - salt.length)
  mask(hashName, h, masked)
  encoded[0] = (encoded[0] ?? 0) & 0x7f
  h.copy(encoded, maskLength)
  encoded[length - 1] = 0xbc
  return encoded
}

/** EMSA-PSS-VERIFY (RFC 8017 section 9.1.2) with a salt of the digest's length. */
function checkPss(hashName: RsaHash, digest: Buffer, encoded: Buffer): boolean {
  const maskLength = encoded.length - digest.length - 1
  const saltStart = maskLength - digest.length
  if (encoded[encoded.length - 1] !== 0xbc || (encoded[0] ?? 0x80) >= 0x80) return false
  const data = Buffer.from(encoded.subarray(0, maskLength))
  const h = encoded.subarray(maskLength, -1)
  mask(hashName, h, data)
  data[0] = (data[0] ?? 0) & 0x7f
  if (data.subarray(0, saltStart - 1).some((byte) => byte !== 0) || data[saltStart - 1] !== 1) return false
  return timingSafeEqual(pssHash(hashName, digest, data.subarray(saltStart)), h)
}

/** The PKCS #1 v1.5 signature of `digest`. */
export function signPkcs1Digest(key: KeyObject, hashName: RsaHash, digest: Buffer): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePkcs1(hashName, digest, modulusBytes(key)))
}

/** The PSS signature of `digest` with `salt`: fresh random bytes, as many as the digest has. */
export function signPssDigest(key: KeyObject, hashName: RsaHash, digest: Buffer, salt: Buffer): Buffer {
  return privateEncrypt(
    { key, padding: constants.RSA_NO_PADDING },
    encodePss(hashName, digest, salt, modulusBytes(key)),
  )
}

/** What the public key makes of `signature`, or undefined when it has not the modulus's size or isn't smaller than it. */
function recover(key: KeyObject, signature: Buffer): Buffer | undefined {
  if (signature.length !== modulusBytes(key)) return undefined
  try {
    return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
  } catch {
    return undefined
  }
}

/** Whether `signature` is a PKCS #1 v1.5 signature of `digest`: the whole encoding is compared, nothing of it is parsed. */
export function verifyPkcs1Digest(key: KeyObject, hashName: RsaHash, digest: Buffer, signature: Buffer): boolean {
  const encoded = recover(key, signature)
  return encoded !== undefined && timingSafeEqual(encoded, encodePkcs1(hashName, digest, encoded.length))
}

/** Whether `signature` is a PSS signature of `digest` with a salt of the digest's length. */
export function verifyPssDigest(key: KeyObject, hashName: RsaHash, digest: Buffer, signature: Buffer): boolean {
  const encoded = recover(key, signature)
  return encoded !== undefined && checkPss(hashName, digest, encoded)
}
