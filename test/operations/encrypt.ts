import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, identifierTests, grantTokenTest, requiredTest } from './rules.ts'
import { base64, createAlias, createKey, expectRecord, refuse, refuseInvalid, succeed, textOf } from './service.ts'

const Plaintext = base64('a secret')

describe('Encrypt', () => {
  it('answers ciphertext, the key ARN and the algorithm, and no key material id', async () => {
    const key = await createKey()
    const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext })
    assert.deepEqual(Object.keys(json), ['CiphertextBlob', 'KeyId', 'EncryptionAlgorithm'])
    assert.equal(json['KeyId'], key.arn)
    assert.equal(json['EncryptionAlgorithm'], 'SYMMETRIC_DEFAULT')
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'] })
    assert.equal(opened['Plaintext'], Plaintext)
  })

  it('encrypts 1 byte and 4,096 bytes, and never twice alike', async () => {
    const key = await createKey()
    for (const size of [1, 4096]) {
      const input = { KeyId: key.id, Plaintext: Buffer.alloc(size, 7).toString('base64') }
      const first = textOf((await succeed('Encrypt', input)).json, 'CiphertextBlob')
      const second = textOf((await succeed('Encrypt', input)).json, 'CiphertextBlob')
      assert.notEqual(first, second)
      assert.ok(Buffer.from(first, 'base64').length <= 6144)
      const { json } = await succeed('Decrypt', { CiphertextBlob: second })
      assert.equal(json['Plaintext'], input.Plaintext)
    }
  })

  it('takes the one algorithm of symmetric keys by name', async () => {
    const key = await createKey()
    await succeed('Encrypt', { KeyId: key.id, Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
  })

  it('refuses algorithms of other key specs', async () => {
    const key = await createKey()
    for (const algorithm of ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE']) {
      await refuse(
        'Encrypt',
        { KeyId: key.id, Plaintext, EncryptionAlgorithm: algorithm },
        'InvalidKeyUsageException',
        `Algorithm ${algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.`,
      )
    }
  })

  it('refuses an algorithm that there is not', async () => {
    const key = await createKey()
    await refuseInvalid(
      'Encrypt',
      { KeyId: key.id, Plaintext, EncryptionAlgorithm: 'ROT13' },
      "Value 'ROT13' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: " +
        '[SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]',
    )
  })

  it('refuses plaintext of no length and of more than 4,096 bytes, without repeating it', async () => {
    const key = await createKey()
    const rule = "Value at 'plaintext' failed to satisfy constraint: Member must have length"
    await refuseInvalid('Encrypt', { KeyId: key.id, Plaintext: '' }, `${rule} greater than or equal to 1`)
    const long = Buffer.alloc(4097, 7).toString('base64')
    await refuseInvalid('Encrypt', { KeyId: key.id, Plaintext: long }, `${rule} less than or equal to 4096`)
  })

  it('names all violations in one message', async () => {
    await refuse(
      'Encrypt',
      { KeyId: '' },
      'ValidationException',
      "2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater " +
        "than or equal to 1; Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
    )
  })

  it('refuses a body that is no JSON, is no object, has a member twice or of the wrong type', async () => {
    const key = await createKey()
    const bodies = [
      '{"KeyId":',
      '[]',
      '"text"',
      `{"KeyId":"${key.id}","KeyId":"${key.id}","Plaintext":"${Plaintext}"}`,
      `{"KeyId":"${key.id}","Plaintext":"no base64!"}`,
      `{"KeyId":1,"Plaintext":"${Plaintext}"}`,
      `{"KeyId":"${key.id}","Plaintext":"${Plaintext}","EncryptionContext":["a"]}`,
      `{"KeyId":"${key.id}","Plaintext":"${Plaintext}","DryRun":"true"}`,
    ]
    for (const body of bodies) {
      const answered = await refuse('Encrypt', body, 'SerializationException')
      await expectRecord(answered, {
        eventName: 'Encrypt',
        readOnly: true,
        requestParameters: null,
        errorCode: 'SerializationException',
      })
    }
  })

  it('ignores members that nobody knows', async () => {
    const key = await createKey()
    await succeed('Encrypt', { KeyId: key.id, Plaintext, Unknown: { Member: [1, null] } })
  })

  it('takes numbers in an encryption context as their text, and any Unicode', async () => {
    const key = await createKey()
    const body = `{"KeyId":"${key.id}","Plaintext":"${Plaintext}","EncryptionContext":{"number":7,"ключ":"値 😀"}}`
    const { json } = await succeed('Encrypt', body)
    const context = { ключ: '値 😀', number: '7' }
    await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'], EncryptionContext: context })
  })

  it('takes large encryption contexts up to 65,535 bytes a value', async () => {
    const key = await createKey()
    const EncryptionContext = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`name ${n}`, `${n}`]))
    for (const context of [EncryptionContext, { '': '' }, { large: 'x'.repeat(65_535) }]) {
      const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext, EncryptionContext: context })
      const input = { CiphertextBlob: json['CiphertextBlob'], EncryptionContext: context }
      assert.equal((await succeed('Decrypt', input)).json['Plaintext'], Plaintext)
    }
    const input = { KeyId: key.id, Plaintext, EncryptionContext: { large: 'x'.repeat(65_536) } }
    // unverified wording
    await refuse('Encrypt', input, 'ValidationException', 'EncryptionContext is not valid.')
  })

  it('refuses an encryption context with a name twice or with half a character', async () => {
    const key = await createKey()
    for (const context of ['{"a":"1","a":"1"}', '{"a":"\\ud800"}', '{"a":null}', '{"a":{}}', '{"a":true}']) {
      const body = `{"KeyId":"${key.id}","Plaintext":"${Plaintext}","EncryptionContext":${context}}`
      await refuse('Encrypt', body, 'SerializationException')
    }
  })

  it('records a request that is not valid without its parameters', async () => {
    const answered = await refuseInvalid(
      'Encrypt',
      { KeyId: 'any', Plaintext: '' },
      "Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
    await expectRecord(answered, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: null,
      errorCode: 'ValidationException',
      errorMessage:
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater " +
        'than or equal to 1',
    })
  })

  it('records what was asked, the key as it was named, and no plaintext or ciphertext', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    const context = { Tenant: 'north', 'aws:thing': 'ßx' }
    const answered = await succeed('Encrypt', { KeyId: name, Plaintext, EncryptionContext: context })
    await expectRecord(answered, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: { keyId: name, encryptionContext: context, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      additionalEventData: { keyMaterialId: key.materialId },
      resources: [key.arn],
    })
  })

  it('records a refusal with its code and message, and the key where it was found', async () => {
    const key = await createKey()
    await succeed('DisableKey', { KeyId: key.id })
    const disabled = await refuse(
      'Encrypt',
      { KeyId: key.id, Plaintext },
      'DisabledException',
      `${key.arn} is disabled.`,
    )
    await expectRecord(disabled, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: { keyId: key.id, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      resources: [key.arn],
      errorCode: 'DisabledException',
      errorMessage: `${key.arn} is disabled.`,
    })
    const unknown = await refuse('Encrypt', { KeyId: 'none', Plaintext }, 'NotFoundException', "Invalid keyId 'none'")
    await expectRecord(unknown, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: { keyId: 'none', encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      errorCode: 'NotFoundException',
      errorMessage: "Invalid keyId 'none'",
    })
  })

  it('records a dry run as the error that it answers', async () => {
    const key = await createKey()
    const message = 'The request would have succeeded, but the DryRun option is set.'
    const answered = await refuse(
      'Encrypt',
      { KeyId: key.id, Plaintext, DryRun: true },
      'DryRunOperationException',
      message,
    )
    await expectRecord(answered, {
      eventName: 'Encrypt',
      readOnly: true,
      requestParameters: { keyId: key.id, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      resources: [key.arn],
      errorCode: 'DryRunOperationException',
      errorMessage: message,
    })
  })

  it('takes an empty list of grant tokens', async () => {
    const key = await createKey()
    await succeed('Encrypt', { KeyId: key.id, Plaintext, GrantTokens: [] })
  })

  it('refuses more than ten grant tokens and one of no length', async () => {
    const key = await createKey()
    const tokens = Array.from({ length: 11 }, (_, index) => `t${index}`)
    await refuseInvalid(
      'Encrypt',
      { KeyId: key.id, Plaintext, GrantTokens: tokens },
      "Value '[t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10]' at 'grantTokens' failed to satisfy constraint: " +
        'Member must have length less than or equal to 10',
    )
    await refuseInvalid(
      'Encrypt',
      { KeyId: key.id, Plaintext, GrantTokens: [''] },
      "Value '[]' at 'grantTokens' failed to satisfy constraint: Member must satisfy constraint: [Member must have " +
        'length less than or equal to 8192, Member must have length greater than or equal to 1]',
    )
  })

  requiredTest('Encrypt', { Plaintext }, 'KeyId')
  it('refuses a request without Plaintext', async () => {
    const key = await createKey()
    await refuseInvalid(
      'Encrypt',
      { KeyId: key.id },
      "Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
    )
  })
  grantTokenTest('Encrypt', async () => ({ KeyId: (await createKey()).id, Plaintext }))
  identifierTests({
    operation: 'Encrypt',
    member: 'KeyId',
    rest: () => ({ Plaintext }),
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('Encrypt', ({ id }) => ({ KeyId: id, Plaintext }))
  dryRunTests('Encrypt', ({ id }) => ({ KeyId: id, Plaintext }))
})
