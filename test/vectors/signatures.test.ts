import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { curves } from '#crypto/curves.ts'
import { signDigest, verifyDigest } from '#crypto/ecdsa-digest.ts'
import { signEd25519ph, verifyEd25519ph } from '#crypto/ed25519ph.ts'
import { multiplyBase } from '#crypto/points.ts'
import { publicKeyBits } from '#crypto/public-key.ts'
import { sign } from '#crypto/signing.ts'
import { tools } from '../crypto/asymmetric-fixtures.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

function ed25519Key(seed: string) {
  const key = hex(`302e020100300506032b657004220420${seed}`)
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

// RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
const ed25519 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const

describe('Ed25519', () => {
  for (const [seed, publicKey, message, signature] of ed25519) {
    it(`signs as RFC 8032 does: message "${message}"`, async () => {
      const key = ed25519Key(seed)
      assert.equal(publicKeyBits(createPublicKey(key)).toString('hex'), publicKey)
      const input = { algorithm: 'ED25519_SHA_512', messageType: 'RAW', message: hex(message) } as const
      assert.equal((await sign(key, 'ECC_NIST_EDWARDS25519', input, tools))?.toString('hex'), signature)
    })
  }

  it('signs a digest as RFC 8032 section 7.3 does', () => {
    const seed = hex('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42')
    const publicKey = hex('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf')
    const digest = hash('sha512', 'abc', 'buffer')
    const signature = signEd25519ph(seed, publicKey, digest)
    assert.equal(
      signature.toString('hex'),
      '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
    )
    assert.equal(verifyEd25519ph(publicKey, digest, signature), true)
  })

  it('refuses a signature whose second half is the order larger', () => {
    const publicKey = hex('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf')
    const first = '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41'
    const second = BigInt(
      `0x${hex('31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406').reverse().toString('hex')}`,
    )
    const larger = second + 2n ** 252n + 27742317777372353535851937790883648493n
    const signature = Buffer.concat([hex(first), hex(larger.toString(16).padStart(64, '0')).reverse()])
    assert.equal(verifyEd25519ph(publicKey, hash('sha512', 'abc', 'buffer'), signature), false)
  })
})

// RFC 6979 section A.2.5: P-256, the message "sample" with SHA-256, and its k.
const scalar = hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')
const nonce = 'a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60'
const r = 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716'
const s = 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8'

describe('ECDSA over a digest', () => {
  const digest = hash('sha256', 'sample', 'buffer')
  const point = multiplyBase('P-256', scalar)
  const encoded = (first: string, second: string): Buffer => hex(`3046022100${first}022100${second}`)

  it('gives the signature of RFC 6979 for its k', () => {
    const signature = signDigest('P-256', scalar, digest, () => hex(nonce))
    assert.equal(signature.toString('hex'), encoded(r, s).toString('hex'))
  })

  it('draws again when a nonce is out of range', () => {
    const drawn = ['00'.repeat(32), 'ff'.repeat(32), nonce].map(hex)
    const signature = signDigest('P-256', scalar, digest, () => drawn.shift() ?? assert.fail('drawn too often'))
    assert.equal(signature.toString('hex'), encoded(r, s).toString('hex'))
  })

  it('verifies the signature of RFC 6979, and its negative, which is as good', () => {
    assert.ok(point !== undefined)
    assert.equal(point.x.toString(16), '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6')
    assert.equal(verifyDigest('P-256', point, digest, encoded(r, s)), true)
    const low = (curves['P-256'].n - BigInt(`0x${s}`)).toString(16).padStart(64, '0')
    assert.equal(verifyDigest('P-256', point, digest, hex(`3045022100${r}0220${low}`)), true)
  })

  it('refuses signatures that are not strict DER, or out of range', () => {
    assert.ok(point !== undefined)
    const { n } = curves['P-256']
    const larger = n.toString(16)
    const bad = [
      Buffer.concat([encoded(r, s), Buffer.of(0)]),
      hex(`308146022100${r}022100${s}`),
      hex(`30440220${r}0220${s}`),
      hex(`304802220000${r}02220000${s}`),
      encoded(r, larger),
      encoded(larger, s),
      hex(`3026020100022100${s}`),
      hex(`3026022100${r}020100`),
      hex(`3049022100${r}022100${s}020101`),
      hex(r + s),
      Buffer.alloc(0),
    ]
    for (const signature of bad) assert.equal(verifyDigest('P-256', point, digest, signature), false)
  })

  it('holds for the digests that make a point of the equation vanish or double', () => {
    assert.ok(point !== undefined)
    const { n } = curves['P-256']
    const d = BigInt(`0x${scalar.toString('hex')}`)
    const spell = (value: bigint): Buffer => hex((((value % n) + n) % n).toString(16).padStart(64, '0'))
    // With z = rd both summands are the public key; with z = -rd they cancel, and no signature can hold.
    const rNumber = BigInt(`0x${r}`)
    for (const z of [0n, rNumber * d]) {
      const signature = signDigest('P-256', scalar, spell(z), () => hex(nonce))
      assert.equal(verifyDigest('P-256', point, spell(z), signature), true)
    }
    assert.equal(verifyDigest('P-256', point, spell(-rNumber * d), encoded(r, s)), false)
  })
})
