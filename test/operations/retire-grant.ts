import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RetireGrantCommand } from '@aws-sdk/client-kms'
import { createUser, denied, grantTo, putPolicy, type Grant, type User } from './grants.ts'
import { createKey, expectRecord, listIn, refuse, rootArn, succeed, succeedEmpty, type Key } from './service.ts'

const retire = (user: User, { token }: Grant) => user.kms.send(new RetireGrantCommand({ GrantToken: token }))
const left = async (key: Key): Promise<number> =>
  listIn((await succeed('ListGrants', { KeyId: key.id })).json, 'Grants').length

describe('RetireGrant', () => {
  it('ends a grant by its token, and by key ARN and grant id, in any key state', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const grants = [await grantTo(user, key), await grantTo(user, key), await grantTo(user, key)] as const
    await succeedEmpty('RetireGrant', { GrantToken: grants[0].token })
    await succeedEmpty('RetireGrant', { KeyId: key.arn, GrantId: grants[1].id })
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    await succeedEmpty('RetireGrant', { GrantToken: grants[2].token })
    assert.equal(await left(key), 0)
    // unverified wording
    const message = `Grant '${grants[0].id}' does not exist`
    await refuse('RetireGrant', { GrantToken: grants[0].token }, 'NotFoundException', message)
  })

  it('is for the retiring principal, and for the grantee when the grant says so', async () => {
    const [grantee, retiring, key] = [await createUser(), await createUser(), await createKey()]
    const one = await grantTo(grantee, key, { RetiringPrincipal: retiring.arn })
    await assert.rejects(retire(grantee, one), denied)
    await retire(retiring, one)
    const two = await grantTo(grantee, key, { Operations: ['Decrypt', 'RetireGrant'] })
    await assert.rejects(retire(retiring, two), denied)
    await retire(grantee, two)
    assert.equal(await left(key), 0)
  })

  it('is for whom IAM policies of the issuing account allow it, and never for whom they deny it', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const grant = await grantTo(user, key, { RetiringPrincipal: user.arn })
    await putPolicy(user, 'Deny', 'kms:RetireGrant')
    await assert.rejects(retire(user, grant), denied)
    const admin = await createUser()
    await assert.rejects(retire(admin, grant), denied)
    await putPolicy(admin, 'Allow', 'kms:RetireGrant')
    await retire(admin, grant)
    assert.equal(await left(key), 0)
  })

  it('names its grant once', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const { id: GrantId, token: GrantToken } = await grantTo(user, key)
    const KeyId = key.arn
    // unverified wordings
    const message = 'You must specify either a GrantToken, or a KeyId and a GrantId.'
    for (const input of [{}, { KeyId }, { GrantId }, { GrantToken, KeyId }, { GrantToken, KeyId, GrantId }]) {
      await refuse('RetireGrant', input, 'ValidationException', message)
    }
    const token = 'The specified grant token is not valid.'
    await refuse('RetireGrant', { GrantToken: 'token' }, 'InvalidGrantTokenException', token)
    await refuse('RetireGrant', { KeyId, GrantId: 'x' }, 'InvalidGrantIdException', "Invalid grant ID 'x'")
    await refuse('RetireGrant', { KeyId: key.id, GrantId }, 'InvalidArnException', `Invalid arn ${key.id}`)
  })

  it('changes nothing in a dry run', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const { token } = await grantTo(user, key)
    const message = 'The request would have succeeded, but the DryRun option is set.'
    await refuse('RetireGrant', { GrantToken: token, DryRun: true }, 'DryRunOperationException', message)
    assert.equal(await left(key), 1)
  })

  it('records the grant, and no token', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const grant = await grantTo(user, key, { RetiringPrincipal: rootArn })
    await expectRecord(await succeedEmpty('RetireGrant', { GrantToken: grant.token }), {
      eventName: 'RetireGrant',
      readOnly: false,
      requestParameters: null,
      responseElements: { keyId: key.arn },
      additionalEventData: { grantId: grant.id },
      resources: [key.arn],
    })
  })
})
