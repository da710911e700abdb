import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dryRunTests, enabledOnlyTests, identifierTests, ignoredCiphertextTests, grantTokenTest } from './rules.ts'
import {
  base64,
  createAlias,
  createKey,
  deny,
  expectRecord,
  otherRegion,
  refuse,
  refuseAny,
  refuseInvalid,
  succeed,
  textOf,
  type Json,
  type Key,
} from './service.ts'

const Plaintext = base64('a secret')

async function ciphertext(key: Key, more: Json = {}): Promise<string> {
  const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext, ...more })
  return textOf(json, 'CiphertextBlob')
}

describe('Decrypt', () => {
  it('finds the key in the ciphertext', async () => {
    const key = await createKey()
    const { json } = await succeed('Decrypt', { CiphertextBlob: await ciphertext(key) })
    assert.deepEqual(json, {
      KeyId: key.arn,
      Plaintext,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      KeyMaterialId: key.materialId,
    })
  })

  it('takes the right key by name', async () => {
    const key = await createKey()
    const input = { CiphertextBlob: await ciphertext(key), KeyId: key.id, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
    const { json } = await succeed('Decrypt', input)
    assert.equal(json['Plaintext'], Plaintext)
  })

  it('refuses another key than the one in the ciphertext', async () => {
    const blob = await ciphertext(await createKey())
    const other = await createKey()
    const message = 'The key ID in the request does not identify a CMK that can perform this operation.'
    const answered = await refuse(
      'Decrypt',
      { CiphertextBlob: blob, KeyId: other.id },
      'IncorrectKeyException',
      message,
    )
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { keyId: other.arn, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      resources: [other.arn],
      errorCode: 'IncorrectKeyException',
      errorMessage: message,
    })
  })

  it('binds the encryption context: exact and in any order', async () => {
    const key = await createKey()
    const blob = await ciphertext(key, { EncryptionContext: { a: '1', B: '2' } })
    const opened = await succeed('Decrypt', { CiphertextBlob: blob, EncryptionContext: { B: '2', a: '1' } })
    assert.equal(opened.json['Plaintext'], Plaintext)
    const others = [undefined, {}, { a: '1' }, { a: '1', b: '2' }, { a: '1', B: '2', c: '3' }, { a: '1', B: '2 ' }]
    for (const EncryptionContext of others) {
      await refuse('Decrypt', { CiphertextBlob: blob, EncryptionContext }, 'InvalidCiphertextException')
    }
  })

  it('takes an empty encryption context for none', async () => {
    const key = await createKey()
    await succeed('Decrypt', { CiphertextBlob: await ciphertext(key), EncryptionContext: {} })
    await succeed('Decrypt', { CiphertextBlob: await ciphertext(key, { EncryptionContext: {} }) })
  })

  it('refuses ciphertext that was changed in any byte, cut or lengthened, and says no more', async () => {
    const key = await createKey()
    const blob = Buffer.from(await ciphertext(key), 'base64')
    const changed = [...blob.keys()].map((at) => {
      const copy = Buffer.from(blob)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    })
    const damaged = [...changed, blob.subarray(0, -1), Buffer.concat([blob, Buffer.alloc(1)]), Buffer.from('junk')]
    for (const copy of damaged) {
      const input = { KeyId: key.id, CiphertextBlob: copy.toString('base64') }
      // Only where the ciphertext still names a key can it name another one.
      const { json } = await refuseAny('Decrypt', input, ['InvalidCiphertextException', 'IncorrectKeyException'])
      if (json['__type'] === 'InvalidCiphertextException') assert.deepEqual(Object.keys(json), ['__type'])
    }
    await refuse('Decrypt', { CiphertextBlob: base64('junk') }, 'InvalidCiphertextException')
  })

  it('tells of a key that is not here no more than that', async () => {
    const blob = await ciphertext(await createKey())
    const message =
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
      'allowed to access.'
    const answered = await deny('Decrypt', { CiphertextBlob: blob }, message, otherRegion)
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      errorCode: 'AccessDenied',
      errorMessage: message,
    })
  })

  it('refuses algorithms of other key specs', async () => {
    const key = await createKey()
    await refuse(
      'Decrypt',
      { CiphertextBlob: await ciphertext(key), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      'InvalidKeyUsageException',
      'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    )
  })

  it('refuses ciphertext of no length and of more than 6,144 bytes', async () => {
    const rule = "Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length"
    await refuseInvalid('Decrypt', { CiphertextBlob: '' }, `${rule} greater than or equal to 1`)
    const long = Buffer.alloc(6145).toString('base64')
    await refuseInvalid('Decrypt', { CiphertextBlob: long }, `${rule} less than or equal to 6144`)
  })

  it('refuses a request without ciphertext, also in a dry run', async () => {
    const key = await createKey()
    for (const more of [{}, { DryRun: true }]) {
      await refuseInvalid(
        'Decrypt',
        { KeyId: key.id, ...more },
        "Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
      )
    }
  })

  it('refuses an algorithm and a dry run modifier that there are not', async () => {
    const blob = await ciphertext(await createKey())
    await refuseInvalid(
      'Decrypt',
      { CiphertextBlob: blob, EncryptionAlgorithm: '' },
      "Value '' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: " +
        '[SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]',
    )
    await refuseInvalid(
      'Decrypt',
      { CiphertextBlob: blob, DryRunModifiers: ['OTHER'] },
      "Value '[OTHER]' at 'dryRunModifiers' failed to satisfy constraint: Member must satisfy constraint: " +
        '[Member must satisfy enum value set: [IGNORE_CIPHERTEXT]]',
    )
  })

  it('records the key that it found, the context and the material, and no plaintext', async () => {
    const key = await createKey()
    const EncryptionContext = { Tenant: 'north' }
    const blob = await ciphertext(key, { EncryptionContext })
    const answered = await succeed('Decrypt', { CiphertextBlob: blob, EncryptionContext })
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: {
        encryptionContext: EncryptionContext,
        keyId: key.arn,
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      additionalEventData: { keyMaterialId: key.materialId },
      resources: [key.arn],
    })
  })

  it('records an alias as the key that it named', async () => {
    const key = await createKey()
    const KeyId = await createAlias(key)
    const answered = await succeed('Decrypt', { CiphertextBlob: await ciphertext(key), KeyId })
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { keyId: key.arn, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      additionalEventData: { keyMaterialId: key.materialId },
      resources: [key.arn],
    })
  })

  it('records a wrong encryption context as a failure without a message', async () => {
    const key = await createKey()
    const blob = await ciphertext(key)
    const EncryptionContext = { wrong: 'one' }
    const answered = await refuse('Decrypt', { CiphertextBlob: blob, EncryptionContext }, 'InvalidCiphertextException')
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: {
        encryptionContext: EncryptionContext,
        keyId: key.arn,
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      resources: [key.arn],
      errorCode: 'InvalidCiphertextException',
    })
  })

  const withBlob = async (key: Key): Promise<Json> => ({ CiphertextBlob: await ciphertext(key) })
  const fresh = async (): Promise<Json> => withBlob(await createKey())
  grantTokenTest('Decrypt', fresh)
  ignoredCiphertextTests('Decrypt', 'KeyId', () => Promise.resolve({}))
  identifierTests({
    operation: 'Decrypt',
    member: 'KeyId',
    rest: withBlob,
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('Decrypt', withBlob)
  dryRunTests('Decrypt', withBlob)

  it('answers the real error to a dry run of ciphertext that does not open', async () => {
    const blob = await ciphertext(await createKey())
    const input = { CiphertextBlob: blob, EncryptionContext: { wrong: 'one' }, DryRun: true }
    await refuse('Decrypt', input, 'InvalidCiphertextException')
  })
})
