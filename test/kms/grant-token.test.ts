import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseGrantId } from '#base/brand.ts'
import { openGrantToken, sealGrantToken } from '#crypto/grant-token.ts'
import { HmacKey } from '#crypto/hmac.ts'

const key = new HmacKey('sha256', Buffer.alloc(32, 1))
const grantId = parseGrantId('0123456789abcdef'.repeat(4))
assert.ok(grantId !== undefined)
const content = { grantId, keyArn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' }

describe('grant tokens', () => {
  it('name a grant and its key', () => {
    assert.deepEqual(openGrantToken(key, sealGrantToken(key, content, randomBytes(8))), content)
  })

  it('are new each time, and fit where AWS lets them stand', () => {
    const tokens = new Set(Array.from({ length: 50 }, () => sealGrantToken(key, content, randomBytes(8))))
    assert.equal(tokens.size, 50)
    for (const token of tokens) assert.match(token, /^[A-Za-z0-9+/]{1,8192}={0,2}$/)
  })

  it('are the same from version to version of Trent', () => {
    // The MAC was computed with openssl.
    assert.equal(
      sealGrantToken(key, content, Buffer.alloc(8, 2)),
      'AQICAgICAgICASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze/c3hn0Jgsyp8rfG0wSDRQpJQz+ZxqCNmN9SMSpqDVYjGFybjphd3M6a21zOnVzLWVhc3QtMToxMTExMjIyMjMzMzM6a2V5LzEyMzRhYmNkLTEyYWItMzRjZC01NmVmLTEyMzQ1Njc4OTBhYg==',
    )
  })

  it('are nothing when a character was changed, added or taken away', () => {
    const token = sealGrantToken(key, content, randomBytes(8))
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A'
      assert.equal(openGrantToken(key, token.slice(0, index) + other + token.slice(index + 1)), undefined, `${index}`)
    }
    for (const text of [token.slice(1), token.slice(0, -1), `${token} `, ` ${token}`, `${token}A`, '', 'x', '====']) {
      assert.equal(openGrantToken(key, text), undefined, text)
    }
  })

  it('are nothing under the key of another installation', () => {
    const other = new HmacKey('sha256', Buffer.alloc(32, 3))
    assert.equal(openGrantToken(other, sealGrantToken(key, content, randomBytes(8))), undefined)
  })
})
