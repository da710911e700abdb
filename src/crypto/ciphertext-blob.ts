/**
 * Ciphertext blob, version 1:
 *
 *      0   2  magic and version, 54 01 (AWS's own blobs start with 01 or 02: the two are never confused)
 *      2   1  suite: 1 = SP 800-108 with HMAC-SHA-512, AES-256-GCM, key commitment; 4 = the same with SM4-GCM (RFC 8998),
 *             for key material of 16 bytes, which Regions of China have
 *      3   1  flags: bit 0 = the key id is a multi-Region one (`mrk-`); the rest must be zero
 *      4  16  key id
 *     20   8  the first bytes of the key material id
 *     28  24  nonce
 *     52  32  key commitment
 *     84   n  ciphertext
 *   84+n  16  tag
 *
 * Everything before the ciphertext and the canonical encryption context are additional authenticated data.
 */
import { createSecretKey, timingSafeEqual } from 'node:crypto'
import { keyIdOfBytes, type KeyId, type KeyMaterialId } from '#base/brand.ts'
import { copyBytes, secretMemory, wipe } from '#base/secret-memory.ts'
import { ivLength, unwrapBytes, wrapBytes, type GcmCipher } from './aead.ts'
import { HmacKey } from './hmac.ts'
import { derive, derivedLength, identityLength, nonceLength } from './kdf.ts'
import { dataRoom, primitives, textRoom } from './primitives.ts'

const identityStart = 4
const shownIdentity = 24
const nonceStart = identityStart + shownIdentity
const commitmentStart = nonceStart + nonceLength
const headerLength = commitmentStart + 32
const tagLength = 16
const multiRegion = 1

/** What a blob is made by: the byte that says so. */
type Suite = 1 | 4
const suites: Readonly<Record<Suite, { readonly cipher: GcmCipher; readonly keyLength: number }>> = {
  1: { cipher: 'aes-256-gcm', keyLength: 32 },
  4: { cipher: 'sm4-gcm', keyLength: 16 },
}

const multiRegionPrefix = 'mrk-'

// Each derived key encrypts once, so the IV needs no variety: docs/adr/0003-key-derivation.md.
const iv = Buffer.alloc(ivLength)

// Shared by all calls, which never overlap because nothing here awaits.
const derived = Buffer.alloc(derivedLength)
const encryptionKey = derived.subarray(0, 32)
const commitment = derived.subarray(32)
const claimedCommitment = Buffer.alloc(32)

/** A key material prepared for sealing and opening blobs. It keeps the key inside `prf` only. */
export interface BlobMaterial {
  readonly prf: HmacKey
  readonly suite: Suite
  readonly flags: number
  /** Key id (16 bytes), then key material id (32): its first 24 bytes stand in every blob of this material. */
  readonly identity: Buffer
}

/** What a blob says of itself before anything of it is authenticated: good for finding the key, for nothing else. */
export interface BlobHeader {
  readonly suite: Suite
  readonly flags: number
  readonly keyId: KeyId
  /** The first 16 hex digits of the key material id. */
  readonly materialPrefix: string
}

/**
 * Prepares `material` of the KMS key `keyId`: 32 bytes encrypt by AES, 16 by SM4. They stay the caller's to overwrite. Throws
 * RangeError when they are of neither length.
 */
export function blobMaterial(material: Buffer, keyId: KeyId, materialId: KeyMaterialId): BlobMaterial {
  const suite = suiteOf(material)
  if (suite === undefined) throw new RangeError(`no key material of symmetric keys has ${material.length} bytes`)
  const multi = keyId.startsWith(multiRegionPrefix)
  const digits = multi ? keyId.slice(multiRegionPrefix.length) : keyId.replaceAll('-', '')
  // Not from Node's pool, where each of these would keep 64 KiB of others' bytes.
  const identity = secretMemory(identityLength)
  identity.write(digits + materialId, 'hex')
  return {
    prf: new HmacKey('sha512', material),
    suite,
    flags: multi ? multiRegion : 0,
    identity,
  }
}

function suiteOf({ length }: Buffer): Suite | undefined {
  if (length === suites[1].keyLength) return 1
  return length === suites[4].keyLength ? 4 : undefined
}

