import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseAliasName } from '#base/brand.ts'
import { deleteDueKey } from '#kms/jobs/delete-due-keys.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const day = 24 * 60 * 60 * 1000

describe('the deletion of due keys', () => {
  it('deletes a key and its aliases at its deletion date, not before, and only as it was seen', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 7 })
    const [key] = kms.keys.values()
    assert.ok(key)
    const alias = parseAliasName('alias/a')!
    const due = kms.now + 7 * day
    assert.equal(deleteDueKey(key, { aliases: [alias], relatives: [] }, due - 1), undefined)
    const place = { region: 'eu-central-1', account: '111122223333' }
    assert.deepEqual(deleteDueKey(key, { aliases: [alias], relatives: [] }, due), {
      changes: [
        { kind: 'alias removed', place, name: alias },
        { kind: 'key deleted', place, keyId },
        {
          kind: 'policy text kept',
          hash: createHash('sha256').update(key.policy).digest('hex'),
          text: key.policy,
          keptAt: due,
        },
      ],
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
    })
  })

  it('leaves keys alone that are not pending deletion', async () => {
    const kms = new MemoryKms()
    await kms.createKey()
    await kms.run('DisableKey', { KeyId: await kms.createKey() })
    const deletions = [...kms.keys.values()].map((key) =>
      deleteDueKey(key, { aliases: [], relatives: [] }, kms.now + 400 * day),
    )
    assert.deepEqual(deletions, [undefined, undefined])
  })
})
