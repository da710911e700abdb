import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import { flipped } from './key-fixtures.ts'

describe('wrapped bytes', () => {
  const key = createSecretKey(randomBytes(32))
  const secret = randomBytes(32)
  const aad = lengthPrefixed('row', '1')
  const wrapped = wrapBytes(key, randomBytes(12), secret, aad)

  it('give test case 14 of the GCM specification', () => {
    const zero = createSecretKey(Buffer.alloc(32))
    const known = wrapBytes(zero, Buffer.alloc(12), Buffer.alloc(16), Buffer.alloc(0))
    assert.equal(known.toString('hex', 12), 'cea7403d4d606b6e074ec5d3baf39d18' + 'd0d1c8a799996bf0265b98b5d48ab919')
  })

  it('give the test vector of SM4-GCM (RFC 8998 appendix A.1)', () => {
    const sm4Key = createSecretKey(Buffer.from('0123456789abcdeffedcba9876543210', 'hex'))
    const data = Buffer.from('feedfacedeadbeeffeedfacedeadbeefabaddad2', 'hex')
    const plaintext = Buffer.from(
      ['aa', 'bb', 'cc', 'dd', 'ee', 'ff', 'ee', 'aa'].map((pair) => pair.repeat(8)).join(''),
      'hex',
    )
    const nonce = Buffer.from('00001234567800000000abcd', 'hex')
    const known = wrapBytes(sm4Key, nonce, plaintext, data, 'sm4-gcm')
    assert.equal(
      known.toString('hex', 12),
      '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735' +
        'd82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d' +
        '83de3541e4c2b58177e065a9bf7b62ec',
    )
    assert.deepEqual(unwrapBytes(sm4Key, known, data, 'sm4-gcm'), plaintext)
    assert.equal(unwrapBytes(sm4Key, flipped(known, 20), data, 'sm4-gcm'), undefined)
  })

  it('unwrap to what was wrapped', () => {
    assert.deepEqual(unwrapBytes(key, wrapped, aad), secret)
    assert.equal(wrapped.length, 60)
  })

  it('do not unwrap when changed, cut, lengthened, bound to something else or under another key', () => {
    for (let index = 0; index < wrapped.length; index += 1) {
      assert.equal(unwrapBytes(key, flipped(wrapped, index), aad), undefined)
      assert.equal(unwrapBytes(key, wrapped.subarray(0, index), aad), undefined)
    }
    assert.equal(unwrapBytes(key, Buffer.concat([wrapped, Buffer.alloc(1)]), aad), undefined)
    assert.equal(unwrapBytes(key, wrapped, lengthPrefixed('row', '2')), undefined)
    assert.equal(unwrapBytes(createSecretKey(randomBytes(32)), wrapped, aad), undefined)
  })
})

describe('length-prefixed parts', () => {
  it('are each preceded by their length in bytes', () => {
    assert.equal(
      lengthPrefixed('a', 'ü', Buffer.from([7])).toString('hex'),
      '0000000161' + '00000002c3bc' + '0000000107',
    )
    assert.equal(lengthPrefixed().length, 0)
    assert.equal(lengthPrefixed('').toString('hex'), '00000000')
  })

  it('differ for lists that join to the same text', () => {
    const lists = [['ab'], ['a', 'b'], ['', 'ab'], ['ab', ''], ['a', '', 'b'], []]
    assert.equal(new Set(lists.map((list) => lengthPrefixed(...list).toString('hex'))).size, lists.length)
  })
})
