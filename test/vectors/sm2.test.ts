import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { curves } from '#crypto/curves.ts'
import { readPoint } from '#crypto/points.ts'
import { decryptSm2, encryptSm2 } from '#crypto/sm2-encryption.ts'
import { signSm2, verifySm2 } from '#crypto/sm2-signature.ts'
import { sm2Digest } from '#crypto/sm2.ts'
import { nativeMultiply, portableMultiply } from '../crypto/asymmetric-fixtures.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

// GM/T 0003.5, annexes A and C: one key pair and one random number for both.
const privateKey = hex('3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8')
const publicKey = hex(
  '04 09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020' +
    'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
)
const random = (): Buffer => hex('59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21')
const ways = [
  ['OpenSSL', nativeMultiply],
  ['JavaScript', portableMultiply],
] as const

describe('SM2', () => {
  it('signs as GM/T 0003.5 annex A does', () => {
    const message = Buffer.from('message digest')
    const digest = sm2Digest(publicKey, message)
    assert.equal(digest.toString('hex'), 'f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640')
    const signature = signSm2(privateKey, digest, random)
    assert.equal(
      signature.toString('hex'),
      '3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3' +
        '022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa',
    )
    const point = readPoint(curves.SM2, publicKey)
    assert.ok(point !== undefined)
    for (const [name, multiply] of ways) assert.ok(verifySm2(point, digest, signature, multiply), name)
  })

  for (const [name, multiply] of ways) {
    it(`encrypts and decrypts as GM/T 0003.5 annex C does, multiplying by ${name}`, () => {
      const plaintext = Buffer.from('encryption standard')
      const ciphertext = encryptSm2(publicKey, plaintext, multiply, random)
      // GM/T 0009 section 7.2: x and y of C1, C3, C2.
      assert.equal(
        ciphertext.toString('hex'),
        '307c' +
          '022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73' +
          '022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0' +
          '042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766' +
          '041321886ca989ca9c7d58087307ca93092d651efa',
      )
      assert.deepEqual(decryptSm2(privateKey, ciphertext, multiply), plaintext)
    })
  }
})
