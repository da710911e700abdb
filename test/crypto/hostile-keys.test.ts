import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { readElements, readInteger, readSequence, writeElement, writeInteger } from '#crypto/der.ts'
import { deriveSharedSecret } from '#crypto/key-agreement.ts'
import { privateKeyDer, readPrivateKey } from '#crypto/private-key.ts'
import { publicKeyDer, readPublicKey } from '#crypto/public-key.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import { pairOf, sm2 } from './asymmetric-fixtures.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** The bytes of `whole` with the first `from` replaced by `to`, which has the same length. */
function replaced(whole: Buffer, from: string, to: string): Buffer {
  const text = whole.toString('hex')
  assert.ok(text.includes(from), 'nothing to replace')
  return Buffer.from(text.replace(from, to), 'hex')
}

async function spkiOf(spec: KeySpec): Promise<Buffer> {
  return publicKeyDer((await pairOf(spec)).publicKey)
}

describe('DER', () => {
  it('is refused with lengths that are indefinite, not minimal, too long or cut off', () => {
    for (const text of [
      '3080 0000',
      '3081 03 020101',
      '3082 0003 020101',
      '3083 000003 020101',
      '30 04 020101',
      '30',
      '3081',
    ]) {
      assert.equal(readElements(hex(text)), undefined, text)
    }
    assert.equal(readElements(hex('1f8101 00')), undefined)
    assert.equal(readSequence(hex('3003020101 00')), undefined)
    assert.equal(readSequence(hex('3103020101')), undefined)
    assert.equal(readSequence(hex('3003020101'))?.length, 1)
  })

  it('has integers in one form only', () => {
    const read = (text: string): string | undefined => readInteger(readElements(hex(text))?.[0])?.toString('hex')
    assert.equal(read('020100'), '00')
    assert.equal(read('02020080'), '80')
    for (const text of ['0200', '020180', '02020001', '0203000080', '030100']) assert.equal(read(text), undefined, text)
  })
})

describe('public keys', () => {
  for (const spec of (Object.keys(keySpecs) as KeySpec[]).filter((each) => !/^(HMAC|SYM)/.test(each))) {
    it(`are read when they are of ${spec}, and not as anything else`, async () => {
      const spki = await spkiOf(spec)
      const key = readPublicKey(spec, spki)
      assert.ok(key !== undefined)
      assert.deepEqual(publicKeyDer(key), spki)
      for (const other of Object.keys(keySpecs) as KeySpec[]) {
        if (other !== spec) assert.equal(readPublicKey(other, spki), undefined, other)
      }
      assert.equal(readPublicKey(spec, Buffer.concat([spki, Buffer.of(0)])), undefined)
      assert.equal(readPublicKey(spec, spki.subarray(0, -1)), undefined)
      assert.equal(readPublicKey(spec, Buffer.alloc(0)), undefined)
    })
  }

  it('of explicit curve parameters are refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
    const explicit = publicKey.export({ format: 'der', type: 'spki' })
    assert.ok(explicit.length > 91)
    assert.equal(createPublicKey({ key: explicit, format: 'der', type: 'spki' }).asymmetricKeyType, 'ec')
    assert.equal(readPublicKey('ECC_NIST_P256', explicit), undefined)
  })

  it('are refused when their point is not on the curve, at infinity or hybrid, and read when it is compressed', async () => {
    const spki = await spkiOf('ECC_NIST_P256')
    const off = Buffer.from(spki)
    off[90] = (off[90] ?? 0) ^ 1
    assert.equal(readPublicKey('ECC_NIST_P256', off), undefined)
    const header = spki.subarray(2, 23)
    const point = spki.subarray(-65)
    const spell = (bits: Buffer): Buffer => writeElement(0x30, header, writeElement(3, Buffer.of(0), bits))
    assert.equal(readPublicKey('ECC_NIST_P256', spell(Buffer.of(0))), undefined)
    const odd = (point.at(-1) ?? 0) & 1
    assert.equal(
      readPublicKey('ECC_NIST_P256', spell(Buffer.concat([Buffer.of(6 + odd), point.subarray(1)]))),
      undefined,
    )
    const compressed = spell(Buffer.concat([Buffer.of(2 + odd), point.subarray(1, 33)]))
    assert.ok(readPublicKey('ECC_NIST_P256', compressed) !== undefined)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const one = await deriveSharedSecret(privateKey, 'ECC_NIST_P256', spki, sm2)
    const other = await deriveSharedSecret(privateKey, 'ECC_NIST_P256', compressed, sm2)
    assert.equal(one?.length, 32)
    assert.deepEqual(one, other)
  })

  it('of RSA are refused with small, even or huge exponents and even moduli', () => {
    const modulus = Buffer.alloc(256, 0xff)
    const rsa = (n: Buffer, e: Buffer): Buffer =>
      writeElement(
        0x30,
        hex('300d06092a864886f70d0101010500'),
        writeElement(3, Buffer.of(0), writeElement(0x30, writeInteger(n), writeInteger(e))),
      )
    assert.ok(readPublicKey('RSA_2048', rsa(modulus, hex('010001'))) !== undefined)
    for (const exponent of ['01', '03', '00', '010000', 'ffff', `01${'00'.repeat(31)}01`]) {
      assert.equal(readPublicKey('RSA_2048', rsa(modulus, hex(exponent))), undefined, exponent)
    }
    const even = Buffer.from(modulus)
    even[255] = 0xfe
    assert.equal(readPublicKey('RSA_2048', rsa(even, hex('010001'))), undefined)
    assert.equal(readPublicKey('RSA_2048', rsa(modulus.subarray(1), hex('010001'))), undefined)
    assert.equal(
      readPublicKey('RSA_2048', rsa(Buffer.concat([Buffer.of(0x7f), modulus.subarray(1)]), hex('010001'))),
      undefined,
    )
  })
})

