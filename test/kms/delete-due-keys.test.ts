import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deleteDueKeys } from '#kms/jobs/delete-due-keys.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const day = 24 * 60 * 60 * 1000

describe('the deletion of due keys', () => {
  it('deletes a key at its deletion date, not before, and only as it was seen', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 7 })
    const keys = [...kms.keys.values()]
    const due = kms.now + 7 * day
    assert.deepEqual(deleteDueKeys(keys, due - 1), [])
    const place = { region: 'eu-central-1', account: '111122223333' }
    assert.deepEqual(deleteDueKeys(keys, due), [
      {
        changes: [{ kind: 'key deleted', place, keyId }],
        expectations: [{ kind: 'key', place, keyId, rev: 2 }],
        event: {
          eventName: 'DeleteKey',
          place,
          resource: {
            arn: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`,
            account: '111122223333',
            type: 'AWS::KMS::Key',
          },
          time: due,
        },
      },
    ])
  })

  it('leaves keys alone that are not pending deletion', async () => {
    const kms = new MemoryKms()
    await kms.createKey()
    await kms.run('DisableKey', { KeyId: await kms.createKey() })
    assert.deepEqual(deleteDueKeys([...kms.keys.values()], kms.now + 400 * day), [])
  })
})
