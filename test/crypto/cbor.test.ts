import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byteStringHead, readCbor, type CborValue } from '#crypto/cbor.ts'
import { EncodedCbor, writeCbor } from '../support/cbor.ts'

const read = (hex: string): CborValue | undefined => readCbor(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const integer = (value: number): CborValue => ({ kind: 'integer', value })
const text = (value: string): CborValue => ({ kind: 'text', value })

describe('CBOR', () => {
  // RFC 8949 appendix A, as far as attestation documents go.
  const values: readonly (readonly [hex: string, value: CborValue])[] = [
    ['00', integer(0)],
    ['17', integer(23)],
    ['1818', integer(24)],
    ['18ff', integer(255)],
    ['190100', integer(256)],
    ['1903e8', integer(1000)],
    ['1a00010000', integer(65_536)],
    ['1a000f4240', integer(1_000_000)],
    ['1b000000e8d4a51000', integer(1_000_000_000_000)],
    ['1b001fffffffffffff', integer(Number.MAX_SAFE_INTEGER)],
    ['f6', { kind: 'null' }],
    ['40', { kind: 'bytes', value: Buffer.alloc(0) }],
    ['4401020304', { kind: 'bytes', value: Buffer.of(1, 2, 3, 4) }],
    ['60', text('')],
    ['6449455446', text('IETF')],
    ['62c3bc', text('ü')],
    ['63efbbbf', text('\u{feff}')],
    ['80', { kind: 'array', items: [] }],
    ['83010203', { kind: 'array', items: [integer(1), integer(2), integer(3)] }],
    ['9fff', { kind: 'array', items: [] }],
    ['9f0102ff', { kind: 'array', items: [integer(1), integer(2)] }],
    ['a0', { kind: 'map', entries: new Map() }],
    [
      'a201020304',
      {
        kind: 'map',
        entries: new Map([
          [1, integer(2)],
          [3, integer(4)],
        ]),
      },
    ],
    ['bf616101ff', { kind: 'map', entries: new Map([['a', integer(1)]]) }],
    [
      'a2 01 02 61 31 03',
      {
        kind: 'map',
        entries: new Map<number | string, CborValue>([
          [1, integer(2)],
          ['1', integer(3)],
        ]),
      },
    ],
  ]
  for (const [hex, value] of values) it(`reads ${hex}`, () => assert.deepEqual(read(hex), value))

  const refused: readonly (readonly [what: string, hex: string])[] = [
    ['nothing', ''],
    ['more than one item', '0000'],
    ['a number that is cut off', '18'],
    ['a number that is cut off in its second byte', '1901'],
    ['a number in a longer form than it needs, in one byte', '1817'],
    ['a number in a longer form than it needs, in two bytes', '1900ff'],
    ['a number in a longer form than it needs, in four bytes', '1a0000ffff'],
    ['a number in a longer form than it needs, in eight bytes', '1b00000000ffffffff'],
    ['a number beyond 2^53 - 1', '1b0020000000000000'],
    ['reserved lengths', '1c'],
    ['reserved lengths of strings', '5d'],
    ['a number of indefinite length', '1f'],
    ['a negative number', '20'],
    ['a byte string that is cut off', '4401020'.padEnd(8, '0')],
    ['a byte string longer than any memory', '5bffffffffffffffff'],
    ['a byte string with a length in a longer form', '580401020304'],
    ['a byte string in pieces', '5f42010243030405ff'],
    ['a text in pieces', '7f657374726561646d696e67ff'],
    ['a text that is not UTF-8', '62c328'],
    ['a text with an overlong encoding', '62c080'],
    ['a text with half a surrogate pair', '63eda080'],
    ['an array that is cut off', '8301'],
    ['an array that claims four billion items', '9affffffff'],
    ['an array without its end', '9f01'],
    ['a map that is cut off', 'a101'],
    ['a map without its end', 'bf0102'],
    ['a map with a key and no value', 'bf01ff'],
    ['a map with a key twice', 'a201020103'],
    ['a map of indefinite length with a key twice', 'bf616101616102ff'],
    ['a map with a byte string as key', 'a1410102'],
    ['a map with null as key', 'a1f602'],
    ['an end without a beginning', 'ff'],
    ['an end in a definite array', '8101ff'],
    ['a tag', 'c100'],
    ['false', 'f4'],
    ['true', 'f5'],
    ['undefined', 'f7'],
    ['null in two bytes', 'f816'],
    ['a float', 'f93c00'],
    ['too deep a nesting', '8181818100'],
  ]
  for (const [what, hex] of refused) it(`refuses ${what}`, () => assert.equal(read(hex), undefined))

  it('goes four levels deep and no further, however far somebody goes', () => {
    assert.notEqual(read('81818100'), undefined)
    assert.equal(readCbor(Buffer.alloc(262_144, 0x81)), undefined)
    assert.equal(readCbor(Buffer.alloc(262_144, 0x9f)), undefined)
    assert.equal(readCbor(Buffer.alloc(262_144, 0xbf)), undefined)
  })

  it('takes 256 items and no more', () => {
    assert.notEqual(readCbor(writeCbor(Array.from({ length: 255 }, () => 1))), undefined)
    assert.equal(readCbor(writeCbor(Array.from({ length: 256 }, () => 1))), undefined)
  })

  it('has byte strings as views of what was read', () => {
    const bytes = Buffer.from('4401020304', 'hex')
    const value = readCbor(bytes)
    bytes[1] = 9
    assert.deepEqual(value, { kind: 'bytes', value: Buffer.of(9, 2, 3, 4) })
  })

  it('writes heads of byte strings in the shortest form', () => {
    for (const length of [0, 1, 23, 24, 255, 256, 65_535]) {
      const value = Buffer.alloc(length)
      assert.deepEqual(Buffer.concat([byteStringHead(length), value]), writeCbor(value))
      assert.deepEqual(readCbor(writeCbor(value)), { kind: 'bytes', value })
    }
    assert.throws(() => byteStringHead(65_536), RangeError)
  })

  it('reads what stands in a document as it stands', () => {
    assert.deepEqual(readCbor(writeCbor([new EncodedCbor('1864')])), { kind: 'array', items: [integer(100)] })
  })
})
