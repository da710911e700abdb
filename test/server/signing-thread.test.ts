import assert from 'node:assert/strict'
import {
  createPublicKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto'
import { describe, it } from 'node:test'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import { privateKeyDer, readPrivateKey } from '#crypto/private-key.ts'
import { generate, pairOf, portable, sm2 } from '../crypto/asymmetric-fixtures.ts'
import { SigningThread } from '../../src/server/signing-thread.ts'

const message = Buffer.from('What is to be signed')

function tools(thread: SigningThread): SigningTools {
  return { random: (size) => randomBytes(size), digests: portable, aside: thread }
}

const generateSm2 = () => generate({ type: 'ec', namedCurve: 'SM2' })

const cases = [
  ['RSA_2048', 'RSASSA_PSS_SHA_256', 'sha256'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512'],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
  ['ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', 'sha512'],
  ['SM2', 'SM2DSA', 'sm3'],
] as const

describe('a signing thread', () => {
  const thread = new SigningThread()

  for (const [spec, algorithm, digest] of cases) {
    it(`signs and verifies digests with ${spec} and ${algorithm} as this thread does`, async () => {
      const { privateKey, publicKey } = await pairOf(spec)
      const input: SigningInput = { algorithm, messageType: 'DIGEST', message: hash(digest, message, 'buffer') }
      const before = Buffer.from(input.message)
      const answer = sign(privateKey, spec, input, tools(thread))
      assert.ok(answer instanceof Promise, 'it is made on another thread')
      const signature = await answer
      assert.ok(signature !== undefined)
      assert.deepEqual(input.message, before, "the message stays the caller's")
      const here: SigningTools = { random: (size) => randomBytes(size), digests: portable }
      assert.equal(await verify(publicKey, spec, input, signature, here), true)
      assert.equal(await verify(publicKey, spec, input, signature, tools(thread)), true)
      signature[9] = (signature[9] ?? 0) ^ 1
      assert.equal(await verify(publicKey, spec, input, signature, tools(thread)), false)
    })
  }

  it('signs the mu of ML-DSA, where this Node.js lets it', async () => {
    const { privateKey, publicKey } = await pairOf('ML_DSA_44')
    const input: SigningInput = { algorithm: 'ML_DSA_SHAKE_256', messageType: 'EXTERNAL_MU', message: randomBytes(64) }
    const signature = await sign(privateKey, 'ML_DSA_44', input, tools(thread))
    assert.equal(signature?.length, 2420)
    assert.equal(await verify(publicKey, 'ML_DSA_44', input, signature, tools(thread)), true)
  })

  it('does with SM2 keys what this thread does, also with keys that were stored', async () => {
    const { privateKey } = await pairOf('SM2')
    const [stored, other] = [await readPrivateKey('SM2', privateKeyDer(privateKey)), (await generateSm2()).privateKey]
    assert.ok(stored !== undefined)
    const publicKey = createPublicKey(stored)
    const plaintext = Buffer.from('a secret')
    const ciphertext = await thread.encryptSm2(publicKey, plaintext)
    assert.deepEqual(plaintext, Buffer.from('a secret'), "the plaintext stays the caller's")
    assert.deepEqual(await sm2.decryptSm2(stored, ciphertext), plaintext)
    const made = await sm2.encryptSm2(publicKey, plaintext)
    assert.deepEqual(await thread.decryptSm2(stored, made), plaintext)
    made[60] = (made[60] ?? 0) ^ 1
    assert.equal(await thread.decryptSm2(stored, made), undefined)
    const secret = await thread.agreeSm2(stored, createPublicKey(other))
    assert.deepEqual(await sm2.agreeSm2(other, publicKey), secret)
    assert.equal(secret.buffer.byteLength, 32, 'and nothing that lay beside it')
    await assert.rejects(thread.encryptSm2(publicKey, Buffer.alloc(0)))
  })

  it('does not send what lies beside a message in memory', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const memory = Buffer.alloc(4096, 1)
    const view = memory.subarray(100, 148)
    hash('sha384', message, 'buffer').copy(view)
    const input: SigningInput = { algorithm: 'ECDSA_SHA_384', messageType: 'DIGEST', message: view }
    const signature = await sign(privateKey, 'ECC_NIST_P384', input, tools(thread))
    assert.ok(signature !== undefined && nodeVerify('sha384', message, publicKey, signature))
    assert.equal(memory.length, 4096, 'and keeps what it lies in')
  })

  it('does many at once, each for the one who asked', async () => {
    const { privateKey, publicKey } = await pairOf('ECC_NIST_P384')
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const own = Buffer.from(`message ${index}`)
        const input: SigningInput = {
          algorithm: 'ECDSA_SHA_384',
          messageType: 'DIGEST',
          message: hash('sha384', own, 'buffer'),
        }
        const signature = await sign(privateKey, 'ECC_NIST_P384', input, tools(thread))
        assert.ok(signature !== undefined && nodeVerify('sha384', own, publicKey, signature))
        const made = nodeSign('sha384', own, privateKey)
        assert.equal(await verify(publicKey, 'ECC_NIST_P384', input, made, tools(thread)), true)
      }),
    )
  })

  it('says why it can not', async () => {
    const { privateKey } = await pairOf('ECC_NIST_P384')
    const input: SigningInput = { algorithm: 'ED25519_PH_SHA_512', messageType: 'DIGEST', message: randomBytes(64) }
    await assert.rejects(async () => sign(privateKey, 'ECC_NIST_P384', input, tools(thread)))
  })
})
