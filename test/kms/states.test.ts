import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

describe('key states', () => {
  let kms: MemoryKms
  let keyId: string
  let arn: string
  beforeEach(async () => {
    kms = new MemoryKms()
    keyId = await kms.createKey()
    arn = `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`
  })

  const stateOf = async (): Promise<unknown> => {
    const { output } = await kms.run('DescribeKey', { KeyId: keyId })
    const { KeyState, Enabled, DeletionDate } = output['KeyMetadata'] as Record<string, unknown>
    return { KeyState, Enabled, DeletionDate }
  }
  const cryptographic: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
    ['Encrypt', { Plaintext: 'YQ==' }],
    ['GenerateDataKey', { KeySpec: 'AES_256' }],
    ['GenerateDataKeyWithoutPlaintext', { KeySpec: 'AES_256' }],
  ]

  it('disables and enables, and says nothing when there is nothing to do', async () => {
    assert.deepEqual((await kms.run('EnableKey', { KeyId: keyId })).changes, [])
    assert.deepEqual((await kms.run('DisableKey', { KeyId: arn })).output, {})
    assert.deepEqual(await stateOf(), { KeyState: 'Disabled', Enabled: false, DeletionDate: undefined })
    assert.deepEqual((await kms.run('DisableKey', { KeyId: keyId })).changes, [])
    await kms.run('EnableKey', { KeyId: keyId })
    assert.deepEqual(await stateOf(), { KeyState: 'Enabled', Enabled: true, DeletionDate: undefined })
  })

  it('refuses cryptographic use of a disabled key', async () => {
    const { output } = await kms.run('Encrypt', { KeyId: keyId, Plaintext: 'YQ==' })
    const blob = (output['CiphertextBlob'] as Buffer).toString('base64')
    await kms.run('DisableKey', { KeyId: keyId })
    const disabled = { code: 'DisabledException', message: `${arn} is disabled.` }
    for (const [name, body] of cryptographic) {
      assert.deepEqual(await kms.refusal(name, { KeyId: keyId, ...body }), disabled, name)
    }
    assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: blob }), disabled)
    const destination = await kms.createKey()
    assert.deepEqual(await kms.refusal('ReEncrypt', { CiphertextBlob: blob, DestinationKeyId: destination }), disabled)
  })

  it('refuses use and management of a key pending deletion, but not looking at it', async () => {
    const { output } = await kms.run('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 7 })
    assert.deepEqual(output, {
      KeyId: arn,
      DeletionDate: new Date('2026-11-29T12:00:00.250Z'),
      KeyState: 'PendingDeletion',
      PendingWindowInDays: 7,
    })
    assert.deepEqual(await stateOf(), {
      KeyState: 'PendingDeletion',
      Enabled: false,
      DeletionDate: new Date('2026-11-29T12:00:00.250Z'),
    })
    const pending = { code: 'KMSInvalidStateException', message: `${arn} is pending deletion.` }
    const refused: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
      ...cryptographic,
      ['EnableKey', {}],
      ['DisableKey', {}],
      ['ScheduleKeyDeletion', {}],
      ['UpdateKeyDescription', { Description: 'x' }],
      ['TagResource', { Tags: [{ TagKey: 'a', TagValue: 'b' }] }],
      ['UntagResource', { TagKeys: ['a'] }],
    ]
    for (const [name, body] of refused) {
      assert.deepEqual(await kms.refusal(name, { KeyId: keyId, ...body }), pending, name)
    }
    assert.deepEqual(await kms.refusal('CreateAlias', { AliasName: 'alias/x', TargetKeyId: keyId }), pending)
    for (const name of ['DescribeKey', 'GetKeyPolicy', 'ListAliases', 'ListKeyPolicies', 'ListResourceTags'] as const) {
      await kms.run(name, { KeyId: keyId })
    }
  })

  it('brings a key back disabled when its deletion is cancelled', async () => {
    assert.deepEqual(await kms.refusal('CancelKeyDeletion', { KeyId: keyId }), {
      code: 'KMSInvalidStateException',
      message: `${arn} is not pending deletion.`,
    })
    await kms.run('ScheduleKeyDeletion', { KeyId: keyId })
    assert.deepEqual((await kms.run('CancelKeyDeletion', { KeyId: keyId })).output, { KeyId: arn })
    assert.deepEqual(await stateOf(), { KeyState: 'Disabled', Enabled: false, DeletionDate: undefined })
  })

  it('replaces the description', async () => {
    await kms.run('UpdateKeyDescription', { KeyId: keyId, Description: 'new' })
    const { output } = await kms.run('DescribeKey', { KeyId: keyId })
    assert.equal((output['KeyMetadata'] as { Description: string }).Description, 'new')
  })
})