describe('private keys', () => {
  const importable: readonly KeySpec[] = [
    ...(['RSA_2048', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1'] as const),
    'ECC_NIST_EDWARDS25519',
  ]
  for (const spec of importable) {
    it(`are read when they are of ${spec}, and not as anything else`, async () => {
      const { privateKey } = await pairOf(spec)
      const pkcs8 = privateKeyDer(privateKey)
      const key: KeyObject | undefined = await readPrivateKey(spec, pkcs8)
      assert.ok(key !== undefined)
      assert.deepEqual(privateKeyDer(key), pkcs8)
      for (const other of Object.keys(keySpecs) as KeySpec[]) {
        if (other !== spec) assert.equal(await readPrivateKey(other, pkcs8), undefined, other)
      }
      assert.equal(await readPrivateKey(spec, Buffer.concat([pkcs8, Buffer.of(0)])), undefined)
      assert.equal(await readPrivateKey(spec, pkcs8.subarray(0, -1)), undefined)
    })
  }

  it('of ML-DSA and ML-KEM are not importable', async () => {
    for (const spec of ['ML_DSA_44', 'ML_KEM_512'] as const) {
      assert.equal(await readPrivateKey(spec, privateKeyDer((await pairOf(spec)).privateKey)), undefined)
    }
  })

  it('of curves are refused when scalar and point do not belong together or the scalar is out of range', async () => {
    const [one, other] = [await pairOf('ECC_NIST_P256'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]
    const pkcs8 = privateKeyDer(one.privateKey)
    const scalarOf = (key: KeyObject): string => privateKeyDer(key).subarray(36, 68).toString('hex')
    const mine = scalarOf(one.privateKey)
    assert.equal(await readPrivateKey('ECC_NIST_P256', replaced(pkcs8, mine, scalarOf(other.privateKey))), undefined)
    assert.equal(await readPrivateKey('ECC_NIST_P256', replaced(pkcs8, mine, '00'.repeat(32))), undefined)
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
    assert.equal(await readPrivateKey('ECC_NIST_P256', replaced(pkcs8, mine, order)), undefined)
  })

  it('of RSA are refused when their halves do not belong together', async () => {
    const pkcs8 = privateKeyDer((await pairOf('RSA_2048')).privateKey)
    const other = privateKeyDer(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    const parts = (der: Buffer): string[] =>
      (readSequence(readSequence(der)?.[2]?.contents ?? der) ?? []).map(({ contents }) => contents.toString('hex'))
    const [mine, theirs] = [parts(pkcs8), parts(other)]
    // Modulus, exponent, d, p, q: another key's modulus, and another key's prime.
    assert.equal(await readPrivateKey('RSA_2048', replaced(pkcs8, mine[1] ?? '', theirs[1] ?? '')), undefined)
    assert.equal(await readPrivateKey('RSA_2048', replaced(pkcs8, mine[4] ?? '', theirs[4] ?? '')), undefined)
    assert.equal(await readPrivateKey('RSA_2048', replaced(pkcs8, mine[4] ?? '', mine[5] ?? '')), undefined)
    const composite = `${(mine[4] ?? '').slice(0, -2)}00`
    assert.equal(await readPrivateKey('RSA_2048', replaced(pkcs8, mine[4] ?? '', composite)), undefined)
  })
})
