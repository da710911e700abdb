import assert from 'node:assert/strict'
import { constants, createHash, createPublicKey, hash, sign as nodeSign, verify as nodeVerify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { signingAlgorithms, type MessageType, type SigningAlgorithm } from '#crypto/algorithms.ts'
import type { DigestSigner } from '#crypto/digest-signer.ts'
import { algorithmsOf, keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import { publicKeyBits } from '#crypto/public-key.ts'
import { provesItself } from '#crypto/self-test.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import { sm2Digest } from '#crypto/sm2.ts'
import { native, pairOf, portable, tools } from './asymmetric-fixtures.ts'

const raw = Buffer.from('What is to be signed')

function shake(...parts: readonly Buffer[]): Buffer {
  return createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
}

/** The message in another form, which means the same. */
async function reduced(spec: KeySpec, algorithm: SigningAlgorithm, type: MessageType): Promise<Buffer> {
  const bits = publicKeyBits((await pairOf(spec)).publicKey)
  if (type === 'RAW') return raw
  if (type === 'EXTERNAL_MU') return shake(shake(bits), Buffer.of(0, 0), raw)
  return algorithm === 'SM2DSA' ? sm2Digest(bits, raw) : hash(signingAlgorithms[algorithm].hash, raw, 'buffer')
}

async function signed(key: KeyObject, spec: KeySpec, input: SigningInput): Promise<Buffer> {
  const signature = await sign(key, spec, input, tools)
  assert.ok(signature !== undefined)
  return signature
}

interface Combination {
  readonly spec: KeySpec
  readonly algorithm: SigningAlgorithm
  readonly messageType: MessageType
}

const combinations: readonly Combination[] = (Object.keys(keySpecs) as KeySpec[])
  .filter((spec) => spec !== 'RSA_3072' && spec !== 'RSA_4096')
  .flatMap((spec) =>
    (algorithmsOf(spec, 'SIGN_VERIFY') as readonly SigningAlgorithm[]).flatMap((algorithm) =>
      signingAlgorithms[algorithm].messageTypes.map((messageType) => ({ spec, algorithm, messageType })),
    ),
  )

describe('signing', () => {
  for (const { spec, algorithm, messageType } of combinations) {
    it(`verifies its own signatures, and no others: ${spec} ${algorithm} ${messageType}`, async () => {
      const { privateKey, publicKey } = await pairOf(spec)
      const input = { algorithm, messageType, message: await reduced(spec, algorithm, messageType) }
      const signature = await signed(privateKey, spec, input)
      assert.equal(await verify(publicKey, spec, input, signature, tools), true)
      // As many forms of the message as there are agree on it.
      for (const other of signingAlgorithms[algorithm].messageTypes) {
        const same = { algorithm, messageType: other, message: await reduced(spec, algorithm, other) }
        assert.equal(await verify(publicKey, spec, same, signature, tools), true, other)
      }
      const changed = Buffer.from(input.message)
      changed[0] = (changed[0] ?? 0) ^ 1
      assert.equal(await verify(publicKey, spec, { ...input, message: changed }, signature, tools), false)
      const broken = Buffer.from(signature)
      broken[12] = (broken[12] ?? 0) ^ 1
      const wrong = [broken, signature.subarray(1), Buffer.concat([signature, Buffer.of(0)]), Buffer.of(0x30)]
      for (const bytes of [...wrong, Buffer.alloc(signature.length), Buffer.alloc(6144, 0xff)]) {
        assert.equal(await verify(publicKey, spec, input, bytes, tools), false)
      }
    })
  }

  it('has PSS salts of the length of the digest, and accepts no others', async () => {
    const { privateKey, publicKey } = await pairOf('RSA_2048')
    const padding = constants.RSA_PKCS1_PSS_PADDING
    for (const messageType of ['RAW', 'DIGEST'] as const) {
      const message = await reduced('RSA_2048', 'RSASSA_PSS_SHA_256', messageType)
      const input = { algorithm: 'RSASSA_PSS_SHA_256', messageType, message } as const
      const signature = await signed(privateKey, 'RSA_2048', input)
      assert.equal(nodeVerify('sha256', raw, { key: publicKey, padding, saltLength: 32 }, signature), true)
      for (const saltLength of [0, 20, 33, 222]) {
        const other = nodeSign('sha256', raw, { key: privateKey, padding, saltLength })
        assert.equal(await verify(publicKey, 'RSA_2048', input, other, tools), false)
      }
    }
  })

  it('answers at once for P-256, and on another thread for what is slow', async () => {
    const message = raw
    const p256 = { algorithm: 'ECDSA_SHA_256', messageType: 'RAW', message } as const
    assert.ok(sign((await pairOf('ECC_NIST_P256')).privateKey, 'ECC_NIST_P256', p256, tools) instanceof Buffer)
    const rsa = { algorithm: 'RSASSA_PSS_SHA_512', messageType: 'RAW', message } as const
    assert.ok(sign((await pairOf('RSA_2048')).privateKey, 'RSA_2048', rsa, tools) instanceof Promise)
  })

  it('knows what it cannot do without the functions of OpenSSL itself', async () => {
    const alone: SigningTools = { ...tools, digests: portable }
    const able = async (spec: KeySpec, algorithm: SigningAlgorithm, messageType: MessageType) => {
      const input = { algorithm, messageType, message: await reduced(spec, algorithm, messageType) }
      const { privateKey, publicKey } = await pairOf(spec)
      const signature = await sign(privateKey, spec, input, alone)
      const verdict = await verify(publicKey, spec, input, signature ?? Buffer.alloc(64), alone)
      return [signature !== undefined, verdict]
    }
    assert.deepEqual(await able('ML_DSA_65', 'ML_DSA_SHAKE_256', 'RAW'), [true, true])
    assert.deepEqual(await able('ML_DSA_65', 'ML_DSA_SHAKE_256', 'EXTERNAL_MU'), [false, undefined])
    assert.deepEqual(await able('SM2', 'SM2DSA', 'DIGEST'), [true, true])
    assert.deepEqual(await able('ECC_NIST_P521', 'ECDSA_SHA_512', 'DIGEST'), [true, true])
  })
})

describe('RSA signatures without their leading zeros', () => {
  for (const algorithm of ['RSASSA_PSS_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_256'] as const) {
    it(`are none of ${algorithm}, though they are the same number`, async () => {
      const { privateKey, publicKey } = await pairOf('RSA_2048')
      // One of 256 begins with a zero.
      for (let count = 0; ; count += 1) {
        const input: SigningInput = { algorithm, messageType: 'RAW', message: Buffer.from(`message ${count}`) }
        const signature = await sign(privateKey, 'RSA_2048', input, tools)
        assert.ok(signature)
        if (signature[0] !== 0) continue
        assert.equal(await verify(publicKey, 'RSA_2048', input, signature, tools), true)
        assert.equal(await verify(publicKey, 'RSA_2048', input, signature.subarray(1), tools), false)
        return
      }
    })
  }
})

describe('the two ways of signing digests', () => {
  it('prove themselves', () => {
    assert.equal(provesItself(native), true)
    assert.equal(provesItself(portable), true)
  })

  it('do not prove themselves when they accept anything, refuse everything or throw', () => {
    const lax: DigestSigner = { ...native, verify: () => true }
    const strict: DigestSigner = { ...portable, verify: () => false }
    const broken: DigestSigner = { ...portable, sign: () => assert.fail('broken') }
    assert.deepEqual([lax, strict, broken].map(provesItself), [false, false, false])
  })

  for (const [spec, curve] of [
    ['ECC_NIST_P256', 'P-256'],
    ['ECC_NIST_P384', 'P-384'],
    ['ECC_NIST_P521', 'P-521'],
    ['ECC_SECG_P256K1', 'secp256k1'],
  ] as const) {
    it(`understand each other: ${curve}`, async () => {
      const { privateKey, publicKey } = await pairOf(spec)
      const scheme = { kind: 'ecdsa', curve } as const
      const name = algorithmsOf(spec, 'SIGN_VERIFY')[0] as SigningAlgorithm
      const digests = [Buffer.alloc(32), Buffer.alloc(32, 0xff), Buffer.from([...Array(32).keys()])]
      for (const digest of [...digests, hash(signingAlgorithms[name].hash, raw, 'buffer')]) {
        assert.equal(native.verify(scheme, publicKey, digest, portable.sign(scheme, privateKey, digest)), true)
        assert.equal(portable.verify(scheme, publicKey, digest, native.sign(scheme, privateKey, digest)), true)
      }
    })
  }

  it('understand each other: SM2', async () => {
    const { privateKey, publicKey } = await pairOf('SM2')
    const scheme = { kind: 'sm2dsa' } as const
    for (const digest of [Buffer.alloc(32), Buffer.alloc(32, 0xff), sm2Digest(publicKeyBits(publicKey), raw)]) {
      assert.equal(native.verify(scheme, publicKey, digest, portable.sign(scheme, privateKey, digest)), true)
      assert.equal(portable.verify(scheme, publicKey, digest, native.sign(scheme, privateKey, digest)), true)
    }
  })

  it('give the same Ed25519ph signatures', async () => {
    const { privateKey, publicKey } = await pairOf('ECC_NIST_EDWARDS25519')
    for (let index = 0; index < 20; index += 1) {
      const digest = hash('sha512', `message ${index}`, 'buffer')
      const signature = portable.sign({ kind: 'ed25519ph' }, privateKey, digest)
      assert.deepEqual(native.sign({ kind: 'ed25519ph' }, privateKey, digest), signature)
      assert.equal(portable.verify({ kind: 'ed25519ph' }, createPublicKey(privateKey), digest, signature), true)
      assert.equal(native.verify({ kind: 'ed25519ph' }, publicKey, digest, signature), true)
    }
  })
})
