import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allRecords } from '../support/audit.ts'
import { enabledOnlyTests, identifierTests, requiredTest } from './rules.ts'
import {
  account,
  base64,
  createKey,
  expectRecord,
  listIn,
  objectIn,
  refuse,
  server,
  succeed,
  textOf,
  type Key,
} from './service.ts'

async function currentMaterial({ id }: Key): Promise<string> {
  return textOf(objectIn((await succeed('DescribeKey', { KeyId: id })).json, 'KeyMetadata'), 'CurrentKeyMaterialId')
}

describe('RotateKeyOnDemand', () => {
  it('answers the key ARN, and the key has new material from then on', async () => {
    const key = await createKey()
    const { json } = await succeed('RotateKeyOnDemand', { KeyId: key.id })
    assert.deepEqual(json, { KeyId: key.arn })
    const rotated = await currentMaterial(key)
    assert.match(rotated, /^[0-9a-f]{64}$/)
    assert.notEqual(rotated, key.materialId)
    const { CiphertextBlob } = (await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('new') })).json
    const decrypted = (await succeed('Decrypt', { CiphertextBlob })).json
    assert.deepEqual([decrypted['Plaintext'], decrypted['KeyMaterialId']], [base64('new'), rotated])
  })

  it('leaves all else as it was: metadata, automatic rotation, and what was encrypted before', async () => {
    const key = await createKey({ Description: 'rotated' })
    await succeed('EnableKeyRotation', { KeyId: key.id, RotationPeriodInDays: 100 })
    const { CiphertextBlob } = (await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('old') })).json
    const metadata = async () => objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
    const [before, status] = [await metadata(), (await succeed('GetKeyRotationStatus', { KeyId: key.id })).json]
    await succeed('RotateKeyOnDemand', { KeyId: key.id })
    assert.deepEqual(await metadata(), { ...before, CurrentKeyMaterialId: await currentMaterial(key) })
    assert.deepEqual((await succeed('GetKeyRotationStatus', { KeyId: key.id })).json, status)
    const decrypted = (await succeed('Decrypt', { CiphertextBlob })).json
    assert.deepEqual([decrypted['Plaintext'], decrypted['KeyMaterialId']], [base64('old'), key.materialId])
  })

  it('is done 25 times in the life of a key and then refused, and automatic rotation does not begin that anew', async () => {
    const key = await createKey()
    for (let count = 0; count < 25; count += 1) await succeed('RotateKeyOnDemand', { KeyId: key.id })
    const message =
      'The on-demand rotations limit has been reached for the given keyId. ' +
      `No more on-demand rotations can be performed for this key: ${key.arn}`
    for (const operations of [['EnableKeyRotation'], ['DisableKeyRotation'], ['DisableKey', 'EnableKey']]) {
      await refuse('RotateKeyOnDemand', { KeyId: key.id }, 'LimitExceededException', message)
      for (const operation of operations) await succeed(operation, { KeyId: key.id })
    }
    const answered = await refuse('RotateKeyOnDemand', { KeyId: key.id }, 'LimitExceededException', message)
    await expectRecord(answered, {
      eventName: 'RotateKeyOnDemand',
      readOnly: false,
      requestParameters: { keyId: key.id },
      resources: [key.arn],
      errorCode: 'LimitExceededException',
      errorMessage: message,
    })
    assert.equal(listIn((await succeed('ListKeyRotations', { KeyId: key.id })).json, 'Rotations').length, 25)
  })

  it('makes one material for each of many requests at the same time', async () => {
    const key = await createKey()
    await Promise.all(Array.from({ length: 12 }, () => succeed('RotateKeyOnDemand', { KeyId: key.id })))
    const materials = listIn((await succeed('ListKeyRotations', { KeyId: key.id })).json, 'Rotations')
    assert.equal(new Set(materials.map((each) => each['KeyMaterialId'])).size, 12)
    const current = materials.filter((each) => each['KeyMaterialState'] === 'CURRENT')
    assert.deepEqual(
      current.map((each) => each['KeyMaterialId']),
      [await currentMaterial(key)],
    )
  })

  it('records the request, and the rotation as an event of the service', async () => {
    const key = await createKey()
    const answered = await succeed('RotateKeyOnDemand', { KeyId: key.arn })
    const { eventTime } = await expectRecord(answered, {
      eventName: 'RotateKeyOnDemand',
      readOnly: false,
      requestParameters: { keyId: key.arn },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
    const found = allRecords(server.directory).filter(
      (record) => record.includes('"eventName":"RotateKey"') && record.includes(key.arn),
    )
    assert.equal(found.length, 1)
    const { eventID, ...record } = JSON.parse(found[0] ?? '{}') as Record<string, unknown>
    assert.match(String(eventID), /^[0-9a-f-]{36}$/)
    assert.deepEqual(record, {
      eventVersion: '1.11',
      userIdentity: { accountId: account, invokedBy: 'AWS Internal' },
      eventTime,
      eventSource: 'kms.amazonaws.com',
      eventName: 'RotateKey',
      awsRegion: 'us-east-1',
      sourceIPAddress: 'AWS Internal',
      userAgent: 'AWS Internal',
      requestParameters: null,
      responseElements: null,
      readOnly: false,
      resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: key.arn }],
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: account,
      serviceEventDetails: {
        rotationType: 'ON_DEMAND',
        keyOrigin: 'AWS_KMS',
        previousKeyMaterialId: key.materialId,
        currentKeyMaterialId: await currentMaterial(key),
      },
      eventCategory: 'Management',
    })
  })

  requiredTest('RotateKeyOnDemand', {}, 'KeyId')
  enabledOnlyTests('RotateKeyOnDemand', (key) => ({ KeyId: key.id }))
  identifierTests({
    operation: 'RotateKeyOnDemand',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => KeyId,
  })
})
