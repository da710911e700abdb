/** What attested programs are answered: byte for byte what AWS KMS writes, and what OpenSSL opens. */
import assert from 'node:assert/strict'
import { constants, createHash, createPublicKey, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { createDecipheriv } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { readRecipientKey, sealEnvelope } from '#crypto/enveloped-data.ts'
import { lacksOpenssl, openEnvelope } from '../support/openssl.ts'

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const rsa = (bits: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent })
const pairs = [2048, 3072, 4096].map((bits) => ({ bits, ...rsa(bits) }))

describe('an enveloped answer', () => {
  for (const { bits, publicKey, privateKey } of pairs) {
    it(`for RSA with ${bits} bits is opened by OpenSSL, at any size`, { skip: lacksOpenssl }, () => {
      const key = readRecipientKey(spkiOf(publicKey)) ?? assert.fail()
      for (const size of [1, 15, 16, 32, 1024, 4096]) {
        const plaintext = randomBytes(size)
        const envelope = sealEnvelope(key, plaintext, randomBytes)
        assert.deepEqual(openEnvelope(envelope, privateKey), plaintext)
        assert.ok(envelope.length <= 6144)
      }
    })
  }

  it('has the lengths, versions and identifiers that AWS writes, in their places', () => {
    const [{ publicKey, privateKey }] = [pairs[0] ?? assert.fail()]
    const drawn: Buffer[] = []
    const random = (size: number): Buffer => {
      const bytes = randomBytes(size)
      drawn.push(Buffer.from(bytes))
      return bytes
    }
    const plaintext = Buffer.from('hello world - goodbye world!')
    const envelope = sealEnvelope(publicKey, plaintext, random)
    const [contentKey = Buffer.alloc(0), iv = Buffer.alloc(0)] = drawn
    const keyName = createHash('sha256').update(spkiOf(publicKey)).digest('hex')
    const start =
      '3080 06092a864886f70d010703 a080 3080 020102 3182016b 30820167 020102 8020' +
      keyName +
      '303c 06092a864886f70d010107 302f a00f 300d 0609608648016503040201 0500' +
      'a11c 301a 06092a864886f70d010108 300d 0609608648016503040201 0500 04820100'
    const middle = `3080 06092a864886f70d010701 301d 060960864801650304012a 0410 ${iv.toString('hex')} a080 0420`
    const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const encryptedKey = envelope.subarray(bytesOf(start).length, bytesOf(start).length + 256)
    const encrypted = envelope.subarray(-42, -10)
    assert.deepEqual(
      envelope,
      Buffer.concat([bytesOf(start), encryptedKey, bytesOf(middle), encrypted, bytesOf('00'.repeat(10))]),
    )
    assert.equal(envelope.length, 477)
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    assert.deepEqual(privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, encryptedKey), contentKey)
    const decipher = createDecipheriv('aes-256-cbc', contentKey, iv)
    assert.deepEqual(Buffer.concat([decipher.update(encrypted), decipher.final()]), plaintext)
  })

  it('has a content key of its own, which is overwritten, also when the key turns out not to work', () => {
    const [{ publicKey }] = [pairs[0] ?? assert.fail()]
    const drawn: Buffer[] = []
    const random = (size: number): Buffer => {
      const bytes = randomBytes(size)
      drawn.push(bytes)
      return bytes
    }
    const plaintext = Buffer.from('secret')
    assert.notDeepEqual(sealEnvelope(publicKey, plaintext, random), sealEnvelope(publicKey, plaintext, random))
    const weak = createPublicKey(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey)
    assert.throws(() => sealEnvelope(weak, plaintext, random))
    const keys = drawn.filter(({ length }) => length === 32)
    assert.equal(keys.length, 3)
    for (const key of keys) assert.deepEqual(key, Buffer.alloc(32))
  })
})

describe('the key of a recipient', () => {
  const other: Readonly<Record<string, () => Buffer>> = {
    'RSA with 1024 bits': () => spkiOf(rsa(1024).publicKey),
    'RSA with 2056 bits': () => spkiOf(rsa(2056).publicKey),
    'RSA with the exponent 3': () => spkiOf(rsa(2048, 3).publicKey),
    'an elliptic curve': () => spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
    'RSA for signatures with PSS only': () => spkiOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    'a key in PKCS #1': () => (pairs[0] ?? assert.fail()).publicKey.export({ type: 'pkcs1', format: 'der' }),
    'a key with something behind it': () =>
      Buffer.concat([spkiOf((pairs[0] ?? assert.fail()).publicKey), Buffer.of(0)]),
    'a key in PEM': () => Buffer.from((pairs[0] ?? assert.fail()).publicKey.export({ type: 'spki', format: 'pem' })),
    'no key': () => Buffer.from('dummy'),
  }
  for (const [what, make] of Object.entries(other)) {
    it(`is not ${what}`, () => assert.equal(readRecipientKey(make()), undefined))
  }
})
