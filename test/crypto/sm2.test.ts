import assert from 'node:assert/strict'
import { createHash, createPrivateKey, diffieHellman, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { curves } from '#crypto/curves.ts'
import { writeElement, writeInteger } from '#crypto/der.ts'
import { toBytes, toInteger } from '#crypto/integers.ts'
import type { RandomBytes } from '#crypto/ecdsa-digest.ts'
import { deriveSharedSecret } from '#crypto/key-agreement.ts'
import { readPem } from '#crypto/pem-private-key.ts'
import { multiplyBase, writePoint } from '#crypto/points.ts'
import { privateKeyDer, privateScalar, readPrivateKey } from '#crypto/private-key.ts'
import { publicKeyBits, publicKeyDer } from '#crypto/public-key.ts'
import { multipliesRight } from '#crypto/self-test.ts'
import { decryptSm2, encryptSm2 } from '#crypto/sm2-encryption.ts'
import type { MultiplySm2 } from '#crypto/sm2-multiplication.ts'
import { generate, nativeMultiply, pairOf, portableMultiply, sm2 } from './asymmetric-fixtures.ts'

const { n, p } = curves.SM2
const ways = [
  ['OpenSSL', nativeMultiply],
  ['JavaScript', portableMultiply],
] as const

function base(scalar: bigint): Buffer {
  const point = multiplyBase('SM2', toBytes(scalar, 32))
  assert.ok(point !== undefined)
  return writePoint(curves.SM2, point)
}

describe('the two ways of multiplying points of SM2', () => {
  it('prove themselves', () => {
    for (const [name, multiply] of ways) assert.equal(multipliesRight(multiply), true, name)
  })

  it('do not prove themselves when they are wrong, accept anything or throw', () => {
    const same: MultiplySm2 = (_scalar, point) => point
    const lax: MultiplySm2 = (scalar, point) => nativeMultiply(scalar, point) ?? Buffer.alloc(65)
    const broken: MultiplySm2 = () => assert.fail('broken')
    const almost: MultiplySm2 = (scalar, point) =>
      toInteger(scalar) === n - 1n ? undefined : nativeMultiply(scalar, point)
    assert.deepEqual([same, lax, broken, almost].map(multipliesRight), [false, false, false, false])
  })

  it('agree, with each other and with the order of factors', () => {
    for (let index = 0; index < 8; index += 1) {
      const [one, other] = [randomBytes(32), randomBytes(32)].map((bytes) => (toInteger(bytes) % (n - 1n)) + 1n)
      assert.ok(one !== undefined && other !== undefined)
      const seed = `${one} ${other}`
      const expected = base((one * other) % n)
      for (const [name, multiply] of ways) {
        assert.deepEqual(multiply(toBytes(one, 32), base(other)), expected, `${name} ${seed}`)
        assert.deepEqual(multiply(toBytes(other, 32), base(one)), expected, `${name} ${seed}`)
      }
    }
  })

  it('leave what they are given as it is', () => {
    for (const [name, multiply] of ways) {
      const [scalar, point] = [toBytes(5n, 32), base(7n)]
      multiply(scalar, point)
      assert.deepEqual([scalar, point], [toBytes(5n, 32), base(7n)], name)
    }
  })

  it('refuse what is no point of the curve', () => {
    const point = base(9n)
    const twisted = Buffer.from(point)
    twisted[64] = (twisted[64] ?? 0) ^ 1
    const wrong = [twisted, point.subarray(0, 64), Buffer.alloc(65), Buffer.of(0), Buffer.alloc(0)]
    const large = Buffer.concat([Buffer.of(4), toBytes(p, 32), point.subarray(33)])
    for (const [name, multiply] of ways) {
      for (const each of [...wrong, large]) assert.equal(multiply(toBytes(3n, 32), each), undefined, name)
    }
  })
})

describe('SM2 encryption', async () => {
  const { privateKey, publicKey } = await pairOf('SM2')
  const scalar = privateScalar(privateKey, 'SM2')
  const point = publicKeyBits(publicKey)
  const encrypt = (plaintext: Buffer, random: RandomBytes = randomBytes): Buffer =>
    encryptSm2(point, plaintext, nativeMultiply, random)

  it('opens what it encrypted, of every length up to a wrapped key', () => {
    for (const length of [1, 2, 31, 32, 33, 64, 1024, 2400, 5900]) {
      const plaintext = randomBytes(length)
      const ciphertext = encrypt(plaintext)
      assert.ok(ciphertext.length <= length + 120)
      for (const [name, multiply] of ways) {
        assert.deepEqual(decryptSm2(scalar, ciphertext, multiply), plaintext, `${name} ${length}`)
      }
    }
    assert.throws(() => encrypt(Buffer.alloc(0)), RangeError)
  })

  // One nonce in 256 gives a single byte a mask of zero: the first one from 1 on.
  const bare = (() => {
    for (let k = 1n; ; k += 1n) {
      const shared = nativeMultiply(toBytes(k, 32), point)
      assert.ok(shared !== undefined)
      const mask = createHash('sm3')
        .update(shared.subarray(1))
        .update(Buffer.of(0, 0, 0, 1))
        .digest()
      if (mask[0] === 0) return { k, shared }
    }
  })()

  it('draws another nonce where the mask would be zero and hide nothing', () => {
    const nonces = [bare.k, 99n]
    const ciphertext = encrypt(Buffer.of(7), () => toBytes(nonces.shift() ?? assert.fail('drew too often'), 32))
    assert.deepEqual(nonces, [])
    assert.notEqual(ciphertext.at(-1), 7)
    assert.deepEqual(decryptSm2(scalar, ciphertext, nativeMultiply), Buffer.of(7))
  })

  it('does not open a ciphertext whose mask is zero, as the standard asks', () => {
    const { k, shared } = bare
    const plaintext = Buffer.of(7)
    const hash = createHash('sm3').update(shared.subarray(1, 33)).update(plaintext).update(shared.subarray(33)).digest()
    const c1 = base(k)
    const integers = [writeInteger(c1.subarray(1, 33)), writeInteger(c1.subarray(33))]
    const ciphertext = writeElement(0x30, ...integers, writeElement(4, hash), writeElement(4, plaintext))
    for (const [name, multiply] of ways) assert.equal(decryptSm2(scalar, ciphertext, multiply), undefined, name)
  })

  it('opens nothing that was changed, in whatever byte', () => {
    const ciphertext = encrypt(Buffer.from('a secret of some length'))
    for (let index = 0; index < ciphertext.length; index += 1) {
      const changed = Buffer.from(ciphertext)
      changed[index] = (changed[index] ?? 0) ^ 1
      assert.equal(decryptSm2(scalar, changed, nativeMultiply), undefined, String(index))
    }
    const wrong = [ciphertext.subarray(1), ciphertext.subarray(0, -1), Buffer.concat([ciphertext, Buffer.of(0)])]
    for (const each of [...wrong, Buffer.of(0x30, 0), Buffer.alloc(0), randomBytes(200)]) {
      assert.equal(decryptSm2(scalar, each, nativeMultiply), undefined)
    }
  })

  it('takes only what DER writes in one way, and only points of the curve', () => {
    const plaintext = Buffer.from('a secret')
    const k = 12345n
    const shared = nativeMultiply(toBytes(k, 32), point)
    assert.ok(shared !== undefined)
    const mask = createHash('sm3')
      .update(shared.subarray(1))
      .update(Buffer.of(0, 0, 0, 1))
      .digest()
    const masked = Buffer.from(plaintext.map((byte, index) => byte ^ (mask[index] ?? 0)))
    const hash = createHash('sm3').update(shared.subarray(1, 33)).update(plaintext).update(shared.subarray(33)).digest()
    const c1 = base(k)
    const [x, y] = [writeInteger(c1.subarray(1, 33)), writeInteger(c1.subarray(33))]
    const [c3, c2] = [writeElement(4, hash), writeElement(4, masked)]
    const open = (...parts: readonly Buffer[]): Buffer | undefined =>
      decryptSm2(scalar, writeElement(0x30, ...parts), nativeMultiply)
    assert.deepEqual(open(x, y, c3, c2), plaintext)
    const padded = writeElement(2, Buffer.of(0, 0), c1.subarray(1, 33))
    const more = writeInteger(toBytes(toInteger(c1.subarray(1, 33)) + p, 33))
    const negative = writeElement(2, toBytes(n, 32))
    const opposite = writeInteger(toBytes(p - toInteger(c1.subarray(33)), 32))
    for (const parts of [
      [padded, y, c3, c2],
      [more, y, c3, c2],
      [negative, y, c3, c2],
      // Of the curve, but not the one.
      [x, opposite, c3, c2],
      [x, x, c3, c2],
      [writeInteger(Buffer.of(0)), writeInteger(Buffer.of(0)), c3, c2],
      [x, y, c2, c3],
      [x, y, c3],
      [x, y, c3, c2, c2],
      [x, y, writeElement(4, hash.subarray(1)), c2],
      [x, y, c3, writeElement(4)],
      [x, y, c3, writeElement(3, Buffer.of(0), masked)],
      [Buffer.concat([x, y, c3, c2])].map((whole) => writeElement(0x30, whole)),
    ]) {
      assert.equal(open(...parts), undefined)
    }
  })
})

describe('SM2 keys', () => {
  it('agree on the secret that Node computes with keys that it made itself', async () => {
    const [mine, theirs] = [await pairOf('SM2'), await generate({ type: 'ec', namedCurve: 'SM2' })]
    const expected = diffieHellman({ privateKey: theirs.privateKey, publicKey: mine.publicKey })
    const stored = createPrivateKey({ key: privateKeyDer(mine.privateKey), format: 'der', type: 'pkcs8' })
    const spki = publicKeyDer(theirs.publicKey)
    assert.deepEqual(await deriveSharedSecret(stored, 'SM2', spki, sm2), expected)
    const bits = publicKeyBits(theirs.publicKey)
    const compressed = Buffer.concat([Buffer.of(2 + ((bits[64] ?? 0) & 1)), bits.subarray(1, 33)])
    const head = Buffer.from('3039301306072a8648ce3d020106082a811ccf5501822d032200', 'hex')
    assert.deepEqual(await deriveSharedSecret(stored, 'SM2', Buffer.concat([head, compressed]), sm2), expected)
  })

  it('agree with no key of another curve, and with none beside theirs', async () => {
    const { privateKey, publicKey } = await pairOf('SM2')
    const other = publicKeyDer((await pairOf('ECC_NIST_P256')).publicKey)
    const beside = publicKeyDer(publicKey)
    beside[beside.length - 1] = (beside.at(-1) ?? 0) ^ 1
    for (const spki of [other, beside]) {
      assert.equal(await deriveSharedSecret(privateKey, 'SM2', spki, sm2), undefined)
    }
  })

  it('are known by their curve in PEM, old forms included', async () => {
    const { privateKey } = await pairOf('SM2')
    for (const type of ['pkcs8', 'sec1'] as const) {
      const found = readPem(privateKey.export({ format: 'pem', type }))
      assert.equal(found?.spec, 'SM2')
      assert.deepEqual(found.pkcs8, privateKeyDer(privateKey))
    }
  })

  it('are imported from 1 to n-2: with n-1 no signature could be made', async () => {
    const spell = (scalar: bigint): Buffer => {
      const head = '308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420'
      return Buffer.concat([
        Buffer.from(head, 'hex'),
        toBytes(scalar, 32),
        Buffer.from('a144034200', 'hex'),
        base(scalar === 0n || scalar >= n ? 1n : scalar),
      ])
    }
    for (const scalar of [1n, 2n, n - 2n]) assert.ok((await readPrivateKey('SM2', spell(scalar))) !== undefined)
    for (const scalar of [0n, n - 1n, n]) assert.equal(await readPrivateKey('SM2', spell(scalar)), undefined)
  })
})
