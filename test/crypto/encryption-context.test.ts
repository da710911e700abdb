import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { canonicalContext } from '#crypto/encryption-context.ts'
import { seededNumbers } from './key-fixtures.ts'

const hex = (pairs: Record<string, string>): string | undefined =>
  canonicalContext(new Map(Object.entries(pairs)))?.toString('hex')

describe('the canonical encryption context', () => {
  it('is a zero count for an empty context and for none', () => {
    assert.equal(hex({}), '0000')
    assert.equal(canonicalContext(undefined)?.toString('hex'), '0000')
  })

  it('is the count and the length-prefixed pairs', () => {
    assert.equal(hex({ a: 'xy' }), '0001' + '000161' + '00027879')
    assert.equal(hex({ k: '' }), '0001' + '00016b' + '0000')
  })

  it('sorts by key, whatever the order of sending', () => {
    const sorted = '0003' + '000141' + '000131' + '000161' + '000132' + '00026161' + '000133'
    assert.equal(hex({ aa: '3', a: '2', A: '1' }), sorted)
    assert.equal(hex({ A: '1', aa: '3', a: '2' }), sorted)
  })

  it('sorts by UTF-8 bytes where UTF-16 would sort otherwise', () => {
    // U+FF5E is ef bd 9e, U+1F511 is f0 9f 94 91 (d83d dd11 in UTF-16).
    const expected = '0002' + '0003efbd9e' + '000131' + '0004f09f9491' + '000132'
    assert.equal(hex({ '\u{1f511}': '2', '\uff5e': '1' }), expected)
  })

  it('does not normalize Unicode', () => {
    assert.notEqual(hex({ k: '\u00fc' }), hex({ k: 'u\u0308' }))
    assert.equal(hex({ k: '\u00fc' }), '0001' + '00016b' + '0002c3bc')
  })

  it('refuses lone surrogates, which would all become the same replacement character', () => {
    assert.equal(hex({ k: '\ud800' }), undefined)
    assert.equal(hex({ '\udc00': 'v' }), undefined)
  })

  it('refuses a key or value over 65,535 bytes and takes one of exactly that', () => {
    for (const text of ['a'.repeat(65_535), `${'ü'.repeat(32_767)}a`]) {
      assert.equal(hex({ k: text })?.slice(0, 14), '0001' + '00016b' + 'ffff')
      assert.equal(hex({ [text]: 'v' })?.slice(0, 8), '0001' + 'ffff')
      assert.equal(hex({ k: `${text}a` }), undefined)
      assert.equal(hex({ [`${text}a`]: 'v' }), undefined)
    }
  })

  it('refuses more than 65,535 pairs', () => {
    const pairs = new Map(Array.from({ length: 65_535 }, (_, index) => [String(index), '']))
    assert.equal(canonicalContext(pairs)?.toString('hex', 0, 2), 'ffff')
    assert.equal(canonicalContext(pairs.set('one more', '')), undefined)
  })

  it('is the same from the short way and from the general one', () => {
    const value = 'v'.repeat(5000)
    const pairs = { b: value, a: 'x' }
    assert.equal(hex(pairs), `0002000161000178000162${(5000).toString(16).padStart(4, '0')}${'76'.repeat(5000)}`)
  })

  it('belongs to the caller: the next one does not change it', () => {
    const first = canonicalContext(new Map([['a', '1']]))
    canonicalContext(new Map([['b', '2']]))
    assert.equal(first?.toString('hex'), '0001' + '000161' + '000131')
  })

  it('differs for different contexts and not for the same in another order', () => {
    const seed = randomInt(2 ** 31)
    console.log(`seed ${seed}`)
    const next = seededNumbers(seed)
    const upTo = (limit: number): number => Math.floor(next() * limit)
    // Few, short and nested texts, so that anything ambiguous meets its twin.
    const letters = ['', 'a', 'aa', 'b', '\0', '\0\u0001a', '=', 'ü', '\uff5e', '\u{1f511}']
    const text = (): string => letters[upTo(letters.length)]! + letters[upTo(letters.length)]!
    const seen = new Map<string, string>()
    for (let round = 0; round < 20_000; round += 1) {
      const pairs = Array.from({ length: upTo(4) }, () => [text(), text()] as const)
      const context = new Map(pairs)
      const form = canonicalContext(context)!.toString('hex')
      const identity = JSON.stringify([...context].sort(([left], [right]) => (left < right ? -1 : 1)))
      assert.equal(seen.get(form) ?? identity, identity, `seed ${seed}`)
      seen.set(form, identity)
      assert.equal(canonicalContext(new Map([...context].reverse()))!.toString('hex'), form, `seed ${seed}`)
    }
  })
})
