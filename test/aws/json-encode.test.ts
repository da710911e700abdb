import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '#aws/errors.ts'
import { compileEncoder, encodeError } from '#aws/json-encode.ts'
import {
  blob,
  boolean,
  integer,
  list,
  oneOf,
  optional,
  secret,
  string,
  stringMap,
  structure,
  timestamp,
} from '#aws/shape.ts'
import { compileInput } from '#aws/validate.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { dice } from './json-random.ts'

const text = (body: Buffer | string): string => body.toString()
const hidden = (bytes: Uint8Array): SecretBytes => new SecretBytes(Buffer.from(bytes))

describe('the encoder of AWS JSON', () => {
  it('writes every kind of member in the order of the declaration', () => {
    const encode = compileEncoder({
      Text: string(),
      Blob: blob(),
      Number: integer(),
      Flag: boolean(),
      Spec: oneOf('A'),
      Names: list(string()),
      Context: stringMap(),
      Inner: structure({ Deep: list(structure({ Empty: stringMap() })) }),
    })
    assert.equal(
      text(
        encode({
          Inner: { Deep: [{ Empty: new Map() }] },
          Context: new Map([
            ['k', 'v'],
            ['"', 'é'],
          ]),
          Names: ['a', 'b'],
          Spec: 'A',
          Flag: false,
          Number: -5,
          Blob: Buffer.from([255, 239]),
          Text: 'a/b',
        }),
      ),
      '{"Text":"a/b","Blob":"/+8=","Number":-5,"Flag":false,"Spec":"A","Names":["a","b"],"Context":{"k":"v","\\"":"é"},"Inner":{"Deep":[{"Empty":{}}]}}',
    )
  })

  it('leaves absent members out', () => {
    const encode = compileEncoder({ A: optional(string()), B: optional(string()), C: optional(list(string())) })
    assert.equal(text(encode({})), '{}')
    assert.equal(text(encode({ A: undefined, B: 'b' })), '{"B":"b"}')
    assert.equal(text(encode({ C: [] })), '{"C":[]}')
    assert.equal(text(compileEncoder({})({})), '{}')
  })

  it('writes times as epoch seconds with what there is of milliseconds', () => {
    const encode = compileEncoder({ T: timestamp() })
    assert.equal(text(encode({ T: new Date(1773253425560) })), '{"T":1773253425.56}')
    assert.equal(text(encode({ T: new Date(1568565290000) })), '{"T":1568565290}')
    assert.equal(text(encode({ T: new Date(1568565290001) })), '{"T":1568565290.001}')
    assert.equal(text(encode({ T: new Date(0) })), '{"T":0}')
  })

  it('escapes strings', () => {
    const encode = compileEncoder({ S: string() })
    assert.equal(text(encode({ S: '"\\\n\u0001\u007fé😀\ud83d' })), '{"S":"\\"\\\\\\n\\u0001\u007fé😀\\ud83d"}')
    assert.equal(text(encode({ S: 'x'.repeat(300) + '"' })), `{"S":"${'x'.repeat(300)}\\""}`)
  })

  it('writes secrets between texts of any characters', () => {
    const encode = compileEncoder({ A: string(), S: secret(blob()), B: string(), T: optional(secret(blob())) })
    assert.equal(text(encode({ A: 'é€😀', S: hidden(Buffer.from([1])), B: 'ü' })), '{"A":"é€😀","S":"AQ==","B":"ü"}')
    assert.equal(
      text(encode({ A: 'a', S: hidden(Buffer.alloc(0)), B: 'é', T: hidden(Buffer.from([1, 2, 3])) })),
      '{"A":"a","S":"","B":"é","T":"AQID"}',
    )
    const large = Buffer.alloc(20_000, 0xa5)
    assert.equal(
      text(encode({ A: 'é', S: hidden(large), B: '' })),
      `{"A":"é","S":"${large.toString('base64')}","B":""}`,
    )
  })

  it('writes secrets behind texts that end anywhere in the memory that bodies share', () => {
    const encode = compileEncoder({ Text: string(), Secret: secret(blob()) })
    for (let length = 0; length < 4000; length += 37) {
      for (const end of ['', 'x', '\u00e9', '\u6f22', '\u{1f600}']) {
        const value = { Text: 'a'.repeat(length) + end, Secret: hidden(Buffer.alloc(33, length)) }
        const expected = { Text: value.Text, Secret: Buffer.alloc(33, length).toString('base64') }
        assert.deepEqual(JSON.parse(text(encode(value))), expected)
      }
    }
  })

  it('writes texts as long as ARNs as themselves, in whatever order they come', () => {
    const encode = compileEncoder({ Text: string() })
    const long = ['a', 'b', 'c', '"', '\\'].map((last) => 'x'.repeat(60) + last)
    for (const first of long) {
      for (const second of long) {
        for (const third of [first, second, ...long]) {
          for (const Text of [first, second, third]) assert.deepEqual(JSON.parse(text(encode({ Text }))), { Text })
        }
      }
    }
  })

  it('leaves the secret itself as it was', () => {
    const plaintext = hidden(Buffer.from([1, 2, 3]))
    compileEncoder({ S: secret(blob()) })({ S: plaintext })
    assert.deepEqual(plaintext.insecureSecretAccess(), Buffer.from([1, 2, 3]))
  })

  it('gives every body with secrets bytes of its own', () => {
    const encode = compileEncoder({ S: secret(blob()) })
    const bodies = Array.from({ length: 2000 }, (_, i) => encode({ S: hidden(Buffer.alloc(100, i)) }))
    for (const body of bodies.filter((_, i) => i % 2 === 0)) {
      assert.ok(typeof body !== 'string')
      body.fill(0)
    }
    for (const [i, body] of bodies.entries()) {
      const expected = `{"S":"${Buffer.alloc(100, i).toString('base64')}"}`
      if (i % 2 === 1) assert.equal(text(body), expected)
      else assert.deepEqual(body, Buffer.alloc(expected.length))
    }
  })

  it('throws on values that have no spelling, without showing them', () => {
    assert.throws(() => compileEncoder({ N: integer() })({ N: 7.5 }), {
      name: 'TypeError',
      message: 'a member of a response has no value of kind integer',
    })
    assert.throws(() => compileEncoder({ N: integer() })({ N: NaN }), TypeError)
    assert.throws(() => compileEncoder({ T: timestamp() })({ T: new Date(NaN) }), TypeError)
  })

  it('gives back what the decoder takes, for random values', () => {
    const random = dice()
    const shapes = {
      Text: string(),
      Blob: optional(blob()),
      Secret: secret(blob()),
      Number: optional(integer()),
      Flag: boolean(),
      Time: timestamp(),
      Names: list(string()),
      Context: optional(stringMap()),
      Tags: list(structure({ TagKey: string(), Value: optional(secret(blob())) })),
    }
    const encode = compileEncoder(shapes)
    const read = compileInput(shapes)
    for (let i = 0; i < 2000; i++) {
      const value = {
        Text: random.text(40),
        Blob: random.pick([undefined, random.bytes(random.below(50))]),
        Secret: hidden(random.bytes(random.below(100))),
        Number: random.pick([undefined, 0, random.below(2 ** 31), -random.below(2 ** 31) - 1]),
        Flag: random.pick([true, false]),
        Time: new Date(random.below(2 ** 31) * 1000 + random.below(1000)),
        Names: Array.from({ length: random.below(4) }, () => random.text(6)),
        Context: random.pick([undefined, new Map([[random.text(5), random.text(9)]])]),
        Tags: [{ TagKey: random.text(5), Value: hidden(random.bytes(random.below(9))) }],
      }
      const body = encode(value)
      assert.ok(typeof body !== 'string')
      const again = read(body)
      assert.ok(!isRefusal(again), text(body))
      assert.deepEqual(encode(again), body)
      assert.deepEqual(again.Secret.insecureSecretAccess(), value.Secret.insecureSecretAccess())
      assert.deepEqual({ ...again, Secret: 0, Tags: 0 }, { ...value, Secret: 0, Tags: 0 })
    }
  })
})

describe('the body of an error', () => {
  it('holds the code and the message', () => {
    assert.equal(
      text(encodeError({ refused: true, code: 'NotFoundException', message: 'Key \'k\' "é" does not exist' })),
      '{"__type":"NotFoundException","message":"Key \'k\' \\"é\\" does not exist"}',
    )
  })

  it('has no message member without a message', () => {
    assert.equal(
      text(encodeError({ refused: true, code: 'InvalidCiphertextException', message: undefined })),
      '{"__type":"InvalidCiphertextException"}',
    )
  })

  it('spells Message with a capital where AWS does', () => {
    assert.equal(
      text(encodeError({ refused: true, code: 'AccessDeniedException', message: 'no', capitalMessage: true })),
      '{"__type":"AccessDeniedException","Message":"no"}',
    )
  })
})
