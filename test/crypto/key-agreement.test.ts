import assert from 'node:assert/strict'
import { diffieHellman } from 'node:crypto'
import { describe, it } from 'node:test'
import { decapsulateSecret, deriveSharedSecret, encapsulateSecret } from '#crypto/key-agreement.ts'
import { generateMac, openMacKey, verifyMac } from '#crypto/mac.ts'
import { publicKeyDer } from '#crypto/public-key.ts'
import { decryptOaep, decryptOaepAside, encryptOaep } from '#crypto/rsa-encryption.ts'
import { generate, pairOf, sm2 } from './asymmetric-fixtures.ts'

describe('shared secrets', () => {
  for (const [spec, curve, size] of [
    ['ECC_NIST_P256', 'P-256', 32],
    ['ECC_NIST_P384', 'P-384', 48],
    ['ECC_NIST_P521', 'P-521', 66],
  ] as const) {
    it(`are the same on both sides: ${spec}`, async () => {
      const mine = await pairOf(spec)
      const theirs = await generate({ type: 'ec', namedCurve: curve })
      const secret = await deriveSharedSecret(mine.privateKey, spec, publicKeyDer(theirs.publicKey), sm2)
      assert.equal(secret?.length, size)
      assert.deepEqual(diffieHellman({ privateKey: theirs.privateKey, publicKey: mine.publicKey }), secret)
    })
  }

  it('are refused with keys of another curve', async () => {
    const { privateKey } = await pairOf('ECC_NIST_P256')
    const other = publicKeyDer((await pairOf('ECC_NIST_P384')).publicKey)
    assert.equal(await deriveSharedSecret(privateKey, 'ECC_NIST_P256', other, sm2), undefined)
    assert.equal(await deriveSharedSecret(privateKey, 'ECC_NIST_P384', other, sm2), undefined)
  })
})

describe('encapsulated secrets', () => {
  for (const [spec, size] of [
    ['ML_KEM_512', 768],
    ['ML_KEM_768', 1088],
    ['ML_KEM_1024', 1568],
  ] as const) {
    it(`come back, and bad ciphertexts give others without an error: ${spec}`, async () => {
      const { privateKey, publicKey } = await pairOf(spec)
      const { secret, ciphertext } = encapsulateSecret(publicKey)
      assert.deepEqual([secret.length, ciphertext.length], [32, size])
      assert.deepEqual(decapsulateSecret(privateKey, spec, ciphertext), secret)
      const bad = Buffer.from(ciphertext)
      bad[7] = (bad[7] ?? 0) ^ 1
      const rejected = decapsulateSecret(privateKey, spec, bad)
      assert.equal(rejected?.length, 32)
      assert.notDeepEqual(rejected, secret)
      // Implicit rejection depends on key and ciphertext alone.
      assert.deepEqual(decapsulateSecret(privateKey, spec, bad), rejected)
      assert.equal(decapsulateSecret(privateKey, spec, Buffer.alloc(size, 0xff))?.length, 32)
      assert.equal(decapsulateSecret(privateKey, spec, ciphertext.subarray(1)), undefined)
      assert.equal(decapsulateSecret(privateKey, spec, Buffer.concat([ciphertext, Buffer.of(0)])), undefined)
    })
  }
})

describe('RSAES-OAEP', () => {
  for (const [algorithm, most] of [
    ['RSAES_OAEP_SHA_1', 214],
    ['RSAES_OAEP_SHA_256', 190],
  ] as const) {
    it(`decrypts what it encrypted, up to ${most} bytes: ${algorithm}`, async () => {
      const { privateKey, publicKey } = await pairOf('RSA_2048')
      for (const size of [1, most]) {
        const plaintext = Buffer.alloc(size, 7)
        const ciphertext = encryptOaep(publicKey, algorithm, plaintext)
        assert.equal(ciphertext.length, 256)
        assert.deepEqual(decryptOaep(privateKey, algorithm, ciphertext), plaintext)
        assert.deepEqual(await decryptOaepAside(privateKey, algorithm, ciphertext), plaintext)
      }
      assert.throws(() => encryptOaep(publicKey, algorithm, Buffer.alloc(most + 1)), RangeError)
    })
  }

  it('has one answer for every bad ciphertext', async () => {
    const { privateKey, publicKey } = await pairOf('RSA_2048')
    const ciphertext = encryptOaep(publicKey, 'RSAES_OAEP_SHA_1', Buffer.from('secret'))
    const broken = Buffer.from(ciphertext)
    broken[100] = (broken[100] ?? 0) ^ 1
    const bad = [
      broken,
      ciphertext.subarray(1),
      Buffer.alloc(256, 0xff),
      Buffer.alloc(256),
      Buffer.of(1),
      Buffer.alloc(6144),
    ]
    for (const bytes of bad) {
      assert.equal(decryptOaep(privateKey, 'RSAES_OAEP_SHA_1', bytes), undefined)
      assert.equal(await decryptOaepAside(privateKey, 'RSAES_OAEP_SHA_1', bytes), undefined)
    }
    assert.equal(decryptOaep(privateKey, 'RSAES_OAEP_SHA_256', ciphertext), undefined)
  })

  it('takes no ciphertext without its leading zeros, though it is the same number', async () => {
    const { privateKey, publicKey } = await pairOf('RSA_2048')
    const secret = Buffer.from('secret')
    // One of 256 begins with a zero.
    let ciphertext = encryptOaep(publicKey, 'RSAES_OAEP_SHA_256', secret)
    while (ciphertext[0] !== 0) ciphertext = encryptOaep(publicKey, 'RSAES_OAEP_SHA_256', secret)
    assert.deepEqual(decryptOaep(privateKey, 'RSAES_OAEP_SHA_256', ciphertext), secret)
    const cut = ciphertext.subarray(1)
    assert.equal(decryptOaep(privateKey, 'RSAES_OAEP_SHA_256', cut), undefined)
    assert.equal(await decryptOaepAside(privateKey, 'RSAES_OAEP_SHA_256', cut), undefined)
  })
})

describe('MACs', () => {
  // RFC 4231 section 4.3, test case 2.
  for (const [algorithm, expected] of [
    ['HMAC_SHA_224', 'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44'],
    ['HMAC_SHA_256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'HMAC_SHA_384',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    ],
    [
      'HMAC_SHA_512',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ] as const) {
    it(`are those of RFC 4231, whole or not at all: ${algorithm}`, () => {
      const key = openMacKey(algorithm, Buffer.from('Jefe'))
      const message = Buffer.from('what do ya want for nothing?')
      const mac = generateMac(key, message)
      assert.equal(mac.toString('hex'), expected)
      assert.equal(verifyMac(key, message, mac), true)
      assert.equal(verifyMac(key, message, mac.subarray(0, -1)), false)
      assert.equal(verifyMac(key, message, Buffer.concat([mac, Buffer.of(0)])), false)
      mac[3] = (mac[3] ?? 0) ^ 0x80
      assert.equal(verifyMac(key, message, mac), false)
    })
  }
})
