import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '#aws/errors.ts'
import { compileDecoder } from '#aws/json-decode.ts'
import { blob, boolean, integer, list, oneOf, secret, string, stringMap, structure, timestamp } from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'

const decode = compileDecoder({
  Text: string(),
  Blob: blob(),
  Secret: secret(blob()),
  Number: integer(),
  Flag: boolean(),
  Time: timestamp(),
  Spec: oneOf('A', 'B'),
  Names: list(string()),
  Context: stringMap(),
  Tags: list(structure({ TagKey: string(), TagValue: string() })),
  Inner: structure({ Deep: structure({ Blob: blob() }) }),
})

const absent = {
  Text: undefined,
  Blob: undefined,
  Secret: undefined,
  Number: undefined,
  Flag: undefined,
  Time: undefined,
  Spec: undefined,
  Names: undefined,
  Context: undefined,
  Tags: undefined,
  Inner: undefined,
}
const refused = { refused: true, code: 'SerializationException', message: undefined }

function decoded(body: string | Buffer): unknown {
  return decode(Buffer.isBuffer(body) ? body : Buffer.from(body, 'utf8'))
}
function takes(body: string | Buffer, members: Partial<Record<keyof typeof absent, unknown>>): void {
  assert.deepEqual(decoded(body), { ...absent, ...members }, String(body))
}
function refuses(body: string | Buffer): void {
  assert.deepEqual(decoded(body), refused, JSON.stringify(body.toString('latin1')))
}

