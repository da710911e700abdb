import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, objectIn, refuseInvalid, succeed, succeedEmpty } from './service.ts'

async function descriptionOf(KeyId: string): Promise<unknown> {
  return objectIn((await succeed('DescribeKey', { KeyId })).json, 'KeyMetadata')['Description']
}

describe('UpdateKeyDescription', () => {
  it('replaces the description and answers nothing', async () => {
    const key = await createKey({ Description: 'old' })
    for (const Description of ['new', '', 'Schlüssel für später 😀', 'd'.repeat(8192)]) {
      await succeedEmpty('UpdateKeyDescription', { KeyId: key.id, Description })
      assert.equal(await descriptionOf(key.id), Description)
    }
  })

  it('refuses a description that is missing or longer than 8,192 characters', async () => {
    const { id } = await createKey()
    await refuseInvalid(
      'UpdateKeyDescription',
      { KeyId: id },
      "Value null at 'description' failed to satisfy constraint: Member must not be null",
    )
    const long = 'd'.repeat(8193)
    await refuseInvalid(
      'UpdateKeyDescription',
      { KeyId: id, Description: long },
      `Value '${long}' at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192`,
    )
  })

  it('records the new description and the key', async () => {
    const key = await createKey()
    const answered = await succeedEmpty('UpdateKeyDescription', { KeyId: key.id, Description: 'new' })
    await expectRecord(answered, {
      eventName: 'UpdateKeyDescription',
      readOnly: false,
      requestParameters: { keyId: key.id, description: 'new' },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
  })

  requiredTest('UpdateKeyDescription', { Description: '' }, 'KeyId')
  notPendingDeletionTests('UpdateKeyDescription', { Description: '' })
  identifierTests({
    operation: 'UpdateKeyDescription',
    member: 'KeyId',
    rest: () => ({ Description: 'x' }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