/** Encrypts `plaintext` with `nonce` (24 random bytes, never used before) and the canonical encryption context. */
export function sealBlob(material: BlobMaterial, nonce: Buffer, plaintext: Buffer, context: Buffer): Buffer {
  if (nonce.length !== nonceLength) throw new RangeError(`a nonce has ${nonceLength} bytes`)
  const { identity, suite } = material
  const size = plaintext.length
  // From the pool, so not zeroed: every byte is written below.
  const blob = Buffer.allocUnsafe(headerLength + size + tagLength)
  blob[0] = 0x54
  blob[1] = 0x01
  blob[2] = suite
  blob[3] = material.flags
  copyBytes(identity, 0, shownIdentity, blob, identityStart)
  copyBytes(nonce, 0, nonceLength, blob, nonceStart)
  try {
    derive(material.prf, identity, nonce, 0, derived)
    copyBytes(commitment, 0, commitment.length, blob, commitmentStart)
    if (suite !== 1 || isLong(context, size + tagLength)) {
      sealLong(suite, blob, plaintext, context)
      return blob
    }
    const gcm = primitives()
    copyBytes(encryptionKey, 0, encryptionKey.length, gcm.key, 0)
    gcm.text.set(plaintext)
    try {
      gcm.seal(authenticate(gcm.data, blob, context), size)
      copyBytes(gcm.result, 0, size + tagLength, blob, headerLength)
      return blob
    } finally {
      wipe(gcm.text, size)
      wipe(gcm.key, encryptionKey.length)
    }
  } finally {
    wipe(derived)
  }
}

/**
 * The plaintext of `blob`, owned by the caller; undefined when blob, context or material are not exactly those of its
 * encryption, whatever the difference is.
 */
export function openBlob(material: BlobMaterial, blob: Buffer, context: Buffer): Buffer | undefined {
  const tagStart = blob.length - tagLength
  if (tagStart < headerLength || !isOf(material, blob)) return undefined
  try {
    derive(material.prf, material.identity, blob, nonceStart, derived)
    copyBytes(blob, commitmentStart, commitment.length, claimedCommitment, 0)
    // AES-GCM alone lets somebody who knows two keys make one blob that opens under both, to different plaintexts.
    if (!timingSafeEqual(claimedCommitment, commitment)) return undefined
    const sealed = blob.length - headerLength
    if (material.suite !== 1 || isLong(context, sealed)) return openLong(material.suite, blob, context)
    const size = sealed - tagLength
    const gcm = primitives()
    copyBytes(encryptionKey, 0, encryptionKey.length, gcm.key, 0)
    copyBytes(blob, headerLength, sealed, gcm.text, 0)
    try {
      if (!gcm.open(authenticate(gcm.data, blob, context), sealed)) return undefined
      const plaintext = secretMemory(size)
      copyBytes(gcm.result, 0, size, plaintext, 0)
      return plaintext
    } finally {
      wipe(gcm.result, size)
      wipe(gcm.key, encryptionKey.length)
    }
  } finally {
    wipe(derived)
  }
}

/** Whether the public start of `blob` names `material`. */
function isOf({ flags, identity, suite }: BlobMaterial, blob: Buffer): boolean {
  if (blob[0] !== 0x54 || blob[1] !== 0x01 || blob[2] !== suite || blob[3] !== flags) return false
  return identity.compare(blob, identityStart, nonceStart, 0, shownIdentity) === 0
}

/** The header of `bytes`, or undefined when they can't be a blob of version 1. */
export function parseBlobHeader(bytes: Buffer): BlobHeader | undefined {
  if (bytes.length < headerLength + tagLength) return undefined
  if (bytes[0] !== 0x54 || bytes[1] !== 0x01) return undefined
  const suite = bytes[2]
  if (suite !== 1 && suite !== 4) return undefined
  const flags = bytes[3] ?? 0
  if ((flags & ~multiRegion) !== 0) return undefined
  return {
    suite,
    flags,
    keyId: keyIdOfBytes(bytes, identityStart, (flags & multiRegion) !== 0),
    materialPrefix: bytes.toString('hex', identityStart + 16, nonceStart),
  }
}

/** Puts the additional authenticated data of `blob` into `data`; answers how long they are. */
function authenticate(data: Uint8Array, blob: Buffer, context: Buffer): number {
  copyBytes(blob, 0, headerLength, data, 0)
  data.set(context, headerLength)
  return headerLength + context.length
}

/** Whether there is more than `primitives` have room for: no request of KMS but one with a long context in another script. */
function isLong(context: Buffer, textLength: number): boolean {
  return headerLength + context.length > dataRoom || textLength > textRoom
}

/** Encrypts into `blob`, whose header is written, under `encryptionKey`. */
function sealLong(suite: Suite, blob: Buffer, plaintext: Buffer, context: Buffer): void {
  const { cipher, keyLength } = suites[suite]
  const key = createSecretKey(encryptionKey.subarray(0, keyLength))
  const wrapped = wrapBytes(key, iv, plaintext, longData(blob, context), cipher)
  wrapped.copy(blob, headerLength, ivLength)
}

/** Decrypts `blob` under `encryptionKey`. */
function openLong(suite: Suite, blob: Buffer, context: Buffer): Buffer | undefined {
  const { cipher, keyLength } = suites[suite]
  const wrapped = Buffer.concat([iv, blob.subarray(headerLength)])
  const key = createSecretKey(encryptionKey.subarray(0, keyLength))
  return unwrapBytes(key, wrapped, longData(blob, context), cipher)
}

function longData(blob: Buffer, context: Buffer): Buffer {
  return Buffer.concat([blob.subarray(0, headerLength), context])
}
