import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { keyKind } from '#kms/key/alias.ts'
import type { OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

describe('aliases', () => {
  let kms: MemoryKms
  let keyId: string
  let otherId: string
  beforeEach(async () => {
    kms = new MemoryKms()
    keyId = await kms.createKey()
    otherId = await kms.createKey()
  })

  const arnOf = (id: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${id}`
  const resource = (arn: string): unknown => ({ arn, account: '111122223333', type: 'AWS::KMS::Key' })
  const aliasArn = 'arn:aws:kms:eu-central-1:111122223333:alias/app'
  const target = async (): Promise<unknown> => {
    const { output } = await kms.run('DescribeKey', { KeyId: 'alias/app' })
    return (output['KeyMetadata'] as { KeyId: string }).KeyId
  }

  it('are made, moved and removed, and the records name alias and key in the order of AWS', async () => {
    const made = await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    assert.deepEqual([made.output, made.resources], [{}, [resource(arnOf(keyId)), resource(aliasArn)]])
    assert.equal(await target(), keyId)
    kms.now += 60_000
    const moved = await kms.run('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: arnOf(otherId) })
    assert.deepEqual([moved.output, moved.resources], [{}, [resource(aliasArn), resource(arnOf(otherId))]])
    assert.equal(await target(), otherId)
    const { output } = await kms.run('ListAliases')
    const [listed] = output['Aliases'] as Record<string, unknown>[]
    assert.deepEqual(
      [listed?.['CreationDate'], listed?.['LastUpdatedDate']],
      [new Date('2026-11-22T12:00:00.250Z'), new Date('2026-11-22T12:01:00.250Z')],
    )
    const removed = await kms.run('DeleteAlias', { AliasName: 'alias/app' })
    assert.deepEqual([removed.output, removed.resources], [{}, [resource(aliasArn), resource(arnOf(otherId))]])
    assert.equal((await kms.refusal('DescribeKey', { KeyId: 'alias/app' })).code, 'NotFoundException')
  })

  it('exist once', async () => {
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    assert.deepEqual(await kms.refusal('CreateAlias', { AliasName: 'alias/app', TargetKeyId: otherId }), {
      code: 'AlreadyExistsException',
      message: 'An alias with the name arn:aws:kms:eu-central-1:111122223333:alias/app already exists',
    })
  })

  const names: readonly (readonly [string, string, string, string | undefined])[] = [
    [
      'without the prefix',
      'app',
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    ],
    ['that AWS reserves', 'alias/aws/s3', 'NotAuthorizedException', undefined],
    ['with a colon', 'alias/a:b', 'ValidationException', 'alias/a:b contains invalid characters for an alias'],
    ['that are the prefix alone', 'alias/', 'ValidationException', 'Invalid identifier'],
    [
      'with a character that the model forbids',
      'alias/a.b',
      'ValidationException',
      "1 validation error detected: Value 'alias/a.b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
    ],
  ]
  for (const [what, AliasName, code, message] of names) {
    it(`are refused names ${what}`, async () => {
      for (const name of ['CreateAlias', 'UpdateAlias', 'DeleteAlias'] as const) {
        const body = name === 'DeleteAlias' ? { AliasName } : { AliasName, TargetKeyId: keyId }
        assert.deepEqual(await kms.refusal(name, body), { code, message }, name)
      }
    })
  }

  it('take every character that is allowed, up to 256 in all', async () => {
    const AliasName = `alias/aZ09/_-${'x'.repeat(243)}`
    await kms.run('CreateAlias', { AliasName, TargetKeyId: keyId })
    assert.equal(
      (await kms.refusal('CreateAlias', { AliasName: `${AliasName}x`, TargetKeyId: keyId })).code,
      'ValidationException',
    )
  })

  it('point at keys, not at aliases', async () => {
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    const requests: readonly (readonly [OperationName, string])[] = [
      ['CreateAlias', 'alias/app'],
      ['CreateAlias', aliasArn],
      ['UpdateAlias', 'alias/app'],
    ]
    for (const [name, TargetKeyId] of requests) {
      assert.deepEqual(await kms.refusal(name, { AliasName: 'alias/second', TargetKeyId }), {
        code: 'ValidationException',
        message: 'Aliases must refer to keys. Not aliases',
      })
    }
  })

  it('must exist to be moved or removed', async () => {
    const message = 'Alias arn:aws:kms:eu-central-1:111122223333:alias/none is not found.'
    assert.deepEqual(await kms.refusal('UpdateAlias', { AliasName: 'alias/none', TargetKeyId: keyId }), {
      code: 'NotFoundException',
      message,
    })
    assert.deepEqual(await kms.refusal('DeleteAlias', { AliasName: 'alias/none' }), {
      code: 'NotFoundException',
      message,
    })
  })

  it('leave a key pending deletion, but are not pointed at one', async () => {
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    await kms.run('ScheduleKeyDeletion', { KeyId: keyId })
    await kms.run('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: otherId })
    assert.deepEqual(await kms.refusal('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: keyId }), {
      code: 'KMSInvalidStateException',
      message: `${arnOf(keyId)} is pending deletion.`,
    })
    await kms.run('ScheduleKeyDeletion', { KeyId: otherId })
    await kms.run('DeleteAlias', { AliasName: 'alias/app' })
  })

  it('are at most 50 on one key', async () => {
    for (let count = 0; count < 50; count += 1) {
      await kms.run('CreateAlias', { AliasName: `alias/a${count}`, TargetKeyId: keyId })
    }
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: otherId })
    const refused = {
      code: 'LimitExceededException',
      message: 'Aliases per key quota for this account in this region is 50, current usage is 50.',
    }
    assert.deepEqual(await kms.refusal('CreateAlias', { AliasName: 'alias/one-more', TargetKeyId: keyId }), refused)
    assert.deepEqual(await kms.refusal('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: keyId }), refused)
    await kms.run('UpdateAlias', { AliasName: 'alias/a7', TargetKeyId: keyId })
  })

  it('stay with one type of key', () => {
    assert.equal(keyKind('SYMMETRIC_DEFAULT'), 'symmetric')
    assert.equal(keyKind('HMAC_256'), 'HMAC')
    assert.equal(keyKind('RSA_2048'), keyKind('ECC_NIST_P256'))
  })
})
