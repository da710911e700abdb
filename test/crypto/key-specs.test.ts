import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messageFault, signingAlgorithms } from '#crypto/algorithms.ts'
import { acceptableBytes, generatePair, keyPairRequest, randomMaterialLength } from '#crypto/key-pair.ts'
import { algorithmsOf, allowsUsage, keySpecs, largestPlaintext, type KeySpec } from '#crypto/key-specs.ts'
import { parseRegion, type Region } from '#base/brand.ts'
import { generate } from './asymmetric-fixtures.ts'

const [home, beijing] = [regionOf('eu-central-1'), regionOf('cn-north-1')]

function regionOf(text: string): Region {
  const region = parseRegion(text)
  assert.ok(region)
  return region
}

const specs = Object.keys(keySpecs) as KeySpec[]

describe('key specs', () => {
  it('are the twenty of AWS KMS', () => {
    assert.deepEqual(specs.sort(), [
      ...['ECC_NIST_EDWARDS25519', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1'],
      ...['HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512', 'ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'],
      ...['ML_KEM_1024', 'ML_KEM_512', 'ML_KEM_768', 'RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2', 'SYMMETRIC_DEFAULT'],
    ])
  })

  it('allow the usages and algorithms of AWS KMS', () => {
    assert.deepEqual(algorithmsOf('ECC_NIST_P384', 'SIGN_VERIFY'), ['ECDSA_SHA_384'])
    assert.deepEqual(algorithmsOf('ECC_NIST_P384', 'KEY_AGREEMENT'), ['ECDH'])
    assert.deepEqual(algorithmsOf('ECC_SECG_P256K1', 'KEY_AGREEMENT'), [])
    assert.deepEqual(algorithmsOf('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'), ['ED25519_SHA_512', 'ED25519_PH_SHA_512'])
    assert.deepEqual(algorithmsOf('HMAC_224', 'GENERATE_VERIFY_MAC'), ['HMAC_SHA_224'])
    assert.deepEqual(algorithmsOf('RSA_3072', 'ENCRYPT_DECRYPT'), ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'])
    assert.deepEqual(algorithmsOf('ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'), ['ML_KEM'])
    assert.deepEqual([...algorithmsOf('RSA_2048', 'SIGN_VERIFY')].sort(), [
      ...['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'],
      ...['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'],
    ])
    assert.equal(allowsUsage('RSA_2048', 'KEY_AGREEMENT'), false)
    assert.equal(allowsUsage('SM2', 'KEY_AGREEMENT'), true)
  })

  it('make data key pairs of all pairs but ML-DSA', () => {
    assert.deepEqual(specs.filter((spec) => keySpecs[spec].dataKeyPair).sort(), [
      ...['ECC_NIST_EDWARDS25519', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1'],
      ...['ML_KEM_1024', 'ML_KEM_512', 'ML_KEM_768', 'RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2'],
    ])
  })

  it('encrypt as much as OAEP leaves room for', () => {
    const rsa = (['RSA_2048', 'RSA_3072', 'RSA_4096'] as const).map((spec) => [
      largestPlaintext(spec, 'RSAES_OAEP_SHA_1'),
      largestPlaintext(spec, 'RSAES_OAEP_SHA_256'),
    ])
    assert.deepEqual(rsa, [
      [214, 190],
      [342, 318],
      [470, 446],
    ])
    assert.equal(largestPlaintext('SM2', 'SM2PKE'), 1024)
    assert.equal(largestPlaintext('SYMMETRIC_DEFAULT', 'SYMMETRIC_DEFAULT'), 4096)
  })

  it('refuse messages of the wrong kind or size', () => {
    assert.equal(messageFault('RSASSA_PSS_SHA_256', 'RAW', 4096), undefined)
    assert.equal(messageFault('RSASSA_PSS_SHA_256', 'RAW', 4097), 'length')
    assert.equal(messageFault('RSASSA_PSS_SHA_256', 'DIGEST', 32), undefined)
    assert.equal(messageFault('RSASSA_PSS_SHA_256', 'DIGEST', 31), 'length')
    assert.equal(messageFault('ECDSA_SHA_512', 'DIGEST', 48), 'length')
    assert.equal(messageFault('ED25519_SHA_512', 'DIGEST', 64), 'type')
    assert.equal(messageFault('ED25519_PH_SHA_512', 'RAW', 5), 'type')
    assert.equal(messageFault('ED25519_PH_SHA_512', 'DIGEST', 64), undefined)
    assert.equal(messageFault('ML_DSA_SHAKE_256', 'DIGEST', 64), 'type')
    assert.equal(messageFault('ML_DSA_SHAKE_256', 'EXTERNAL_MU', 63), 'length')
    assert.equal(messageFault('ECDSA_SHA_256', 'EXTERNAL_MU', 64), 'type')
    assert.equal(Object.keys(signingAlgorithms).length, 13)
  })

  it('give key pairs in the sizes of the standards', async () => {
    const sizes = await Promise.all(
      specs
        .filter((spec) => keyPairRequest(spec) !== undefined && !spec.startsWith('RSA'))
        .sort()
        .map(async (spec) => {
          const { privateKey, publicKey } = await generatePair(spec, generate)
          return [spec, privateKey.length, publicKey.length]
        }),
    )
    assert.deepEqual(sizes, [
      ['ECC_NIST_EDWARDS25519', 48, 44],
      ['ECC_NIST_P256', 138, 91],
      ['ECC_NIST_P384', 185, 120],
      ['ECC_NIST_P521', 241, 158],
      ['ECC_SECG_P256K1', 135, 88],
      ['ML_DSA_44', 54, 1334],
      ['ML_DSA_65', 54, 1974],
      ['ML_DSA_87', 54, 2614],
      ['ML_KEM_1024', 86, 1590],
      ['ML_KEM_512', 86, 822],
      ['ML_KEM_768', 86, 1206],
      ['SM2', 138, 91],
    ])
    await assert.rejects(generatePair('HMAC_256', generate), TypeError)
  })

  it('take random material of their size, and longer HMAC keys from outside', () => {
    assert.deepEqual(
      (['SYMMETRIC_DEFAULT', 'HMAC_224', 'HMAC_384', 'RSA_2048'] as const).map((spec) =>
        [home, beijing].map((region) => randomMaterialLength(spec, region)),
      ),
      [
        [32, 16],
        [28, 28],
        [48, 48],
        [undefined, undefined],
      ],
    )
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(32), home), true)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(16), home), false)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(16), beijing), true)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(32), beijing), false)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(32)), true)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(16)), true)
    assert.equal(acceptableBytes('SYMMETRIC_DEFAULT', Buffer.alloc(33)), false)
    assert.equal(acceptableBytes('HMAC_256', Buffer.alloc(128)), true)
    assert.equal(acceptableBytes('HMAC_256', Buffer.alloc(31)), false)
    assert.equal(acceptableBytes('HMAC_256', Buffer.alloc(129)), false)
  })
})
