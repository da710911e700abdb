import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, requiredTest } from './rules.ts'
import { createDisabledKey, createKey, createKeyPendingDeletion, expectRecord, succeed } from './service.ts'

describe('GetKeyRotationStatus', () => {
  it('says that a key is not rotated, with its ARN and nothing else, whatever its state', async () => {
    for (const create of [createKey, createDisabledKey, createKeyPendingDeletion]) {
      const { id, arn } = await create()
      const { json } = await succeed('GetKeyRotationStatus', { KeyId: id })
      assert.deepEqual(json, { KeyRotationEnabled: false, KeyId: arn })
    }
  })

  it('tells the period and the next date of a key that is rotated, also while it is disabled', async () => {
    const key = await createKey()
    await succeed('EnableKeyRotation', { KeyId: key.id, RotationPeriodInDays: 90 })
    const { json } = await succeed('GetKeyRotationStatus', { KeyId: key.arn })
    const { NextRotationDate, ...rest } = json
    assert.deepEqual(rest, { KeyRotationEnabled: true, KeyId: key.arn, RotationPeriodInDays: 90 })
    assert.ok(typeof NextRotationDate === 'number')
    assert.ok(Math.abs(NextRotationDate - (Date.now() / 1000 + 90 * 86_400)) < 60)
    await succeed('DisableKey', { KeyId: key.id })
    assert.deepEqual((await succeed('GetKeyRotationStatus', { KeyId: key.id })).json, json)
  })

  it('says that a key which waits for its deletion is not rotated, until that is cancelled', async () => {
    const key = await createKey()
    await succeed('EnableKeyRotation', { KeyId: key.id })
    const { json } = await succeed('GetKeyRotationStatus', { KeyId: key.id })
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    const waiting = await succeed('GetKeyRotationStatus', { KeyId: key.id })
    assert.deepEqual(waiting.json, { KeyRotationEnabled: false, KeyId: key.arn })
    await succeed('CancelKeyDeletion', { KeyId: key.id })
    assert.deepEqual((await succeed('GetKeyRotationStatus', { KeyId: key.id })).json, json)
  })

  it('records what was asked', async () => {
    const key = await createKey()
    const answered = await succeed('GetKeyRotationStatus', { KeyId: key.id })
    await expectRecord(answered, {
      eventName: 'GetKeyRotationStatus',
      readOnly: true,
      requestParameters: { keyId: key.id },
      resources: [key.arn],
    })
  })

  requiredTest('GetKeyRotationStatus', {}, 'KeyId')
  anyStateTest('GetKeyRotationStatus')
  identifierTests({
    operation: 'GetKeyRotationStatus',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
    answered: ({ KeyId }) => KeyId,
  })
})
