/**
 * What an attested program is answered: CMS EnvelopedData (RFC 5652 section 6) for one RSA key, by RSAES-OAEP with SHA-256
 * (RFC 8017 section 7.1, RFC 4055 section 4.1) around a fresh AES-256-CBC key (RFC 3565).
 *
 * It is written as AWS KMS writes it, byte for byte but for what is random: outer lengths are indefinite (BER, X.690 section
 * 8.1.3.6) and inner ones are not, the encrypted content is constructed. The AWS Nitro Enclaves SDK for C reads this form
 * and no other.
 */
import { createCipheriv, hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { tags, writeElement } from './der.ts'
import type { RandomBytes } from './ecdsa-digest.ts'
import { publicKeyDer, readPublicKey } from './public-key.ts'
import { encryptOaep } from './rsa-encryption.ts'

/** A public key that answers can be encrypted to. */
export type RecipientKey = KeyObject

/** The RSA key of 2048, 3072 or 4096 bits in `spki`, or undefined for anything else, and for one that OpenSSL can't use. */
export function readRecipientKey(spki: Buffer): RecipientKey | undefined {
  const key = readPublicKey('RSA_2048', spki) ?? readPublicKey('RSA_3072', spki) ?? readPublicKey('RSA_4096', spki)
  const { modulusLength = 0, publicExponent = 0n } = key?.asymmetricKeyDetails ?? {}
  return modulusLength > longModulus && publicExponent >= endOfExponents ? undefined : key
}

// OpenSSL's bound on the work of a public operation (OPENSSL_RSA_SMALL_MODULUS_BITS, OPENSSL_RSA_MAX_PUBEXP_BITS).
const longModulus = 3072
const endOfExponents = 2n ** 64n

const sequence = tags.sequence
const indefiniteSequence = Buffer.of(sequence, 0x80)
const indefiniteExplicit0 = Buffer.of(tags.explicit0, 0x80)
const endOfContents = Buffer.of(0, 0)

const identifier = (hex: string): Buffer => writeElement(tags.objectIdentifier, Buffer.from(hex, 'hex'))
// RFC 5652 sections 14 and 4: 1.2.840.113549.1.7.3 and 1.2.840.113549.1.7.1.
const envelopedDataType = identifier('2a864886f70d010703')
const dataType = identifier('2a864886f70d010701')
// RFC 3565 section 4.1: 2.16.840.1.101.3.4.1.42.
const aes256Cbc = identifier('60864801650304012a')
// RFC 4055 section 2.1: SHA-256 with its NULL.
const sha256 = writeElement(sequence, identifier('608648016503040201'), Buffer.of(0x05, 0))
const mgf1Sha256 = writeElement(sequence, identifier('2a864886f70d010108'), sha256)
const oaepParameters = writeElement(
  sequence,
  writeElement(tags.explicit0, sha256),
  writeElement(tags.explicit1, mgf1Sha256),
)
const oaepSha256 = writeElement(sequence, identifier('2a864886f70d010107'), oaepParameters)
// Of EnvelopedData, and of a recipient that is named by its key: 2 both times (sections 6.1 and 6.2.1).
const version2 = writeElement(tags.integer, Buffer.of(2))

const contentKeyBytes = 32
const ivBytes = 16

/** `plaintext` for the owner of `key`. The caller owns both ends; the content key is overwritten. */
export function sealEnvelope(key: RecipientKey, plaintext: Buffer, random: RandomBytes): Buffer {
  const contentKey = random(contentKeyBytes)
  try {
    const iv = random(ivBytes)
    const cipher = createCipheriv('aes-256-cbc', contentKey, iv)
    const content = [cipher.update(plaintext), cipher.final()]
    return Buffer.concat([
      indefiniteSequence,
      envelopedDataType,
      indefiniteExplicit0,
      indefiniteSequence,
      version2,
      writeElement(tags.set, recipientInfo(key, encryptOaep(key, 'RSAES_OAEP_SHA_256', contentKey))),
      indefiniteSequence,
      dataType,
      writeElement(sequence, aes256Cbc, writeElement(tags.octetString, iv)),
      indefiniteExplicit0,
      writeElement(tags.octetString, ...content),
      // Of the content, its description, EnvelopedData, the tag around it, and the whole.
      ...Array.from({ length: 5 }, () => endOfContents),
    ])
  } finally {
    contentKey.fill(0)
  }
}

/** A KeyTransRecipientInfo. The key is named by the SHA-256 of its SubjectPublicKeyInfo (RFC 7093 section 2, method 4). */
function recipientInfo(key: RecipientKey, encryptedKey: Buffer): Buffer {
  const name = writeElement(tags.implicit0, hash('sha256', publicKeyDer(key), 'buffer'))
  return writeElement(sequence, version2, name, oaepSha256, writeElement(tags.octetString, encryptedKey))
}
