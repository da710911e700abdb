import assert from 'node:assert/strict'
import { createHash, createHmac, hash, randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { HmacKey, isSha256Hex, sha256Base64, sha256Hex } from '#crypto/hmac.ts'

// RFC 4231, section 4 (test case 5 is truncated to 128 bits).
const repeated = (byte: number, times: number): Buffer => Buffer.alloc(times, byte)
const vectors = [
  {
    key: repeated(0x0b, 20),
    data: Buffer.from('Hi There'),
    sha224: '896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22',
    sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    sha384: 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    sha512:
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    key: Buffer.from('Jefe'),
    data: Buffer.from('what do ya want for nothing?'),
    sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    sha512:
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  {
    key: repeated(0xaa, 20),
    data: repeated(0xdd, 50),
    sha256: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    sha512:
      'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  },
  {
    key: Buffer.from('0102030405060708090a0b0c0d0e0f10111213141516171819', 'hex'),
    data: repeated(0xcd, 50),
    sha256: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    sha512:
      'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
  },
  {
    key: repeated(0x0c, 20),
    data: Buffer.from('Test With Truncation'),
    sha256: 'a3b6167473100ee06e0c796c2955552b',
    sha512: '415fad6271580a531d4179bc891d87a6',
  },
  {
    key: repeated(0xaa, 131),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    sha512:
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  },
  {
    key: repeated(0xaa, 131),
    data: Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    sha256: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    sha512:
      'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
  },
]

const algorithms = ['sha224', 'sha256', 'sha384', 'sha512'] as const

describe('HmacKey', () => {
  for (const [index, vector] of vectors.entries()) {
    for (const algorithm of algorithms) {
      const expected = vector[algorithm]
      if (expected === undefined) continue
      it(`computes test case ${index + 1} of RFC 4231 with ${algorithm}`, () => {
        const key = new HmacKey(algorithm, vector.key)
        assert.equal(key.hex(vector.data).slice(0, expected.length), expected)
      })
    }
  }

  it('agrees with Node for random keys and messages in every form', (t) => {
    const seed = randomInt(2 ** 32)
    t.diagnostic(`seed ${seed}`)
    const stream = (label: string, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at += 64) hash('sha512', `${seed}/${label}/${at}`, 'buffer').copy(bytes, at)
      return bytes
    }
    const lengths = [0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 500, 4096, 70_000]
    for (const algorithm of algorithms) {
      for (let round = 0; round < 60; round++) {
        const secret = stream(`k${round}`, (round * 7) % 300)
        const message = stream(`m${round}`, lengths[round % lengths.length] ?? 0)
        const expected = createHmac(algorithm, secret).update(message).digest()
        const key = new HmacKey(algorithm, secret)
        secret.fill(0)
        const target = Buffer.alloc(key.macLength + 5, 0xee)
        key.into(message, target, 3)
        assert.equal(key.macLength, expected.length)
        assert.equal(key.hex(message), expected.toString('hex'))
        assert.equal(key.hex(message.toString('latin1')), expected.toString('hex'))
        assert.equal(key.latin1(message), expected.toString('latin1'))
        assert.equal(target.toString('hex'), `eeeeee${expected.toString('hex')}eeee`)
        assert.equal(key.matchesHex(message, expected.toString('hex')), true)
      }
    }
  })

  it('matches no other text than the lower-case hex of the MAC', () => {
    const key = new HmacKey('sha256', Buffer.from('Jefe'))
    const right = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    const message = 'what do ya want for nothing?'
    assert.equal(key.matchesHex(message, right), true)
    assert.equal(key.matchesHex(message, right.toUpperCase()), false)
    assert.equal(key.matchesHex(message, right.slice(1)), false)
    assert.equal(key.matchesHex(message, ''), false)
    // U+0161 would become 'a' if it were cut to eight bits.
    assert.equal(key.matchesHex(message, right.replace('a', '\u0161')), false)
    for (let at = 0; at < right.length; at++) {
      const digit = right[at] === '0' ? '1' : '0'
      assert.equal(key.matchesHex(message, right.slice(0, at) + digit + right.slice(at + 1)), false)
    }
  })

  it('matches a MAC over a text and the digest of another, of any length, and no other text than its hex', () => {
    for (const hashed of ['', 'x', '\u00e9\u00ff', 'y'.repeat(8192), 'y'.repeat(8193)]) {
      for (const start of ['', 'AWS4-HMAC-SHA256\n', 's'.repeat(9000)]) {
        const key = new HmacKey('sha256', Buffer.from('Jefe'))
        const digest = createHash('sha256').update(hashed, 'latin1').digest('hex')
        const right = createHmac('sha256', 'Jefe')
          .update(start + digest)
          .digest('hex')
        assert.equal(key.matchesHexOverDigest(start, hashed.slice(0, 1), hashed.slice(1), right), true)
        assert.equal(key.matchesHexOverDigest(start, hashed, 'z', right), false)
        assert.equal(key.matchesHexOverDigest(`${start}z`, hashed, '', right), false)
        assert.equal(key.matchesHexOverDigest(start, hashed.slice(0, 1), hashed.slice(1), right.toUpperCase()), false)
        assert.equal(key.matchesHexOverDigest(start, hashed.slice(0, 1), hashed.slice(1), right.slice(1)), false)
        assert.equal(
          key.matchesHexOverDigest(start, hashed.slice(0, 1), hashed.slice(1), right.replace(/[a-f]/, '\u0161')),
          false,
        )
        for (let at = 0; at < right.length; at++) {
          const digit = right[at] === '0' ? '1' : '0'
          assert.equal(
            key.matchesHexOverDigest(
              start,
              hashed.slice(0, 1),
              hashed.slice(1),
              right.slice(0, at) + digit + right.slice(at + 1),
            ),
            false,
          )
        }
        key.destroy()
        assert.throws(
          () => key.matchesHexOverDigest(start, hashed.slice(0, 1), hashed.slice(1), right),
          /the MAC key was destroyed/,
        )
      }
    }
  })

  it('shows nothing of the key and refuses to work once destroyed', () => {
    const key = new HmacKey('sha512', Buffer.from('visible-secret'))
    assert.doesNotMatch(inspect(key, { showHidden: true, depth: 9 }) + JSON.stringify(key), /visible|Buffer/)
    key.destroy()
    assert.throws(() => key.hex('x'), /the MAC key was destroyed/)
    assert.throws(() => key.matchesHex('x', '0'.repeat(128)), /the MAC key was destroyed/)
  })

  it('refuses a target that is too small', () => {
    const key = new HmacKey('sha256', Buffer.from('k'))
    assert.throws(() => {
      key.into('x', Buffer.alloc(40), 9)
    }, RangeError)
  })
})

describe('sha256', () => {
  it('digests the empty string', () => {
    assert.equal(sha256Hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    assert.equal(sha256Base64(Buffer.alloc(0)), '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  })

  it('is told from every other text of hex, whatever the length of the data', () => {
    for (const length of [0, 1, 63, 8192, 8193, 300_000]) {
      const data = Buffer.alloc(length, 0x61)
      const right = createHash('sha256').update(data).digest('hex')
      assert.equal(isSha256Hex(data, right), true)
      assert.equal(isSha256Hex(data, right.toUpperCase()), false)
      assert.equal(isSha256Hex(data, right.slice(1)), false)
      assert.equal(isSha256Hex(data, `${right}0`), false)
      assert.equal(isSha256Hex(data, ''), false)
      assert.equal(isSha256Hex(data, 'UNSIGNED-PAYLOAD'), false)
      for (let at = 0; at < right.length; at++) {
        const digit = right[at] === '0' ? '1' : '0'
        assert.equal(isSha256Hex(data, right.slice(0, at) + digit + right.slice(at + 1)), false)
      }
    }
  })
})
