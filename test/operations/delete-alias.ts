import { describe, it } from 'node:test'
import { requiredTest } from './rules.ts'
import {
  aliasArn,
  base64,
  createAlias,
  createKey,
  expectRecord,
  otherRegion,
  refuse,
  refuseInvalid,
  succeed,
  succeedEmpty,
} from './service.ts'

describe('DeleteAlias', () => {
  it('takes the name away at once, leaves the key and answers nothing', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    await succeed('Encrypt', { KeyId: name, Plaintext: base64('a') })
    await succeedEmpty('DeleteAlias', { AliasName: name })
    const refused = Array.from({ length: 8 }, () =>
      refuse(
        'Encrypt',
        { KeyId: name, Plaintext: base64('a') },
        'NotFoundException',
        `Alias ${aliasArn(name)} is not found.`,
      ),
    )
    await Promise.all(refused)
    await succeed('Encrypt', { KeyId: key.id, Plaintext: base64('a') })
  })

  it('frees the name', async () => {
    const name = await createAlias(await createKey())
    await succeedEmpty('DeleteAlias', { AliasName: name })
    await succeedEmpty('CreateAlias', { AliasName: name, TargetKeyId: (await createKey()).id })
  })

  it('works in every key state', async () => {
    for (const operation of ['DisableKey', 'ScheduleKeyDeletion']) {
      const key = await createKey()
      const name = await createAlias(key)
      await succeed(operation, { KeyId: key.id })
      await succeedEmpty('DeleteAlias', { AliasName: name })
    }
  })

  it('refuses an unknown alias, also one of another Region', async () => {
    const abroad = await createAlias(await createKey({}, otherRegion), otherRegion)
    for (const name of ['alias/nobody', abroad]) {
      const message = `Alias ${aliasArn(name)} is not found.`
      const answered = await refuse('DeleteAlias', { AliasName: name }, 'NotFoundException', message)
      await expectRecord(answered, {
        eventName: 'DeleteAlias',
        readOnly: false,
        requestParameters: { aliasName: name },
        errorCode: 'NotFoundException',
        errorMessage: message,
      })
    }
  })

  it('refuses what can be no alias of a customer', async () => {
    const prefix =
      'Alias must start with the prefix "alias/". Please see ' +
      'https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'
    const name = await createAlias(await createKey())
    await refuse('DeleteAlias', { AliasName: 'name' }, 'ValidationException', prefix)
    await refuse('DeleteAlias', { AliasName: aliasArn(name) }, 'ValidationException', prefix)
    await refuse('DeleteAlias', { AliasName: 'alias/aws/s3' }, 'NotAuthorizedException')
    const colon = 'alias/a:b contains invalid characters for an alias'
    await refuse('DeleteAlias', { AliasName: 'alias/a:b' }, 'ValidationException', colon)
    // unverified wording
    await refuse('DeleteAlias', { AliasName: 'alias/' }, 'ValidationException', 'Invalid identifier')
    const at = (value: string): string => `Value '${value}' at 'aliasName' failed to satisfy constraint: Member must`
    await refuseInvalid(
      'DeleteAlias',
      { AliasName: 'alias/ä' },
      `${at('alias/ä')} satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$`,
    )
    const long = `alias/${'x'.repeat(251)}`
    await refuseInvalid('DeleteAlias', { AliasName: long }, `${at(long)} have length less than or equal to 256`)
  })

  it('records the alias and the key that it named', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    const answered = await succeedEmpty('DeleteAlias', { AliasName: name })
    await expectRecord(answered, {
      eventName: 'DeleteAlias',
      readOnly: false,
      requestParameters: { aliasName: name },
      responseElements: { keyId: key.arn },
      resources: [aliasArn(name), key.arn],
    })
  })

  requiredTest('DeleteAlias', {}, 'AliasName')
})
