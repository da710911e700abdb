import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { DynamicLibrary, getRawPointer } from 'node:ffi'
import { parseKeyId } from '#base/brand.ts'
import { blobMaterial, openBlob, sealBlob } from '#crypto/ciphertext-blob.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import { opensslPrimitives, primitiveFunctions } from '#crypto/openssl-primitives.ts'
import {
  dataRoom,
  innerRoom,
  messageRoom,
  portablePrimitives,
  provesPrimitives,
  textRoom,
  usePrimitives,
} from '#crypto/primitives.ts'
import type { Primitives } from '#crypto/primitives.ts'

const openssl = (): Primitives =>
  opensslPrimitives(new DynamicLibrary(null).getFunctions(primitiveFunctions), (bytes) => getRawPointer(bytes))

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

for (const [name, made] of Object.entries({ portable: portablePrimitives, openssl })) {
  describe(`the ${name} primitives`, () => {
    it('give test case 14 of the GCM specification: a key, a plaintext and an IV of zeros', () => {
      const one = made()
      one.key.fill(0)
      one.text.fill(0)
      one.seal(0, 16)
      assert.equal(
        hexOf(one.result.subarray(0, 32)),
        'cea7403d4d606b6e074ec5d3baf39d18' + 'd0d1c8a799996bf0265b98b5d48ab919',
      )
      one.text.set(one.result.subarray(0, 32))
      assert.equal(one.open(0, 32), true)
      assert.equal(hexOf(one.result.subarray(0, 16)), '00'.repeat(16))
    })

    it('hash what stands inside, and that digest behind the outer block', () => {
      const one = made()
      const message = hex('616263')
      one.inner.set(message)
      one.outer.fill(0x5c)
      one.hash(3)
      const abc =
        'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
        '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'
      assert.equal(hexOf(one.outer.subarray(128)), abc)
      const outer = Buffer.concat([Buffer.alloc(128, 0x5c), hex(abc)])
      assert.equal(hexOf(one.key), createHash('sha512').update(outer).digest('hex'))
    })

    it('take the SHA-256 of what stands in front, and of that behind a block', () => {
      const one = made()
      one.message.write('abc')
      one.block.fill(0x5c)
      one.sha256(3)
      const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
      assert.equal(hexOf(one.digest), abc)
      one.sha256Again()
      const again = Buffer.concat([Buffer.alloc(64, 0x5c), hex(abc)])
      assert.equal(hexOf(one.digest), createHash('sha256').update(again).digest('hex'))
    })

    it('open nothing in which a bit of key, data, ciphertext or tag is another', () => {
      const one = made()
      one.key.set(createHash('sha512').update('key').digest())
      one.data.fill(7, 0, 100)
      one.text.fill(9, 0, 40)
      one.seal(100, 40)
      const sealed = one.result.slice(0, 56)
      const opens = (): boolean => {
        one.text.set(sealed)
        return one.open(100, 56)
      }
      assert.equal(opens(), true)
      for (const [part, length] of [
        [one.key, 32],
        [one.data, 100],
        [sealed, 56],
      ] as const) {
        for (let at = 0; at < length; at += 1) {
          part[at] = (part[at] ?? 0) ^ 0x10
          assert.equal(opens(), false)
          part[at] = (part[at] ?? 0) ^ 0x10
        }
      }
      assert.equal(opens(), true)
    })

    it('prove themselves', () => {
      assert.equal(provesPrimitives(made()), true)
    })
  })
}

it('blobs that one seals are opened by the other, with short and long texts and contexts', () => {
  const keyId = parseKeyId('1234abcd-12ab-34cd-56ef-1234567890ab')
  assert.ok(keyId !== undefined)
  const bytes = Buffer.alloc(32, 5)
  const material = blobMaterial(bytes, keyId, keyMaterialId(bytes, keyId))
  const both = [portablePrimitives(), openssl()]
  for (const [index, one] of both.entries()) {
    for (const length of [0, 1, 32, 4096, textRoom - 16, textRoom - 15, 20_000]) {
      for (const contextLength of [0, 2, 200, dataRoom - 84, dataRoom - 83, 30_000]) {
        const plaintext = Buffer.alloc(length, 0x61)
        const context = Buffer.alloc(contextLength, 0x62)
        usePrimitives(one)
        const blob = sealBlob(material, Buffer.alloc(24, index), plaintext, context)
        for (const memory of [one.key, one.outer, one.inner]) assert.ok(memory.every((byte) => byte === 0))
        if (length >= 16) assert.ok(!Buffer.from(one.text).includes(plaintext.subarray(0, 16)))
        usePrimitives(both[1 - index] ?? one)
        assert.deepEqual(openBlob(material, blob, context), plaintext)
        blob[blob.length - 1] = (blob.at(-1) ?? 0) ^ 1
        assert.equal(openBlob(material, blob, context), undefined)
        for (const memory of [both[1 - index]?.result, both[1 - index]?.key]) {
          assert.ok(memory?.subarray(0, Math.min(length, textRoom - 16)).every((byte) => byte === 0))
        }
      }
    }
  }
})

describe('primitives that are wrong', () => {
  const wrong: Record<string, (right: Primitives) => Partial<Primitives>> = {
    'hash one byte less': (right) => ({ hash: (length) => right.hash(length - 1) }),
    'leave the outer digest as it was': () => ({ hash: () => undefined }),
    'digest one byte less': (right) => ({ sha256: (length) => right.sha256(length === 0 ? 0 : length - 1) }),
    'leave the digest as it was': () => ({ sha256Again: () => undefined }),
    'encrypt without the additional data': (right) => ({ seal: (_data, text) => right.seal(0, text) }),
    'say that everything is whole': (right) => ({
      open: (data, text) => {
        right.open(data, text)
        return true
      },
    }),
    'say that nothing is': () => ({ open: () => false }),
    'give no plaintext': (right) => ({
      open: (data, text) => {
        const isWhole = right.open(data, text)
        right.result.fill(0)
        return isWhole
      },
    }),
    throw: () => ({
      seal: () => {
        throw new Error('no')
      },
    }),
  }
  for (const [what, change] of Object.entries(wrong)) {
    it(`do not prove themselves when they ${what}`, () => {
      const right = portablePrimitives()
      assert.equal(provesPrimitives({ ...right, ...change(right) }), false)
    })
  }

  it('refuse more than there is room for instead of writing beyond it', () => {
    const one = openssl()
    assert.throws(() => one.sha256(messageRoom + 1), RangeError)
    assert.throws(() => one.hash(innerRoom + 1), RangeError)
    assert.throws(() => one.seal(dataRoom + 1, 16), RangeError)
    assert.throws(() => one.seal(16, textRoom - 15), RangeError)
    assert.throws(() => one.open(16, textRoom + 1), RangeError)
    assert.throws(() => one.open(16, 15), RangeError)
  })
})
