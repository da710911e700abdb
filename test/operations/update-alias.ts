import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, requiredTest } from './rules.ts'
import {
  aliasArn,
  base64,
  createAlias,
  createDisabledKey,
  createKey,
  createKeyPendingDeletion,
  expectRecord,
  listIn,
  refuse,
  refuseInvalid,
  succeed,
  succeedEmpty,
  type Json,
} from './service.ts'

async function entryOf(name: string, KeyId: string): Promise<Json | undefined> {
  const { json } = await succeed('ListAliases', { KeyId })
  return listIn(json, 'Aliases').find(({ AliasName }) => AliasName === name)
}

describe('UpdateAlias', () => {
  it('points the name at another key at once and answers nothing', async () => {
    const [old, next] = [await createKey(), await createKey()]
    const name = await createAlias(old)
    await succeed('Encrypt', { KeyId: name, Plaintext: base64('a') })
    await succeedEmpty('UpdateAlias', { AliasName: name, TargetKeyId: next.id })
    const encrypted = Array.from({ length: 8 }, () => succeed('Encrypt', { KeyId: name, Plaintext: base64('a') }))
    for (const { json } of await Promise.all(encrypted)) assert.equal(json['KeyId'], next.arn)
  })

  it('keeps the creation date and changes the date of the last update', async () => {
    const [old, next] = [await createKey(), await createKey()]
    const name = await createAlias(old)
    const before = await entryOf(name, old.id)
    await succeedEmpty('UpdateAlias', { AliasName: name, TargetKeyId: next.arn })
    assert.equal(await entryOf(name, old.id), undefined)
    const entry = await entryOf(name, next.id)
    assert.equal(entry?.['CreationDate'], before?.['CreationDate'])
    assert.ok(Number(entry?.['LastUpdatedDate']) > Number(before?.['LastUpdatedDate']))
  })

  it('takes the key that it points at already', async () => {
    const key = await createKey()
    await succeedEmpty('UpdateAlias', { AliasName: await createAlias(key), TargetKeyId: key.id })
  })

  it('moves away from a key that is pending deletion, and to a disabled one', async () => {
    const old = await createKey()
    const name = await createAlias(old)
    await succeed('ScheduleKeyDeletion', { KeyId: old.id })
    await succeedEmpty('UpdateAlias', { AliasName: name, TargetKeyId: (await createDisabledKey()).id })
  })

  it('refuses a new key that is pending deletion', async () => {
    const name = await createAlias(await createKey())
    const pending = await createKeyPendingDeletion()
    await refuse(
      'UpdateAlias',
      { AliasName: name, TargetKeyId: pending.id },
      'KMSInvalidStateException',
      `${pending.arn} is pending deletion.`,
    )
  })

  it('refuses an unknown alias', async () => {
    const key = await createKey()
    const message = `Alias ${aliasArn('alias/nobody')} is not found.`
    const input = { AliasName: 'alias/nobody', TargetKeyId: key.id }
    const answered = await refuse('UpdateAlias', input, 'NotFoundException', message)
    await expectRecord(answered, {
      eventName: 'UpdateAlias',
      readOnly: false,
      requestParameters: { aliasName: 'alias/nobody', targetKeyId: key.id },
      errorCode: 'NotFoundException',
      errorMessage: message,
    })
  })

  it('refuses what can be no alias of a customer', async () => {
    const { id } = await createKey()
    const input = (AliasName: string): Json => ({ AliasName, TargetKeyId: id })
    await refuse(
      'UpdateAlias',
      input('name'),
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see ' +
        'https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    )
    await refuse('UpdateAlias', input('alias/aws/s3'), 'NotAuthorizedException')
    const colon = 'alias/a:b contains invalid characters for an alias'
    await refuse('UpdateAlias', input('alias/a:b'), 'ValidationException', colon)
    await refuseInvalid(
      'UpdateAlias',
      input('alias/a!'),
      "Value 'alias/a!' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
        '^[a-zA-Z0-9:/_-]+$',
    )
  })

  it('refuses an alias as its target', async () => {
    const name = await createAlias(await createKey())
    for (const TargetKeyId of [name, aliasArn(name)]) {
      const message = 'Aliases must refer to keys. Not aliases'
      await refuse('UpdateAlias', { AliasName: name, TargetKeyId }, 'ValidationException', message)
    }
  })

  it('refuses to give a key its 51st alias', async () => {
    const full = await createKey()
    await Promise.all(Array.from({ length: 50 }, () => createAlias(full)))
    const name = await createAlias(await createKey())
    await refuse(
      'UpdateAlias',
      { AliasName: name, TargetKeyId: full.id },
      'LimitExceededException',
      // unverified wording
      'Aliases per key quota for this account in this region is 50, current usage is 50.',
    )
  })

  it('records the name and the target as sent, the alias and the new key', async () => {
    const [old, next] = [await createKey(), await createKey()]
    const name = await createAlias(old)
    const answered = await succeedEmpty('UpdateAlias', { AliasName: name, TargetKeyId: next.id })
    await expectRecord(answered, {
      eventName: 'UpdateAlias',
      readOnly: false,
      requestParameters: { aliasName: name, targetKeyId: next.id },
      responseElements: { keyId: next.arn },
      resources: [aliasArn(name), next.arn],
    })
  })

  requiredTest('UpdateAlias', { TargetKeyId: 'any' }, 'AliasName')
  requiredTest('UpdateAlias', { AliasName: 'alias/any' }, 'TargetKeyId')
  identifierTests({
    operation: 'UpdateAlias',
    member: 'TargetKeyId',
    rest: async () => ({ AliasName: await createAlias(await createKey()) }),
    aliases: 'never',
    knowsInvalidArn: false,
  })
})
