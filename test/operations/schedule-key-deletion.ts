import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { recordOf } from '../support/audit.ts'
import {
  createKey,
  createKeyPendingDeletion,
  expectRecord,
  objectIn,
  refuse,
  refuseInvalid,
  server,
  succeed,
  textOf,
} from './service.ts'

const daySeconds = 24 * 60 * 60

describe('ScheduleKeyDeletion', () => {
  it('answers the key ARN, the state, the window and when the key will go', async () => {
    for (const [input, days] of [
      [{}, 30],
      [{ PendingWindowInDays: 7 }, 7],
      [{ PendingWindowInDays: 30 }, 30],
    ] as const) {
      const key = await createKey()
      const { json } = await succeed('ScheduleKeyDeletion', { KeyId: key.id, ...input })
      const { DeletionDate, ...rest } = json
      assert.deepEqual(rest, { KeyId: key.arn, KeyState: 'PendingDeletion', PendingWindowInDays: days })
      assert.ok(typeof DeletionDate === 'number')
      assert.ok(Math.abs(DeletionDate - (Date.now() / 1000 + days * daySeconds)) < 60)
    }
  })

  it('refuses a waiting period that the model does not allow', async () => {
    const { id } = await createKey()
    const at = (value: number): string =>
      `Value '${value}' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value`
    const input = (days: number) => ({ KeyId: id, PendingWindowInDays: days })
    await refuseInvalid('ScheduleKeyDeletion', input(0), `${at(0)} greater than or equal to 1`)
    await refuseInvalid('ScheduleKeyDeletion', input(366), `${at(366)} less than or equal to 365`)
  })

  it('refuses a waiting period below 7 and above 30 days', async () => {
    const { id } = await createKey()
    for (const PendingWindowInDays of [1, 6, 31, 365]) {
      await refuse(
        'ScheduleKeyDeletion',
        { KeyId: id, PendingWindowInDays },
        'ValidationException',
        // unverified wording
        'PendingWindowInDays must be between 7 and 30 (inclusive).',
      )
    }
    const metadata = objectIn((await succeed('DescribeKey', { KeyId: id })).json, 'KeyMetadata')
    assert.equal(metadata['KeyState'], 'Enabled')
  })

  it('is not idempotent', async () => {
    const key = await createKeyPendingDeletion()
    const message = `${key.arn} is pending deletion.`
    const answered = await refuse('ScheduleKeyDeletion', { KeyId: key.id }, 'KMSInvalidStateException', message)
    await expectRecord(answered, {
      eventName: 'ScheduleKeyDeletion',
      readOnly: false,
      requestParameters: { keyId: key.id },
      resources: [key.arn],
      errorCode: 'KMSInvalidStateException',
      errorMessage: message,
    })
  })

  it('records the window as sent and the answer with its date as text', async () => {
    const key = await createKey()
    const answered = await succeed('ScheduleKeyDeletion', { KeyId: key.id, PendingWindowInDays: 9 })
    const record = await recordOf(server.directory, answered.requestId)
    const deletionDate = textOf(objectIn(record, 'responseElements'), 'deletionDate')
    const seconds = Date.parse(`${deletionDate} UTC`) / 1000
    assert.equal(seconds, Math.floor(Number(answered.json['DeletionDate'])))
    await expectRecord(answered, {
      eventName: 'ScheduleKeyDeletion',
      readOnly: false,
      requestParameters: { keyId: key.id, pendingWindowInDays: 9 },
      responseElements: {
        keyId: key.arn,
        keyState: 'PendingDeletion',
        deletionDate,
        pendingWindowInDays: 9,
      },
      resources: [key.arn],
    })
  })

  requiredTest('ScheduleKeyDeletion', {}, 'KeyId')
  notPendingDeletionTests('ScheduleKeyDeletion', {})
  identifierTests({
    operation: 'ScheduleKeyDeletion',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
    answered: (answer) => answer['KeyId'],
  })
})