describe('the decoder of AWS JSON', () => {
  it('decodes every kind of member', () => {
    takes(
      ` {"Text":"a b","Blob":"AQID", "Number" : -5 ,"Flag":true,"Time":1773253425.56,"Spec":"C",
        "Names":["x","y"],"Context":{"tenant":"12345","purpose":"é"},"Tags":[{"TagValue":"v","TagKey":"k"},{}],
        "Inner":{"Deep":{"Blob":""}}}\r\n\t `,
      {
        Text: 'a b',
        Blob: Buffer.from([1, 2, 3]),
        Number: -5,
        Flag: true,
        Time: new Date(1773253425560),
        Spec: 'C',
        Names: ['x', 'y'],
        Context: new Map([
          ['tenant', '12345'],
          ['purpose', 'é'],
        ]),
        Tags: [
          { TagKey: 'k', TagValue: 'v' },
          { TagKey: undefined, TagValue: undefined },
        ],
        Inner: { Deep: { Blob: Buffer.alloc(0) } },
      },
    )
  })

  it('declares all members in a fixed order, whatever the order of the body', () => {
    assert.deepEqual(Object.keys(decode(Buffer.from('{"Spec":"A","Text":"x"}'))), Object.keys(absent))
  })

  it('takes an empty body for an empty object', () => {
    takes('', {})
    takes('{}', {})
    takes(' { } ', {})
  })

  it('takes null for absent', () => {
    takes('{"Text":null,"Secret":null,"Names":null,"Context":null,"Inner":null,"Number":null,"Flag":null}', {})
  })

  it('decodes a sensitive blob into memory that no other buffer shares', () => {
    for (const size of [1, 32, 100, 4096]) {
      const plaintext = Buffer.alloc(size, 0xa7)
      const input = decode(Buffer.from(`{"Secret":"${plaintext.toString('base64')}"}`))
      assert.ok(!isRefusal(input) && input['Secret'] instanceof SecretBytes)
      const bytes = input['Secret'].insecureSecretAccess()
      assert.deepEqual(bytes, plaintext)
      assert.equal(bytes.buffer.byteLength, size)
    }
  })

  it('does not look at the body again', () => {
    const body = Buffer.from('{"Text":"abc","Blob":"AQID","Names":["n"],"Context":{"k":"v"}}')
    const input = decode(body)
    body.fill(0x7a)
    assert.deepEqual(input, {
      ...absent,
      Text: 'abc',
      Blob: Buffer.from([1, 2, 3]),
      Names: ['n'],
      Context: new Map([['k', 'v']]),
    })
  })

  it('destroys the secrets of a body that it refuses', (t) => {
    const destroyed = t.mock.method(SecretBytes.prototype, 'destroy')
    refuses('{"Secret":"AQID","Text":5}')
    refuses('{"Secret":"AQID"} x')
    refuses('{"Secret":"AQID","Secret":"AQID"}')
    assert.equal(destroyed.mock.callCount(), 3)
  })

  it('refuses what is not one JSON object', () => {
    for (const body of [
      ' ',
      'null',
      '[]',
      '"x"',
      '5',
      'true',
      '{',
      '{"Text"',
      '{"Text":',
      '{"Text":"a"',
      '{"Text":"a",',
    ])
      refuses(body)
    for (const body of ['{}{}', '{} x', '{}\0', '{},', '\ufeff{}', '\0{}', '{"Text":"a",}', '{,}', '{"Text" "a"}'])
      refuses(body)
    for (const body of [
      "{'Text':'a'}",
      '{Text:"a"}',
      '{"Text":"a" "Flag":true}',
      '{"Text":"a"}}',
      '/**/{}',
      '{\u00a0}',
    ])
      refuses(body)
    for (const body of ['{"Text":"a\u000bb"}', '{\u000b}', '{"Names":["a",]}', '{"Names":[,]}', '{"Names":["a" "b"]}'])
      refuses(body)
  })

  it('refuses members of another JSON type', () => {
    const wrong = {
      Text: ['5', 'true', '[]', '{}', 'nul', 'nullx'],
      Blob: ['5', 'true', '[1]', '{}'],
      Number: ['"5"', 'true', '[]', '{}', 'NaN', 'Infinity', '-', '+5', '.5', '5.', '05', '-01', '0x10', '1e', '1e+'],
      Flag: ['1', '"true"', 'True', 'tru', 'truee', '{}'],
      Time: ['"2026-01-01T00:00:00Z"', 'true', '1e300', '{}'],
      Spec: ['5', '[]'],
      Names: ['"x"', '{}', '[5]', '[null]', '[["x"]]'],
      Context: ['"x"', '[]', '{"k":null}', '{"k":true}', '{"k":["v"]}', '{"k":{}}', '{"k":NaN}', '{"k":}', '{5:"v"}'],
      Tags: ['{}', '["x"]', '[null]', '[{"TagKey":5}]'],
      Inner: ['[]', '"x"', '{"Deep":[]}'],
    }
    for (const [name, values] of Object.entries(wrong)) for (const value of values) refuses(`{"${name}":${value}}`)
  })

  it('takes integers that are written otherwise, and refuses fractions and what has no 32 bits', () => {
    const same = { '1e2': 100, '5.0': 5, '-0': 0, '120E-1': 12, '2147483647': 2147483647, '-2147483648': -2147483648 }
    for (const [written, value] of Object.entries(same)) takes(`{"Number":${written}}`, { Number: value })
    for (const written of ['1.5', '2147483648', '-2147483649', '1e10', '1e-1', '99999999999999999999', '1e999'])
      refuses(`{"Number":${written}}`)
  })

  it('takes numbers of an encryption context as the strings they are written as', () => {
    takes('{"Context":{"a":1.50,"b":-2e3,"c":12345678901234567890}}', {
      Context: new Map([
        ['a', '1.50'],
        ['b', '-2e3'],
        ['c', '12345678901234567890'],
      ]),
    })
    refuses('{"Context":{"a":01}}')
  })

  it('refuses a member twice, at every level and however it is spelled', () => {
    for (const body of [
      '{"Text":"a","Text":"a"}',
      '{"Text":null,"Text":"a"}',
      '{"Text":"a","T\\u0065xt":"a"}',
      '{"x":1,"x":1}',
      '{"x":1,"\\u0078":1}',
      '{"x":{"y":[{"z":1,"z":2}]}}',
      '{"Context":{"k":"a","k":"b"}}',
      '{"Context":{"é":"a","\\u00e9":"b"}}',
      '{"Tags":[{"TagKey":"a","TagKey":"b"}]}',
      '{"__proto__":1,"__proto__":2}',
    ])
      refuses(body)
    takes('{"x":{"y":1},"z":{"y":1},"text":1,"Text":"a"}', { Text: 'a' })
    takes('{"T\\u0065xt":"a"}', { Text: 'a' })
  })

  it('resolves escapes and refuses what is not one', () => {
    takes('{"Text":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00é😀\\u0000"}', {
      Text: '"\\/\b\f\n\r\té€😀é😀\0',
    })
    for (const text of ['\\x', '\\u12', '\\u12g4', '\\', '\\u', '\\U0041', "\\'", '\\\n', '\n', '\t', '\0', '\u001f']) {
      refuses(`{"Text":"${text}"}`)
      refuses(`{"x":"${text}"}`)
      refuses(`{"${text}":1}`)
      refuses(`{"Context":{"${text}":"a"}}`)
    }
  })

  it('refuses half a surrogate pair', () => {
    for (const text of [
      '\\ud83d',
      '\\ude00',
      '\\ud83dx',
      '\\ud83d\\n',
      '\\ud83d\\ud83d',
      '\\ude00\\ud83d',
      '\\uD83D😀',
    ]) {
      refuses(`{"Text":"${text}"}`)
      refuses(`{"x":["${text}"]}`)
    }
  })

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of ['80', 'c3', 'c080', 'eda080', 'f4908080', 'ff', 'e282']) {
      refuses(Buffer.concat([Buffer.from('{"Text":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')]))
      refuses(Buffer.concat([Buffer.from('{"x":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')]))
    }
  })

  it('ignores unknown members that are well-formed and refuses others', () => {
    takes('{"x":[1,-0.5e+3,true,false,null,"s",{"y":{}},[[]]],"":{},"Text":"a"}', { Text: 'a' })
    for (const value of [
      '01',
      '1.',
      'nul',
      'tru',
      '[1,]',
      '{"a":}',
      '{"a"}',
      '"',
      '{a:1}',
      '[',
      ']',
      '',
      '-',
      'undefined',
    ])
      refuses(`{"x":${value}}`)
  })

  it('nests 32 deep and no deeper', () => {
    const nested = (depth: number): string => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    takes(nested(32), {})
    refuses(nested(33))
    refuses(`{"x":${'{"x":'.repeat(40)}1${'}'.repeat(41)}`)
    refuses(`{"x":${'['.repeat(1_000_000)}`)
  })

  it('takes 4096 members of an object and no more', () => {
    const members = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":"v"`).join(',')
    takes(`{"x":{${members(4096)}}}`, {})
    refuses(`{"x":{${members(4097)}}}`)
    refuses(`{${members(4097)}}`)
    refuses(`{"Context":{${members(4097)}}}`)
  })

  it('is not led astray by names that JavaScript knows', () => {
    const input = decoded('{"__proto__":{"Text":"evil"},"constructor":{"prototype":{"Text":"evil"}},"toString":1}')
    assert.deepEqual(input, absent)
    assert.equal(Object.getPrototypeOf(input), Object.prototype)
    assert.equal(Object.hasOwn(Object.prototype, 'Text'), false)
    takes('{"Context":{"__proto__":"a","constructor":"b"}}', {
      Context: new Map([
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ]),
    })
  })
})

