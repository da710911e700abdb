import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EncryptCommand, RevokeGrantCommand } from '@aws-sdk/client-kms'
import { createUser, denied, grantTo } from './grants.ts'
import { identifierTests, requiredTest } from './rules.ts'
import { createDisabledKey, createKey, expectRecord, refuse, succeed, succeedEmpty, type Key } from './service.ts'

const user = await createUser()

describe('RevokeGrant', () => {
  it('ends at once what the grant allowed', async () => {
    const key = await createKey()
    const { id, token } = await grantTo(user, key, { Operations: ['Encrypt'] })
    const encrypt = () =>
      user.kms.send(new EncryptCommand({ KeyId: key.arn, Plaintext: Buffer.from('a'), GrantTokens: [token] }))
    await encrypt()
    await succeedEmpty('RevokeGrant', { KeyId: key.id, GrantId: id })
    await assert.rejects(encrypt(), denied)
    // unverified wording
    const message = `Grant '${id}' does not exist`
    await refuse('RevokeGrant', { KeyId: key.id, GrantId: id }, 'NotFoundException', message)
  })

  it('is not for those whom the grant names', async () => {
    const key = await createKey()
    const { id } = await grantTo(user, key, { RetiringPrincipal: user.arn, Operations: ['RetireGrant'] })
    await assert.rejects(user.kms.send(new RevokeGrantCommand({ KeyId: key.arn, GrantId: id })), denied)
  })

  it('works in every key state', async () => {
    const pending = await createKey()
    const { id } = await grantTo(user, pending)
    await succeed('ScheduleKeyDeletion', { KeyId: pending.id })
    await succeedEmpty('RevokeGrant', { KeyId: pending.id, GrantId: id })
    const disabled = await createDisabledKey()
    // unverified wording
    await refuse('RevokeGrant', { KeyId: disabled.id, GrantId: 'x' }, 'InvalidGrantIdException', "Invalid grant ID 'x'")
  })

  it('changes nothing in a dry run', async () => {
    const key = await createKey()
    const { id } = await grantTo(user, key)
    const message = 'The request would have succeeded, but the DryRun option is set.'
    await refuse('RevokeGrant', { KeyId: key.id, GrantId: id, DryRun: true }, 'DryRunOperationException', message)
    await succeedEmpty('RevokeGrant', { KeyId: key.id, GrantId: id })
  })

  it('records key and grant', async () => {
    const key = await createKey()
    const { id } = await grantTo(user, key)
    await expectRecord(await succeedEmpty('RevokeGrant', { KeyId: key.id, GrantId: id }), {
      eventName: 'RevokeGrant',
      readOnly: false,
      requestParameters: { keyId: key.id, grantId: id },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
  })

  requiredTest('RevokeGrant', { KeyId: 'k' }, 'GrantId')
  identifierTests({
    operation: 'RevokeGrant',
    member: 'KeyId',
    rest: async (key: Key) => ({ GrantId: (await grantTo(user, key)).id }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
