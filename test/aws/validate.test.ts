import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '#aws/errors.ts'
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
import type { Fields } from '#aws/shape.ts'
import { compileInput } from '#aws/validate.ts'
import { SecretBytes } from '#base/secret-bytes.ts'

/** The message that `body` gets; undefined when it is taken. */
function message(fields: Fields, body: unknown): string | undefined {
  const input = compileInput(fields)(Buffer.from(JSON.stringify(body)))
  if (!isRefusal(input)) return undefined
  assert.equal(input.code, 'ValidationException')
  return input.message ?? 'no message'
}

const tagShape = structure({ TagKey: string({ min: 1, max: 128 }), TagValue: string({ min: 0, max: 4 }) })

describe('the validator', () => {
  it('reports a missing required member', () => {
    const text =
      "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
    assert.equal(message({ KeyId: string({ min: 1 }) }, {}), text)
    assert.equal(message({ KeyId: string({ min: 1 }) }, { KeyId: null }), text)
    assert.equal(message({ KeyId: optional(string({ min: 1 })) }, { KeyId: null }), undefined)
  })

  it('reports all violations in one message', () => {
    const fields = { KeyId: string({ min: 1, max: 2048 }), NumberOfBytes: optional(integer({ min: 1, max: 1024 })) }
    assert.equal(
      message(fields, { KeyId: '', NumberOfBytes: 1025 }),
      "2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
    )
    assert.equal(
      message({ A: string(), B: string(), C: optional(string()) }, {}),
      "2 validation errors detected: Value null at 'a' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'b' failed to satisfy constraint: Member must not be null",
    )
  })

  it('reports lengths and values', () => {
    assert.equal(
      message({ MarkerText: string({ max: 3 }) }, { MarkerText: 'abcd' }),
      "1 validation error detected: Value 'abcd' at 'markerText' failed to satisfy constraint: Member must have length less than or equal to 3",
    )
    assert.equal(
      message({ Limit: integer({ min: 1 }) }, { Limit: -5 }),
      "1 validation error detected: Value '-5' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    )
    assert.equal(message({ Limit: integer({ min: 1, max: 3 }) }, { Limit: 1 }), undefined)
    assert.equal(message({ Limit: integer({ min: 1, max: 3 }) }, { Limit: 3 }), undefined)
    assert.equal(message({ Text: string({ min: 0, max: 2 }) }, { Text: '😀' }), undefined)
  })

  it('reports patterns beside lengths', () => {
    const fields = { AliasName: string({ min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' }) }
    assert.equal(
      message(fields, { AliasName: '' }),
      "2 validation errors detected: Value '' at 'aliasName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
    )
    assert.equal(
      message(fields, { AliasName: 'a b\n' }),
      "1 validation error detected: Value 'a b\n' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
    )
    assert.equal(message(fields, { AliasName: 'alias/a' }), undefined)
    assert.equal(
      message({ CustomKeyStoreId: string({ pattern: '[0-9]{2}' }) }, { CustomKeyStoreId: 'x12x' }),
      "1 validation error detected: Value 'x12x' at 'customKeyStoreId' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]{2}",
    )
  })

  it('reports enum sets', () => {
    assert.equal(
      message({ MacAlgorithm: oneOf('HMAC_SHA_224', 'HMAC_SHA_256') }, { MacAlgorithm: 'hmac' }),
      "1 validation error detected: Value 'hmac' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_224, HMAC_SHA_256]",
    )
  })

  it('counts the bytes of a blob and never shows them', () => {
    const tooLong = Buffer.alloc(4097).toString('base64')
    for (const shape of [blob({ min: 1, max: 4096 }), secret(blob({ min: 1, max: 4096 }))]) {
      assert.equal(
        message({ Plaintext: shape }, { Plaintext: tooLong }),
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
      )
      assert.equal(
        message({ Plaintext: shape }, { Plaintext: '' }),
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
      )
      assert.equal(message({ Plaintext: shape }, { Plaintext: Buffer.alloc(4096).toString('base64') }), undefined)
    }
  })

  it('never shows a sensitive string, neither alone nor in a list', () => {
    const password = secret(string({ min: 7, pattern: '[a-z]+' }))
    assert.equal(
      message({ KeyStorePassword: password }, { KeyStorePassword: 'Hunter' }),
      "2 validation errors detected: Value at 'keyStorePassword' failed to satisfy constraint: Member must have length greater than or equal to 7; " +
        "Value at 'keyStorePassword' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
    )
    assert.equal(
      message({ Passwords: list(secret(string({ max: 3 })), { max: 1 }) }, { Passwords: ['Hunter', 'Hunter'] }),
      "2 validation errors detected: Value at 'passwords' failed to satisfy constraint: Member must have length less than or equal to 1; " +
        "Value at 'passwords' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3]",
    )
  })

  it('reports lists and the constraints of their elements', () => {
    const fields = { GrantTokens: list(string({ min: 1, max: 3 }), { min: 1, max: 2 }) }
    assert.equal(
      message(fields, { GrantTokens: ['a', 'b', 'c'] }),
      "1 validation error detected: Value '[a, b, c]' at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 2",
    )
    assert.equal(
      message(fields, { GrantTokens: [] }),
      "1 validation error detected: Value '[]' at 'grantTokens' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
    assert.equal(
      message(fields, { GrantTokens: ['', 'abcd'] }),
      "1 validation error detected: Value '[, abcd]' at 'grantTokens' failed to satisfy constraint: Member must satisfy constraint: " +
        '[Member must have length less than or equal to 3, Member must have length greater than or equal to 1]',
    )
    assert.equal(
      message({ Operations: list(oneOf('Encrypt', 'Decrypt')) }, { Operations: ['Encrypt', 'X'] }),
      "1 validation error detected: Value '[Encrypt, X]' at 'operations' failed to satisfy constraint: Member must satisfy constraint: " +
        '[Member must satisfy enum value set: [Encrypt, Decrypt]]',
    )
    assert.equal(message(fields, { GrantTokens: ['a', 'abc'] }), undefined)
  })

  it('names members of structures and lists by their path', () => {
    assert.equal(
      message(
        { Tags: list(tagShape) },
        {
          Tags: [{ TagKey: '', TagValue: 'ok' }, { TagKey: 'a', TagValue: 'abcde' }, { TagValue: 'x' }],
        },
      ),
      "3 validation errors detected: Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value 'abcde' at 'tags.2.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 4; " +
        "Value null at 'tags.3.member.tagKey' failed to satisfy constraint: Member must not be null",
    )
    assert.equal(
      message(
        { Recipient: structure({ AttestationDocument: blob({ min: 1 }), AWSAccountId: string() }) },
        { Recipient: { AttestationDocument: '' } },
      ),
      "2 validation errors detected: Value at 'recipient.attestationDocument' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value null at 'recipient.aWSAccountId' failed to satisfy constraint: Member must not be null",
    )
    assert.equal(
      message({ Rows: list(list(integer({ max: 5 }))) }, { Rows: [[1], [9, 8]] }),
      "1 validation error detected: Value '[9, 8]' at 'rows.2.member' failed to satisfy constraint: Member must satisfy constraint: [Member must have value less than or equal to 5]",
    )
  })

  it('takes members without constraints as they are', () => {
    const fields = { Flag: boolean(), Time: timestamp(), Context: stringMap(), Text: string() }
    assert.equal(message(fields, { Flag: false, Time: 0, Context: {}, Text: '' }), undefined)
  })
})

describe('a compiled input', () => {
  it('is typed by its declaration', () => {
    const read = compileInput({
      KeyId: string({ min: 1 }),
      Plaintext: secret(blob({ min: 1 })),
      Tags: optional(list(tagShape)),
      DryRun: optional(boolean()),
    })
    const input = read(Buffer.from('{"KeyId":"k","Plaintext":"AQID","Tags":[{"TagKey":"a","TagValue":"b"}]}'))
    assert.ok(!isRefusal(input))
    const [keyId, plaintext, tags, dryRun]: [string, SecretBytes, string | undefined, boolean | undefined] = [
      input.KeyId,
      input.Plaintext,
      input.Tags?.[0]?.TagKey,
      input.DryRun,
    ]
    assert.deepEqual([keyId, plaintext.length, tags, dryRun], ['k', 3, 'a', undefined])
  })

  it('passes the refusals of the decoder on', () => {
    assert.deepEqual(compileInput({ KeyId: string() })(Buffer.from('{"KeyId":5}')), {
      refused: true,
      code: 'SerializationException',
      message: undefined,
    })
  })

  it('destroys the secrets of an input that it refuses, and of no other', (t) => {
    const destroyed = t.mock.method(SecretBytes.prototype, 'destroy')
    const read = compileInput({
      KeyId: string({ min: 1 }),
      Plaintext: secret(blob()),
      More: optional(structure({ Secrets: list(secret(blob())) })),
    })
    assert.ok(!isRefusal(read(Buffer.from('{"KeyId":"a","Plaintext":"AQID"}'))))
    assert.equal(destroyed.mock.callCount(), 0)
    assert.ok(isRefusal(read(Buffer.from('{"KeyId":"","Plaintext":"AQID","More":{"Secrets":["AQID","AQID"]}}'))))
    assert.equal(destroyed.mock.callCount(), 3)
  })
})
