import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeBase64, encodeBase64 } from '#aws/base64.ts'
import { isRefusal } from '#aws/errors.ts'
import { compileDecoder } from '#aws/json-decode.ts'
import { blob, boolean, integer, list, secret, string, stringMap, structure, timestamp } from '#aws/shape.ts'
import { dice } from './json-random.ts'
import type { Dice } from './json-random.ts'

const shapes = {
  Text: string(),
  Blob: blob(),
  Secret: secret(blob()),
  Number: integer(),
  Flag: boolean(),
  Time: timestamp(),
  Names: list(string()),
  Context: stringMap(),
  Tags: list(structure({ TagKey: string(), TagValue: string() })),
  Inner: structure({ Deep: structure({ Blob: blob() }) }),
}
const decode = compileDecoder(shapes)
const absent = Object.fromEntries(Object.keys(shapes).map((name) => [name, undefined]))

describe('base64', () => {
  it('agrees with Node on random bytes', () => {
    const random = dice()
    for (let size = 0; size < 300; size++) {
      const bytes = random.bytes(size)
      const target = Buffer.alloc(3 + Math.ceil(size / 3) * 4, 0x21)
      assert.equal(encodeBase64(bytes, target, 3), target.length)
      assert.equal(target.toString('latin1'), `!!!${bytes.toString('base64')}`)
      assert.deepEqual(
        decodeBase64(target, 3, target.length, (length) => Buffer.alloc(length)),
        bytes,
      )
    }
  })

  it('leaves nothing of a refused value in memory', () => {
    const made: Buffer[] = []
    const allocate = (size: number): Buffer => made[made.push(Buffer.alloc(size)) - 1]!
    assert.equal(decodeBase64(Buffer.from('AQIDBAUG!QID'), 0, 12, allocate), undefined)
    assert.deepEqual(made, [Buffer.alloc(9)])
  })
})

function randomJson(random: Dice, depth: number): unknown {
  switch (random.below(depth > 4 ? 4 : 6)) {
    case 0:
      return random.text(8)
    case 1:
      return random.pick([0, -1, 1.5, 1e21, -1e-7, 123456789, 0.1])
    case 2:
      return random.pick([true, false])
    case 3:
      return null
    case 4:
      return Array.from({ length: random.below(4) }, () => randomJson(random, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.text(4), randomJson(random, depth + 1)]),
      )
  }
}

describe('the decoder on random bodies', () => {
  it('agrees with JSON.parse on valid ones', () => {
    const random = dice()
    for (let i = 0; i < 3000; i++) {
      const context = Object.fromEntries(
        Array.from({ length: random.below(5) }, () => [random.text(5), random.text(12)]),
      )
      const sent = { Text: random.text(30), Number: random.below(2 ** 31), x: randomJson(random, 0), Context: context }
      const body = JSON.stringify(sent, undefined, random.pick([undefined, 1, '\t']))
      assert.deepEqual(
        decode(Buffer.from(body)),
        { ...absent, Text: sent.Text, Number: sent.Number, Context: new Map(Object.entries(context)) },
        body,
      )
    }
  })

  it('never throws on mutated ones, and takes none that JSON.parse refuses', () => {
    const random = dice()
    const seeds = [
      '{"Text":"a\\u00e9\\ud83d\\ude00","Blob":"AQID","Secret":"AQI=","Number":-12e1,"Flag":true,"Time":1.5}',
      '{"Names":["x","y"],"Context":{"k":"é","n":1},"Tags":[{"TagKey":"k"}],"Inner":{"Deep":{"Blob":""}},"x":[{}]}',
    ].map((body) => Buffer.from(body))
    const interesting = Buffer.from('{}[]",:\\/ue0-.+ \n\0\x1f\x7f\x80\xc3\xff', 'latin1')
    let taken = 0
    for (let i = 0; i < 50_000; i++) {
      const body = Buffer.concat([random.pick(seeds), Buffer.alloc(2, 0x20)])
      for (let change = random.below(3); change >= 0; change--) {
        const at = random.below(body.length)
        if (random.below(3) === 0) body.copyWithin(at, random.below(body.length))
        else body[at] = random.below(2) === 0 ? random.below(256) : random.pick([...interesting])
      }
      if (isRefusal(decode(body))) continue
      taken += 1
      assert.doesNotThrow(() => JSON.parse(body.toString('utf8')) as unknown, body.toString('latin1'))
    }
    assert.ok(taken > 100, `${taken} taken`)
  })

  it('needs linear time for the worst ones', () => {
    const worst: Record<string, (size: number) => string> = {
      'a long string': (size) => `{"Text":"${'a'.repeat(size)}"}`,
      'a string of escapes': (size) => `{"Text":"${'\\n'.repeat(size / 2)}"}`,
      'an unknown string of escapes': (size) => `{"x":"${'\\u0041'.repeat(size / 6)}"}`,
      'an open string': (size) => `{"Text":"${'\\\\'.repeat(size / 2)}`,
      'a long number': (size) => `{"Number":1${'0'.repeat(size)}}`,
      'a long fraction': (size) => `{"Time":1.${'0'.repeat(size)}1}`,
      'a list of empty strings': (size) => `{"Names":[${'"",'.repeat(size / 3)}""]}`,
      'white space': (size) => `{${' '.repeat(size)}}`,
      'open brackets': (size) => `{"x":${'['.repeat(size)}`,
      'long names': (size) =>
        `{"x":{${Array.from({ length: 64 }, (_, i) => `"${'k'.repeat(size / 64)}${i}":1`).join(',')}}}`,
      'a long blob': (size) => `{"Blob":"${'A'.repeat(size)}"}`,
      'a long blob of escapes': (size) => `{"Secret":"${'\\/'.repeat(size / 2)}"}`,
    }
    const milliseconds = (body: Buffer): number => {
      let best = Infinity
      for (let i = 0; i < 5; i++) {
        const begin = process.hrtime.bigint()
        decode(body)
        best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e6)
      }
      return best
    }
    for (const [name, make] of Object.entries(worst)) {
      const quarter = milliseconds(Buffer.from(make(2 ** 18)))
      const whole = milliseconds(Buffer.from(make(2 ** 20)))
      // Four times is linear, sixteen times is quadratic; the constant is for what a busy machine adds.
      assert.ok(whole < 8 * quarter + 20, `${name}: ${quarter} ms, then ${whole} ms`)
    }
  })
})
