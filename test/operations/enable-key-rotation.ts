import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enabledOnlyTests, identifierTests, requiredTest } from './rules.ts'
import {
  createKey,
  deny,
  expectRecord,
  refuseInvalid,
  rootArn,
  succeed,
  succeedEmpty,
  type Json,
  type Key,
} from './service.ts'

const daySeconds = 86_400

/** What GetKeyRotationStatus tells, with the days from now to the next rotation in place of its date. */
async function status(key: Key): Promise<Json> {
  const { NextRotationDate, ...rest } = (await succeed('GetKeyRotationStatus', { KeyId: key.id })).json
  assert.ok(typeof NextRotationDate === 'number')
  const days = (NextRotationDate - Date.now() / 1000) / daySeconds
  assert.ok(Math.abs(days - Math.round(days)) * daySeconds < 60)
  return { ...rest, days: Math.round(days) }
}

describe('EnableKeyRotation', () => {
  it('answers nothing, and rotates the key a year from now where no period is given', async () => {
    const key = await createKey()
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id })
    assert.deepEqual(await status(key), {
      KeyRotationEnabled: true,
      KeyId: key.arn,
      RotationPeriodInDays: 365,
      days: 365,
    })
  })

  it('takes periods of 90 to 2,560 days, and changes the period of a key that is rotated', async () => {
    const key = await createKey()
    for (const [input, days] of [
      [{ RotationPeriodInDays: 90 }, 90],
      [{ RotationPeriodInDays: 2560 }, 2560],
      [{}, 365],
    ] as const) {
      await succeedEmpty('EnableKeyRotation', { KeyId: key.id, ...input })
      assert.deepEqual(await status(key), {
        KeyRotationEnabled: true,
        KeyId: key.arn,
        RotationPeriodInDays: days,
        days,
      })
    }
  })

  it('refuses a period below 90 and above 2,560 days', async () => {
    const { id } = await createKey()
    const at = (value: number): string =>
      `Value '${value}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value`
    const input = (days: number) => ({ KeyId: id, RotationPeriodInDays: days })
    await refuseInvalid('EnableKeyRotation', input(89), `${at(89)} greater than or equal to 90`)
    await refuseInvalid('EnableKeyRotation', input(2561), `${at(2561)} less than or equal to 2560`)
    const { json } = await succeed('GetKeyRotationStatus', { KeyId: id })
    assert.equal(json['KeyRotationEnabled'], false)
  })

  it('supplies the period to policies, and a year where none is given', async () => {
    const allow = { Effect: 'Allow', Principal: { AWS: rootArn }, Action: 'kms:*', Resource: '*' }
    const longest = {
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:EnableKeyRotation',
      Resource: '*',
      Condition: { NumericGreaterThan: { 'kms:RotationPeriodInDays': '180' } },
    }
    const key = await createKey({ Policy: JSON.stringify({ Version: '2012-10-17', Statement: [allow, longest] }) })
    const denial =
      `User: ${rootArn} is not authorized to perform: kms:EnableKeyRotation on resource: ${key.arn} ` +
      'with an explicit deny in a resource-based policy'
    for (const input of [{}, { RotationPeriodInDays: 181 }]) {
      await deny('EnableKeyRotation', { KeyId: key.id, ...input }, denial)
    }
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id, RotationPeriodInDays: 180 })
  })

  it('records the key, and the period as it was sent', async () => {
    const key = await createKey()
    for (const [input, sent] of [
      [{}, {}],
      [{ RotationPeriodInDays: 100 }, { rotationPeriodInDays: 100 }],
    ] as const) {
      const answered = await succeedEmpty('EnableKeyRotation', { KeyId: key.id, ...input })
      await expectRecord(answered, {
        eventName: 'EnableKeyRotation',
        readOnly: false,
        requestParameters: { keyId: key.id, ...sent },
        responseElements: { keyId: key.arn },
        resources: [key.arn],
      })
    }
  })

  requiredTest('EnableKeyRotation', {}, 'KeyId')
  enabledOnlyTests('EnableKeyRotation', (key) => ({ KeyId: key.id }))
  identifierTests({
    operation: 'EnableKeyRotation',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
