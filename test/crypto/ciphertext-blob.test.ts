import assert from 'node:assert/strict'
import { createCipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { wrapBytes } from '#crypto/aead.ts'
import { blobMaterial, openBlob, parseBlobHeader, sealBlob } from '#crypto/ciphertext-blob.ts'
import type { BlobMaterial } from '#crypto/ciphertext-blob.ts'
import { canonicalContext } from '#crypto/encryption-context.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import type { KeyId } from '#base/brand.ts'
import { flipped, keyId, otherKeyId } from './key-fixtures.ts'

const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const materialOf = (secret: Buffer, id: KeyId): BlobMaterial => blobMaterial(secret, id, keyMaterialId(secret, id))
const material = materialOf(bytes, keyId)
const context = canonicalContext(new Map([['purpose', 'test']]))!
const plaintext = Buffer.from('attack at dawn')
const seal = (): Buffer => sealBlob(material, randomBytes(24), plaintext, context)

/** Key and commitment of a blob that begins with `header`, by the runtime's own HMAC. */
function derivedFor(secret: Buffer, header: Buffer, nonce: Buffer): Buffer {
  return createHmac('sha512', secret)
    .update(Buffer.from('00000001', 'hex'))
    .update('trent/enc/v1\0')
    .update(header.subarray(4, 20))
    .update(keyMaterialId(secret, keyId), 'hex')
    .update(nonce)
    .update(Buffer.from('00000200', 'hex'))
    .digest()
}

/** The blob as its documentation says, from the runtime's own HMAC and GCM. */
function documentedBlob(nonce: Buffer): Buffer {
  const id = Buffer.from('1234abcd12ab34cd56ef1234567890ab', 'hex')
  const materialId = createHmac('sha256', bytes)
    .update('trent/material-id/v1\0' + '1234abcd-12ab-34cd-56ef-1234567890ab')
    .digest()
  const derived = createHmac('sha512', bytes)
    .update(Buffer.from('00000001', 'hex'))
    .update('trent/enc/v1\0')
    .update(id)
    .update(materialId)
    .update(nonce)
    .update(Buffer.from('00000200', 'hex'))
    .digest()
  const header = Buffer.concat([
    Buffer.from('54010100', 'hex'),
    id,
    materialId.subarray(0, 8),
    nonce,
    derived.subarray(32),
  ])
  const cipher = createCipheriv('aes-256-gcm', derived.subarray(0, 32), Buffer.alloc(12))
  cipher.setAAD(Buffer.concat([header, Buffer.from('0001' + '0007', 'hex'), Buffer.from('purpose\0\x04test')]))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

// Made once, for the key bytes, context and plaintext above. It must never need changing.
const frozenBlob =
  'VAEBABI0q80SqzTNVu8SNFZ4kKtO3h/NoMO/+VpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWsmoyzYQ8+9SrQz0ll/5Av' +
  'kTb3cICdFFw2Lxh8y2BWsCnK9SeaNPHd67pIjEYcsc6sdUBjDsfstjRkccbIu3'

describe('a ciphertext blob', () => {
  it('has exactly the documented bytes', () => {
    const nonce = randomBytes(24)
    assert.equal(sealBlob(material, nonce, plaintext, context).toString('hex'), documentedBlob(nonce).toString('hex'))
  })

  it('stays what it is: a blob of today opens forever', () => {
    const nonce = Buffer.alloc(24, 0x5a)
    assert.equal(sealBlob(material, nonce, plaintext, context).toString('base64'), frozenBlob)
    assert.equal(openBlob(material, Buffer.from(frozenBlob, 'base64'), context)?.toString(), 'attack at dawn')
  })

  it('gives back the plaintext, from nothing to 4,096 bytes, with contexts of any size', () => {
    for (const size of [0, 1, 15, 16, 17, 32, 4095, 4096]) {
      const secret = randomBytes(size)
      for (const value of ['', 'x', 'y'.repeat(8100), 'z'.repeat(20_000)]) {
        const form = canonicalContext(new Map([['k', value]]))!
        const blob = sealBlob(material, randomBytes(24), secret, form)
        assert.equal(blob.length, size + 100)
        assert.deepEqual(openBlob(material, blob, form), secret)
      }
    }
  })

  it('is another one each time', () => {
    assert.notDeepEqual(seal(), seal())
  })

  it('does not open when any bit of any byte is changed', () => {
    const blob = seal()
    for (let index = 0; index < blob.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        assert.equal(openBlob(material, flipped(blob, index, 1 << bit), context), undefined, `byte ${index}`)
      }
    }
    assert.deepEqual(openBlob(material, blob, context), plaintext)
  })

  it('does not open when any byte of the context is changed, missing or added', () => {
    const blob = seal()
    for (let index = 0; index < context.length; index += 1) {
      assert.equal(openBlob(material, blob, flipped(context, index)), undefined)
      assert.equal(openBlob(material, blob, context.subarray(0, index)), undefined)
    }
    assert.equal(openBlob(material, blob, Buffer.concat([context, Buffer.alloc(1)])), undefined)
    assert.equal(openBlob(material, blob, canonicalContext(undefined)!), undefined)
  })

  it('does not open when truncated or appended to', () => {
    const blob = seal()
    for (let size = 0; size < blob.length; size += 1) {
      assert.equal(openBlob(material, blob.subarray(0, size), context), undefined)
      assert.equal(openBlob(material, blob.subarray(size + 1), context), undefined)
    }
    for (const more of [1, 16, 100]) {
      assert.equal(openBlob(material, Buffer.concat([blob, Buffer.alloc(more)]), context), undefined)
    }
  })

  it('does not open when bytes move between context and ciphertext', () => {
    const blob = sealBlob(material, randomBytes(24), plaintext, Buffer.alloc(0))
    const moved = Buffer.concat([blob.subarray(0, 84), blob.subarray(85)])
    assert.equal(openBlob(material, moved, blob.subarray(84, 85)), undefined)
  })

  it('does not open under another key id with the same bytes, nor under other bytes with the same key id', () => {
    const blob = seal()
    assert.equal(openBlob(materialOf(bytes, otherKeyId), blob, context), undefined)
    assert.equal(openBlob(materialOf(flipped(bytes, 31), keyId), blob, context), undefined)
  })

  it('does not open when rewritten to name another key of the same bytes', () => {
    const blob = seal()
    const other = materialOf(bytes, otherKeyId)
    const renamed = Buffer.from(blob)
    other.identity.copy(renamed, 4, 0, 24)
    assert.equal(openBlob(other, renamed, context), undefined)
  })

  it('is refused for its commitment alone, when ciphertext and tag are right', () => {
    // What an attacker with the key could make: a blob whose tag covers a wrong commitment.
    const nonce = randomBytes(24)
    const header = seal().subarray(0, 84)
    nonce.copy(header, 28)
    const derived = derivedFor(bytes, header, nonce)
    const forge = (commitment: Buffer): Buffer => {
      const start = Buffer.concat([header.subarray(0, 52), commitment])
      const cipher = createCipheriv('aes-256-gcm', derived.subarray(0, 32), Buffer.alloc(12))
      cipher.setAAD(Buffer.concat([start, context]))
      return Buffer.concat([start, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    }
    assert.deepEqual(openBlob(material, forge(derived.subarray(32)), context), plaintext)
    assert.equal(openBlob(material, forge(flipped(derived.subarray(32), 0)), context), undefined)
    assert.equal(openBlob(material, forge(randomBytes(32)), context), undefined)
  })

  it('leaves plaintext, nonce, context and blob as they were', () => {
    const [secret, nonce, form] = [Buffer.from(plaintext), randomBytes(24), Buffer.from(context)]
    const sent = Buffer.from(nonce)
    const blob = sealBlob(material, nonce, secret, form)
    const kept = Buffer.from(blob)
    openBlob(material, blob, form)
    assert.deepEqual([secret, nonce, form, blob], [plaintext, sent, context, kept])
  })

  it('needs a nonce of 24 bytes', () => {
    assert.throws(() => sealBlob(material, Buffer.alloc(12), plaintext, context), RangeError)
  })

  it('comes from a material that shows nothing of the key', () => {
    const shown = inspect(material, { depth: 10, showHidden: true, maxArrayLength: null })
    assert.ok(!shown.includes('00 01 02 03 04 05 06 07'))
    assert.ok(!JSON.stringify(material).includes('[0,1,2,3,4,5,6,7'))
  })
})

describe('a ciphertext blob of key material for SM4', () => {
  const short = bytes.subarray(0, 16)
  const sm4 = materialOf(short, keyId)
  // Made once, for the first half of the key bytes, and the context and plaintext above. It must never need changing.
  const frozenSm4Blob =
    'VAEEABI0q80SqzTNVu8SNFZ4kKteWnrs3Kcp2lpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWsZSpK2NTXdihOgPyePz' +
    'Mt1VyA+QaMSjhTlqQjBxhb2GTexl4yi3yJpDLUemhReTDfhkob2oBA2sgFQ9ZVKO'

  it('has the bytes of any other blob but for its suite and its cipher', () => {
    const nonce = randomBytes(24)
    const blob = sealBlob(sm4, nonce, plaintext, context)
    const header = blob.subarray(0, 84)
    assert.equal(header.toString('hex', 0, 4), '54010400')
    const derived = derivedFor(short, header, nonce)
    assert.deepEqual(header.subarray(52), derived.subarray(32))
    const expected = wrapBytes(
      createSecretKey(derived.subarray(0, 16)),
      Buffer.alloc(12),
      plaintext,
      Buffer.concat([header, context]),
      'sm4-gcm',
    )
    assert.deepEqual(blob.subarray(84), expected.subarray(12))
  })

  it('stays what it is: a blob of today opens forever', () => {
    assert.equal(sealBlob(sm4, Buffer.alloc(24, 0x5a), plaintext, context).toString('base64'), frozenSm4Blob)
    assert.equal(openBlob(sm4, Buffer.from(frozenSm4Blob, 'base64'), context)?.toString(), 'attack at dawn')
  })

  it('gives back the plaintext, from nothing to 4,096 bytes', () => {
    for (const size of [0, 1, 16, 4096]) {
      const secret = randomBytes(size)
      const blob = sealBlob(sm4, randomBytes(24), secret, context)
      assert.equal(blob.length, size + 100)
      assert.deepEqual(openBlob(sm4, blob, context), secret)
    }
  })

  it('does not open when any bit is changed, cut, in another context or by other material', () => {
    const blob = sealBlob(sm4, randomBytes(24), plaintext, context)
    for (let index = 0; index < blob.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        assert.equal(openBlob(sm4, flipped(blob, index, 1 << bit), context), undefined, `byte ${index}`)
      }
      assert.equal(openBlob(sm4, blob.subarray(0, index), context), undefined)
    }
    assert.equal(openBlob(sm4, blob, flipped(context, 0)), undefined)
    assert.equal(openBlob(material, blob, context), undefined)
    assert.equal(openBlob(sm4, seal(), context), undefined)
    assert.equal(openBlob(materialOf(short, otherKeyId), blob, context), undefined)
  })

  it('needs 16 bytes, as others need 32', () => {
    for (const size of [0, 15, 17, 24, 31, 33]) assert.throws(() => materialOf(Buffer.alloc(size), keyId), RangeError)
  })
})

describe('the header of a blob', () => {
  it('names suite, flags, key and the start of the material id', () => {
    assert.deepEqual(parseBlobHeader(seal()), {
      suite: 1,
      flags: 0,
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      materialPrefix: keyMaterialId(bytes, keyId).slice(0, 16),
    })
  })

  it('is refused with another magic, version or suite, with unknown flags, and when the blob is too short', () => {
    const blob = seal()
    for (let index = 0; index < 4; index += 1) {
      for (let bits = index === 3 ? 2 : 1; bits < 256; bits += 1) {
        // The other suite, 4.
        if (index === 2 && bits === 5) continue
        assert.equal(parseBlobHeader(flipped(blob, index, bits)), undefined)
      }
    }
    assert.equal(parseBlobHeader(blob.subarray(0, 99)), undefined)
    assert.equal(parseBlobHeader(Buffer.alloc(0)), undefined)
    assert.notEqual(parseBlobHeader(sealBlob(material, randomBytes(24), Buffer.alloc(0), context)), undefined)
  })

  it("is not one of AWS's blobs", () => {
    assert.equal(parseBlobHeader(Buffer.concat([Buffer.from('01020200', 'hex'), randomBytes(180)])), undefined)
  })
})

describe('a key material id', () => {
  it('is the same for the same bytes in the same key, and another for other bytes or another key', () => {
    const id = keyMaterialId(bytes, keyId)
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.equal(keyMaterialId(Buffer.from(bytes), keyId), id)
    assert.notEqual(keyMaterialId(bytes, otherKeyId), id)
    assert.notEqual(keyMaterialId(flipped(bytes, 0), keyId), id)
  })
})
