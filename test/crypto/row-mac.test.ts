import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { accumulate, openHead, rowElement, rowMac, sealHead } from '#crypto/row-mac.ts'
import type { SealedHead } from '#crypto/row-mac.ts'
import { flipped } from './key-fixtures.ts'

const key = new HmacKey('sha256', Buffer.alloc(32, 1))
const otherKey = new HmacKey('sha256', Buffer.alloc(32, 2))

describe('a row MAC', () => {
  it('is bound to table, primary key, content, revision and key', () => {
    const macs = [
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'k'], '{}', 1),
      rowMac(key, 'aliases', ['us-east-1', '111122223333', 'k'], '{}', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'l'], '{}', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333k', ''], '{}', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333'], 'k{}', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'k', '{}'], '', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'k'], '{ }', 1),
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'k'], '{}', 2),
      rowMac(key, 'keys', ['us-east-1', '111122223333', 'k'], '{}', 2 ** 40),
      rowMac(otherKey, 'keys', ['us-east-1', '111122223333', 'k'], '{}', 1),
    ].map((mac) => mac.toString('hex'))
    assert.equal(new Set(macs).size, macs.length)
    assert.ok(macs.every((mac) => mac.length === 64))
  })

  it('is the same for the same row', () => {
    assert.deepEqual(rowMac(key, 'keys', ['a'], 'ü', 3), rowMac(key, 'keys', ['a'], 'ü', 3))
  })
})

describe("a table's sum", () => {
  const element = (id: string, rev: number): Buffer =>
    rowElement(key, 'keys', [id], rev, rowMac(key, 'keys', [id], 'content', rev))
  const sumOf = (...elements: readonly Buffer[]): Buffer => {
    const sum = Buffer.alloc(32)
    for (const each of elements) accumulate(sum, each)
    return sum
  }

  it('does not depend on the order of rows, and a change replaces one element by another', () => {
    const sum = sumOf(element('a', 1), element('b', 1), element('c', 1))
    accumulate(sum, element('b', 1))
    accumulate(sum, element('b', 2))
    assert.deepEqual(sum, sumOf(element('c', 1), element('b', 2), element('a', 1)))
  })

  it('shows a missing row, an older row and a row twice', () => {
    const sum = sumOf(element('a', 1), element('b', 2))
    assert.notDeepEqual(sum, sumOf(element('a', 1)))
    assert.notDeepEqual(sum, sumOf(element('a', 1), element('b', 1)))
    assert.notDeepEqual(sum, sumOf(element('a', 1), element('b', 2), element('b', 2)))
  })

  it('has elements that are not the row MACs, which the database shows', () => {
    assert.notDeepEqual(element('a', 1), rowMac(key, 'keys', ['a'], 'content', 1))
    assert.notDeepEqual(
      element('a', 1),
      rowElement(otherKey, 'keys', ['a'], 1, rowMac(key, 'keys', ['a'], 'content', 1)),
    )
  })
})

describe('the sealed head', () => {
  const sealing = createSecretKey(randomBytes(32))
  const head: SealedHead = {
    revision: 2 ** 40,
    lastOutboxId: 2 ** 33,
    tables: new Map([
      ['keys', { count: 3, xor: randomBytes(32) }],
      ['aliases', { count: 0, xor: Buffer.alloc(32) }],
    ]),
  }
  const sealed = sealHead(sealing, 'inst-1', head, randomBytes(12))

  it('opens to what was sealed', () => {
    assert.deepEqual(openHead(sealing, 'inst-1', sealed), head)
  })

  it('does not open when changed, under another key or in another installation', () => {
    for (let index = 0; index < sealed.length; index += 1) {
      assert.throws(() => openHead(sealing, 'inst-1', flipped(sealed, index)), IntegrityError)
    }
    assert.throws(() => openHead(sealing, 'inst-2', sealed), IntegrityError)
    assert.throws(() => openHead(createSecretKey(randomBytes(32)), 'inst-1', sealed), IntegrityError)
  })

  it('hides the sums', () => {
    assert.ok(!sealed.toString('latin1').includes(head.tables.get('keys')!.xor.toString('hex')))
  })
})
