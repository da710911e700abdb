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
  newAliasName,
  otherRegion,
  refuse,
  refuseInvalid,
  succeed,
  succeedEmpty,
  type Json,
} from './service.ts'

const prefixMessage =
  'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'

describe('CreateAlias', () => {
  it('gives a key another name at once and answers nothing', async () => {
    const key = await createKey()
    const AliasName = newAliasName()
    await succeedEmpty('CreateAlias', { AliasName, TargetKeyId: key.id })
    const encrypted = Array.from({ length: 8 }, () => succeed('Encrypt', { KeyId: AliasName, Plaintext: base64('a') }))
    for (const { json } of await Promise.all(encrypted)) assert.equal(json['KeyId'], key.arn)
  })

  it('gives a disabled key a name', async () => {
    const key = await createDisabledKey()
    await succeedEmpty('CreateAlias', { AliasName: newAliasName(), TargetKeyId: key.arn })
  })

  it('refuses a key that is pending deletion', async () => {
    const key = await createKeyPendingDeletion()
    await refuse(
      'CreateAlias',
      { AliasName: newAliasName(), TargetKeyId: key.id },
      'KMSInvalidStateException',
      `${key.arn} is pending deletion.`,
    )
  })

  it('refuses a name that exists, whatever key it names', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    for (const target of [key, await createKey()]) {
      const message = `An alias with the name ${aliasArn(name)} already exists`
      const input = { AliasName: name, TargetKeyId: target.id }
      const answered = await refuse('CreateAlias', input, 'AlreadyExistsException', message)
      await expectRecord(answered, {
        eventName: 'CreateAlias',
        readOnly: false,
        requestParameters: { aliasName: name, targetKeyId: target.id },
        resources: [target.arn, aliasArn(name)],
        errorCode: 'AlreadyExistsException',
        errorMessage: message,
      })
    }
  })

  it('keeps names apart by case and by Region', async () => {
    const key = await createKey()
    const name = newAliasName()
    await succeedEmpty('CreateAlias', { AliasName: name, TargetKeyId: key.id })
    await succeedEmpty('CreateAlias', { AliasName: `${name}A`, TargetKeyId: key.id })
    await succeedEmpty('CreateAlias', { AliasName: `${name}a`, TargetKeyId: key.id })
    const abroad = await createKey({}, otherRegion)
    await succeedEmpty('CreateAlias', { AliasName: name, TargetKeyId: abroad.id }, otherRegion)
  })

  it('takes every character and length that a name may have', async () => {
    const key = await createKey()
    for (const name of ['alias/a', 'alias/Az09/_-/', `alias/${'x'.repeat(250)}`]) {
      await succeedEmpty('CreateAlias', { AliasName: name, TargetKeyId: key.id })
    }
  })

  it('refuses a name without the prefix', async () => {
    const { id } = await createKey()
    for (const AliasName of ['name', 'Alias/name', 'alias', aliasArn('alias/name')]) {
      await refuse('CreateAlias', { AliasName, TargetKeyId: id }, 'ValidationException', prefixMessage)
    }
  })

  it('refuses the names that AWS keeps for itself without a message', async () => {
    const { id } = await createKey()
    for (const AliasName of ['alias/aws/s3', 'alias/aws/']) {
      const answered = await refuse('CreateAlias', { AliasName, TargetKeyId: id }, 'NotAuthorizedException')
      await expectRecord(answered, {
        eventName: 'CreateAlias',
        readOnly: false,
        requestParameters: { aliasName: AliasName, targetKeyId: id },
        errorCode: 'NotAuthorizedException',
      })
    }
  })

  it('refuses a colon, an empty name, other characters and more than 256', async () => {
    const { id } = await createKey()
    const input = (AliasName: string): Json => ({ AliasName, TargetKeyId: id })
    const colon = 'alias/a:b contains invalid characters for an alias'
    await refuse('CreateAlias', input('alias/a:b'), 'ValidationException', colon)
    // unverified wording
    await refuse('CreateAlias', input('alias/'), 'ValidationException', 'Invalid identifier')
    const at = (value: string): string => `Value '${value}' at 'aliasName' failed to satisfy constraint: Member must`
    await refuseInvalid(
      'CreateAlias',
      input('alias/a b'),
      `${at('alias/a b')} satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$`,
    )
    const long = `alias/${'x'.repeat(251)}`
    await refuseInvalid('CreateAlias', input(long), `${at(long)} have length less than or equal to 256`)
  })

  it('refuses an alias as its target', async () => {
    const name = await createAlias(await createKey())
    for (const TargetKeyId of [name, aliasArn(name)]) {
      await refuse(
        'CreateAlias',
        { AliasName: newAliasName(), TargetKeyId },
        'ValidationException',
        'Aliases must refer to keys. Not aliases',
      )
    }
  })

  it('refuses the 51st alias of a key', async () => {
    const key = await createKey()
    await Promise.all(Array.from({ length: 50 }, () => createAlias(key)))
    await refuse(
      'CreateAlias',
      { AliasName: newAliasName(), TargetKeyId: key.id },
      'LimitExceededException',
      // unverified wording
      'Aliases per key quota for this account in this region is 50, current usage is 50.',
    )
  })

  it('lets one of many requests at once have a name', async () => {
    const key = await createKey()
    const AliasName = newAliasName()
    const message = `An alias with the name ${aliasArn(AliasName)} already exists`
    const input = { AliasName, TargetKeyId: key.id }
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => refuse('CreateAlias', input, 'AlreadyExistsException', message)),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1)
  })

  it('records the name and the target as sent, and the key', async () => {
    const key = await createKey()
    const AliasName = newAliasName()
    const answered = await succeedEmpty('CreateAlias', { AliasName, TargetKeyId: key.id })
    await expectRecord(answered, {
      eventName: 'CreateAlias',
      readOnly: false,
      requestParameters: { aliasName: AliasName, targetKeyId: key.id },
      responseElements: { keyId: key.arn },
      resources: [key.arn, aliasArn(AliasName)],
    })
  })

  requiredTest('CreateAlias', { TargetKeyId: 'any' }, 'AliasName')
  requiredTest('CreateAlias', { AliasName: 'alias/any' }, 'TargetKeyId')
  identifierTests({
    operation: 'CreateAlias',
    member: 'TargetKeyId',
    rest: () => ({ AliasName: newAliasName() }),
    aliases: 'never',
    knowsInvalidArn: false,
  })
})