describe('base64 in a body', () => {
  it('is canonical or refused', () => {
    for (const text of [
      'A',
      'AA',
      'AAA',
      'AQ=',
      'AQID=',
      'AQ==AQ==',
      '====',
      '=AAA',
      'A===',
      'AQ=D',
      'AB==',
      'AAB=',
      'AQ ID',
    ])
      for (const name of ['Blob', 'Secret']) refuses(`{"${name}":"${text}"}`)
    for (const text of [
      'AQID ',
      ' AQID',
      'AQ\\nID',
      'AQ-_',
      'AQ\\u00e9D',
      'AQé',
      '\\u0000QID',
      'AQID\\/',
      'A\\/',
      'AQID\n',
    ])
      for (const name of ['Blob', 'Secret']) refuses(`{"${name}":"${text}"}`)
    takes('{"Blob":"AQ=="}', { Blob: Buffer.from([1]) })
    takes('{"Blob":"AQI="}', { Blob: Buffer.from([1, 2]) })
  })

  it('may escape its characters', () => {
    takes('{"Blob":"\\/\\/\\/\\/"}', { Blob: Buffer.from([255, 255, 255]) })
    takes('{"Blob":"\\u002f\\u002F8\\u003d"}', { Blob: Buffer.from([255, 255]) })
    const input = decode(Buffer.from('{"Secret":"\\/\\/8="}'))
    assert.ok(!isRefusal(input) && input['Secret'] instanceof SecretBytes)
    assert.deepEqual(input['Secret'].insecureSecretAccess(), Buffer.from([255, 255]))
  })
})
