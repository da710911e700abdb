import assert from 'node:assert/strict'
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { SecretBytes } from '#base/secret-bytes.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { derive } from '#crypto/kdf.ts'
import { rootKey } from '#crypto/key-hierarchy.ts'

describe('SP 800-108 in counter mode', () => {
  it('is one HMAC-SHA-512 over counter, label, zero, key id, material id, nonce and output bits', () => {
    const key = randomBytes(32)
    const keyId = randomBytes(16)
    const materialId = randomBytes(32)
    const blob = randomBytes(200)
    const target = Buffer.alloc(64)
    derive(new HmacKey('sha512', key), Buffer.concat([keyId, materialId]), blob, 28, target)
    const fixed = Buffer.concat([
      Buffer.from('00000001', 'hex'),
      Buffer.from('trent/enc/v1'),
      Buffer.from('00', 'hex'),
      keyId,
      materialId,
      blob.subarray(28, 52),
      Buffer.from('00000200', 'hex'),
    ])
    assert.equal(fixed.length, 93)
    assert.equal(target.toString('hex'), createHmac('sha512', key).update(fixed).digest('hex'))
  })

  it('gives what NIST computed (CAVP KBKDF counter mode, HMAC-SHA-512, counter before, 32 bits, count 0)', () => {
    const key =
      'dd5dbd45593ee2ac139748e7645b450f223d2ff297b73fd71cbcebe71d41653c' +
      '950b88500de5322d99ef18dfdd30428294c4b3094f4c954334e593bd982ec614'
    const input =
      '00000001' +
      'b50b0c963c6b3034b8cf19cd3f5c4ebe4f4985af0c03e575db62e6fdf1ecfe4f' +
      '28b95d7ce16df85843246e1557ce95bb26cc9a21974bbd2eb69e8355'
    const target = Buffer.alloc(64)
    new HmacKey('sha512', Buffer.from(key, 'hex')).into(Buffer.from(input, 'hex'), target)
    assert.equal(target.toString('hex', 0, 16), 'e5993bf9bd2aa1c45746042e12598155')
  })
})

describe('HKDF-SHA-256', () => {
  const cases = [
    {
      ikm: '0b'.repeat(22),
      salt: '000102030405060708090a0b0c',
      info: 'f0f1f2f3f4f5f6f7f8f9',
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      ikm: Buffer.from(Array.from({ length: 80 }, (_, index) => index)).toString('hex'),
      salt: Buffer.from(Array.from({ length: 80 }, (_, index) => index + 0x60)).toString('hex'),
      info: Buffer.from(Array.from({ length: 80 }, (_, index) => index + 0xb0)).toString('hex'),
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      ikm: '0b'.repeat(22),
      salt: '',
      info: '',
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ]
  for (const [index, { ikm, salt, info, okm }] of cases.entries()) {
    it(`of the runtime gives test case ${index + 1} of RFC 5869`, () => {
      const [key, saltBytes, infoBytes] = [ikm, salt, info].map((text) => Buffer.from(text, 'hex'))
      const out = hkdfSync('sha256', key!, saltBytes!, infoBytes!, okm.length / 2)
      assert.equal(Buffer.from(out).toString('hex'), okm)
    })
  }

  it('derives the keys of the hierarchy with the installation as salt and the purpose as info', () => {
    const root = randomBytes(32)
    for (const purpose of ['dk-wrap', 'state-mac', 'audit-chain', 'sealed-head', 'backup', 'key-check'] as const) {
      const pseudorandom = createHmac('sha256', 'inst-1').update(root).digest()
      const expected = createHmac('sha256', pseudorandom).update(`trent/${purpose}/v1\x01`).digest('hex')
      assert.equal(rootKey(new SecretBytes(Buffer.from(root)), 'inst-1', purpose).toString('hex'), expected)
    }
  })
})
