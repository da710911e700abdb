import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseAliasName } from '#base/brand.ts'
import { deleteDueKey } from '#kms/jobs/delete-due-keys.ts'
import { relativesOf, unchanged } from '#kms/key/multi-region.ts'
import { MemoryKms, otherRegion, region } from '../support/memory-kms.ts'

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

  it('of a replica makes whoever saw it before look again, and tells it from one that is missing', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey({ MultiRegion: true })
    await kms.run('ReplicateKey', { KeyId: keyId, ReplicaRegion: otherRegion })
    const [primary, replica] = [region, otherRegion].map((each) =>
      [...kms.keys.values()].find((key) => key.region === each),
    )
    assert.ok(primary && replica)
    const due = { ...replica, state: { kind: 'PendingDeletion', deletionDate: kms.now } } as const
    const { changes } = deleteDueKey(due, { aliases: [], relatives: [primary] }, kms.now) ?? assert.fail()
    const [removed] = changes
    assert.equal(removed?.kind, 'key deleted')
    assert.equal(kms.memory.commit({ changes: [removed], expectations: [], record: '' }), 'committed')
    assert.throws(() => relativesOf(primary, kms.memory.reader), { name: 'IntegrityError', message: / is missing$/ })
    assert.equal(kms.memory.commit({ changes: changes.slice(1), expectations: [], record: '' }), 'committed')
    assert.deepEqual(relativesOf(primary, kms.memory.reader), [])
    assert.equal(kms.memory.commit({ changes: [], expectations: unchanged([primary]), record: '' }), 'conflict')
  })
})
