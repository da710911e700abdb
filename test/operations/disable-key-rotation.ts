import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enabledOnlyTests, identifierTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, succeed, succeedEmpty } from './service.ts'

describe('DisableKeyRotation', () => {
  it('ends automatic rotation and answers nothing', async () => {
    const key = await createKey()
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id })
    await succeedEmpty('DisableKeyRotation', { KeyId: key.id })
    const { json } = await succeed('GetKeyRotationStatus', { KeyId: key.id })
    assert.deepEqual(json, { KeyRotationEnabled: false, KeyId: key.arn })
  })

  it('leaves what rotations on demand have made', async () => {
    const key = await createKey()
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id })
    await succeed('RotateKeyOnDemand', { KeyId: key.id })
    const before = (await succeed('ListKeyRotations', { KeyId: key.id })).json
    await succeedEmpty('DisableKeyRotation', { KeyId: key.id })
    assert.deepEqual((await succeed('ListKeyRotations', { KeyId: key.id })).json, before)
  })

  it('records the key, whether or not anything changed', async () => {
    const key = await createKey()
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id })
    for (const KeyId of [key.id, key.arn]) {
      const answered = await succeedEmpty('DisableKeyRotation', { KeyId })
      await expectRecord(answered, {
        eventName: 'DisableKeyRotation',
        readOnly: false,
        requestParameters: { keyId: KeyId },
        responseElements: { keyId: key.arn },
        resources: [key.arn],
      })
    }
  })

  requiredTest('DisableKeyRotation', {}, 'KeyId')
  enabledOnlyTests('DisableKeyRotation', (key) => ({ KeyId: key.id }))
  identifierTests({
    operation: 'DisableKeyRotation',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
