import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, grantTokenTest, requiredTest } from './rules.ts'
import {
  account,
  createAlias,
  createDisabledKey,
  createKey,
  deny,
  expectRecord,
  objectIn,
  refuse,
  succeed,
  type Json,
  type Key,
} from './service.ts'

async function metadataOf(key: Key): Promise<Json> {
  return objectIn((await succeed('DescribeKey', { KeyId: key.id })).json, 'KeyMetadata')
}

describe('DescribeKey', () => {
  it('answers what CreateKey answered', async () => {
    const created = await succeed('CreateKey', { Description: 'described', Tags: [{ TagKey: 'a', TagValue: 'b' }] })
    const KeyId = objectIn(created.json, 'KeyMetadata')['KeyId']
    assert.equal((await succeed('DescribeKey', { KeyId })).text, created.text)
  })

  it('shows a disabled key as not enabled', async () => {
    const key = await createDisabledKey()
    const { Enabled, KeyState, DeletionDate } = await metadataOf(key)
    assert.deepEqual(
      { Enabled, KeyState, DeletionDate },
      { Enabled: false, KeyState: 'Disabled', DeletionDate: undefined },
    )
  })

  it('shows the deletion date of a key that is pending deletion, and only there', async () => {
    const key = await createKey()
    assert.equal('DeletionDate' in (await metadataOf(key)), false)
    const { json } = await succeed('ScheduleKeyDeletion', { KeyId: key.id, PendingWindowInDays: 7 })
    const metadata = await metadataOf(key)
    assert.equal(metadata['KeyState'], 'PendingDeletion')
    assert.equal(metadata['Enabled'], false)
    assert.equal(metadata['DeletionDate'], json['DeletionDate'])
    assert.equal('PendingDeletionWindowInDays' in metadata, false)
    await succeed('CancelKeyDeletion', { KeyId: key.id })
    assert.equal('DeletionDate' in (await metadataOf(key)), false)
  })

  it('records the identifier as sent', async () => {
    const key = await createKey()
    const name = await createAlias(key)
    for (const KeyId of [key.id, key.arn, name]) {
      const answered = await succeed('DescribeKey', { KeyId })
      await expectRecord(answered, {
        eventName: 'DescribeKey',
        readOnly: true,
        requestParameters: { keyId: KeyId },
        resources: [key.arn],
      })
    }
  })

  it('records a malformed ARN as refused', async () => {
    // unverified wording
    const answered = await refuse('DescribeKey', { KeyId: 'arn:x' }, 'InvalidArnException', 'Invalid arn arn:x')
    await expectRecord(answered, {
      eventName: 'DescribeKey',
      readOnly: true,
      requestParameters: { keyId: 'arn:x' },
      errorCode: 'InvalidArnException',
      errorMessage: 'Invalid arn arn:x',
    })
  })

  it('records the denial of a key of another account without the key', async () => {
    const KeyId = 'arn:aws:kms:us-east-1:444455556666:key/00000000-0000-4000-8000-000000000000'
    const message =
      `User: arn:aws:iam::${account}:root is not authorized to perform: kms:DescribeKey on this resource because the ` +
      'resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy ' +
      'explicitly denies access'
    const answered = await deny('DescribeKey', { KeyId }, message)
    await expectRecord(answered, {
      eventName: 'DescribeKey',
      readOnly: true,
      requestParameters: { keyId: KeyId },
      errorCode: 'AccessDenied',
      errorMessage: message,
    })
  })

  requiredTest('DescribeKey', {}, 'KeyId')
  grantTokenTest('DescribeKey', async () => ({ KeyId: (await createKey()).id }))
  anyStateTest('DescribeKey')
  identifierTests({
    operation: 'DescribeKey',
    member: 'KeyId',
    rest: () => ({}),
    aliases: true,
    knowsInvalidArn: true,
    answered: (answer) => objectIn(answer, 'KeyMetadata')['Arn'],
  })
})
