import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  dryRunTests,
  enabledOnlyTests,
  identifierTests,
  grantTokenTest,
  ignoredCiphertextTests,
  requiredTest,
} from './rules.ts'
import {
  aliasArn,
  base64,
  createAlias,
  createDisabledKey,
  createKey,
  createKeyPendingDeletion,
  deny,
  expectRecord,
  otherRegion,
  refuse,
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

describe('ReEncrypt', () => {
  it('moves ciphertext from one key to another', async () => {
    const [source, destination] = [await createKey(), await createKey()]
    const { json } = await succeed('ReEncrypt', {
      CiphertextBlob: await ciphertext(source),
      DestinationKeyId: destination.id,
    })
    const { CiphertextBlob, ...rest } = json
    assert.deepEqual(rest, {
      SourceKeyId: source.arn,
      KeyId: destination.arn,
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      SourceKeyMaterialId: source.materialId,
      DestinationKeyMaterialId: destination.materialId,
    })
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob, KeyId: destination.id })
    assert.equal(opened['Plaintext'], Plaintext)
  })

  it('changes the encryption context under the same key', async () => {
    const key = await createKey()
    const { json } = await succeed('ReEncrypt', {
      CiphertextBlob: await ciphertext(key, { EncryptionContext: { old: '1' } }),
      SourceEncryptionContext: { old: '1' },
      DestinationKeyId: key.arn,
      DestinationEncryptionContext: { new: '2' },
    })
    const { CiphertextBlob } = json
    await refuse('Decrypt', { CiphertextBlob, EncryptionContext: { old: '1' } }, 'InvalidCiphertextException')
    await succeed('Decrypt', { CiphertextBlob, EncryptionContext: { new: '2' } })
  })

  it('refuses a wrong source context and damaged ciphertext', async () => {
    const key = await createKey()
    const wrong = { CiphertextBlob: await ciphertext(key), SourceEncryptionContext: { a: 'b' } }
    for (const input of [wrong, { CiphertextBlob: base64('junk') }]) {
      await refuse('ReEncrypt', { ...input, DestinationKeyId: key.id }, 'InvalidCiphertextException')
    }
  })

  it('refuses another source key than the one in the ciphertext', async () => {
    const [source, other] = [await createKey(), await createKey()]
    await refuse(
      'ReEncrypt',
      { CiphertextBlob: await ciphertext(source), SourceKeyId: other.id, DestinationKeyId: source.id },
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  })

  it('tells of a source key that is not here no more than that', async () => {
    const CiphertextBlob = await ciphertext(await createKey())
    const here = await createKey({}, otherRegion)
    await deny(
      'ReEncrypt',
      { CiphertextBlob, DestinationKeyId: here.id },
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
        'allowed to access.',
      otherRegion,
    )
  })

  it('refuses algorithms of other key specs on either side', async () => {
    const key = await createKey()
    for (const member of ['SourceEncryptionAlgorithm', 'DestinationEncryptionAlgorithm']) {
      await refuse(
        'ReEncrypt',
        { CiphertextBlob: await ciphertext(key), DestinationKeyId: key.id, [member]: 'RSAES_OAEP_SHA_1' },
        'InvalidKeyUsageException',
        'Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.',
      )
    }
  })

  it('refuses a request without ciphertext', async () => {
    const key = await createKey()
    await refuseInvalid(
      'ReEncrypt',
      { DestinationKeyId: key.id },
      "Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    )
  })

  it('refuses ciphertext of no length and of more than 6,144 bytes', async () => {
    const key = await createKey()
    const rule = "Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length"
    const input = { DestinationKeyId: key.id }
    await refuseInvalid('ReEncrypt', { ...input, CiphertextBlob: '' }, `${rule} greater than or equal to 1`)
    const long = Buffer.alloc(6145).toString('base64')
    await refuseInvalid('ReEncrypt', { ...input, CiphertextBlob: long }, `${rule} less than or equal to 6144`)
  })

  it('refuses a destination key that is disabled or pending deletion', async () => {
    const CiphertextBlob = await ciphertext(await createKey())
    const disabled = await createDisabledKey()
    const message = `${disabled.arn} is disabled.`
    await refuse('ReEncrypt', { CiphertextBlob, DestinationKeyId: disabled.id }, 'DisabledException', message)
    const pending = await createKeyPendingDeletion()
    const input = { CiphertextBlob, DestinationKeyId: pending.id }
    await refuse('ReEncrypt', input, 'KMSInvalidStateException', `${pending.arn} is pending deletion.`)
  })

  it('records both keys, the source first, and neither plaintext nor ciphertext', async () => {
    const [source, destination] = [await createKey(), await createKey()]
    const SourceKeyId = aliasArn(await createAlias(source))
    const DestinationKeyId = await createAlias(destination)
    const answered = await succeed('ReEncrypt', {
      CiphertextBlob: await ciphertext(source, { EncryptionContext: { from: 'a' } }),
      SourceKeyId,
      SourceEncryptionContext: { from: 'a' },
      DestinationKeyId,
      DestinationEncryptionContext: { to: 'b' },
    })
    await expectRecord(answered, {
      eventName: 'ReEncrypt',
      readOnly: true,
      requestParameters: {
        sourceEncryptionContext: { from: 'a' },
        sourceKeyId: SourceKeyId,
        destinationKeyId: DestinationKeyId,
        destinationEncryptionContext: { to: 'b' },
        sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      additionalEventData: {
        sourceKeyMaterialId: source.materialId,
        destinationKeyMaterialId: destination.materialId,
      },
      resources: [source.arn, destination.arn],
    })
  })

  it('records a refusal with both keys', async () => {
    const [source, destination] = [await createKey(), await createKey()]
    const answered = await refuse(
      'ReEncrypt',
      {
        CiphertextBlob: await ciphertext(source),
        SourceEncryptionContext: { a: 'b' },
        DestinationKeyId: destination.id,
      },
      'InvalidCiphertextException',
    )
    await expectRecord(answered, {
      eventName: 'ReEncrypt',
      readOnly: true,
      requestParameters: {
        sourceEncryptionContext: { a: 'b' },
        destinationKeyId: destination.id,
        sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      resources: [source.arn, destination.arn],
      errorCode: 'InvalidCiphertextException',
    })
  })

  const toAnother = async (key: Key): Promise<Json> => ({
    CiphertextBlob: await ciphertext(key),
    DestinationKeyId: (await createKey()).id,
  })
  const fresh = async (): Promise<Json> => toAnother(await createKey())
  requiredTest('ReEncrypt', { CiphertextBlob: base64('any') }, 'DestinationKeyId')
  grantTokenTest('ReEncrypt', fresh)
  ignoredCiphertextTests('ReEncrypt', 'SourceKeyId', async () => ({ DestinationKeyId: (await createKey()).id }))
  identifierTests({
    operation: 'ReEncrypt',
    member: 'SourceKeyId',
    rest: toAnother,
    aliases: true,
    action: 'kms:ReEncryptFrom',
    knowsInvalidArn: false,
    answered: (answer) => answer['SourceKeyId'],
  })
  identifierTests({
    operation: 'ReEncrypt',
    member: 'DestinationKeyId',
    rest: async () => ({ CiphertextBlob: await ciphertext(await createKey()) }),
    aliases: true,
    action: 'kms:ReEncryptTo',
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('ReEncrypt', toAnother)
  dryRunTests('ReEncrypt', toAnother)
})
