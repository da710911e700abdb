/** The part of the storage contract about commits that must not happen. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import {
  accessKeyId,
  accessKeyRecord,
  account,
  aliasName,
  aliasRecord,
  commitOf,
  keyAdded,
  keyId,
  keyRecord,
  materialOf,
  otherAccount,
  otherRegion,
  place,
  rootAccessKey,
} from '../storage/fixtures.ts'
import type { OpenStorage, StorageUnderTest } from './storage.ts'

/** Adds a key with aliases of these names. */
export async function keyWithAliases(storage: StorageUnderTest, ...names: string[]): Promise<KeyRecord> {
  const key = keyRecord()
  const aliases = names.map((name): Change => ({ kind: 'alias added', alias: aliasRecord(name, key) }))
  assert.equal(await storage.commit(commitOf([keyAdded(key), ...aliases])), 'committed')
  return key
}

/** Runs this part of the suite. */
export function conflictContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: conflicts`, () => {
    const conflicts: Readonly<Record<string, (key: KeyRecord, other: KeyRecord) => Change>> = {
      'adding a key that is there': (key) => keyAdded(key),
      'adding material that is there': (key) => ({
        kind: 'key added',
        key: keyRecord(),
        material: materialOf(key),
      }),
      'adding material of a key that is not there': () => ({
        kind: 'key added',
        key: keyRecord(),
        material: materialOf(keyRecord()),
      }),
      'changing a key that is not there': () => ({ kind: 'key changed', key: keyRecord() }),
      'deleting a key that is not there': () => ({ kind: 'key deleted', place, keyId: keyId() }),
      'deleting a key of another region': (key) => ({ kind: 'key deleted', place: otherRegion, keyId: key.keyId }),
      'adding an alias that is there': (_, other) => ({ kind: 'alias added', alias: aliasRecord('a', other) }),
      'adding an alias of a key that is not there': () => ({
        kind: 'alias added',
        alias: aliasRecord('new', keyRecord()),
      }),
      'changing an alias that is not there': (key) => ({ kind: 'alias changed', alias: aliasRecord('none', key) }),
      'pointing an alias at a key that is not there': () => ({
        kind: 'alias changed',
        alias: aliasRecord('a', keyRecord()),
      }),
      'removing an alias that is not there': () => ({ kind: 'alias removed', place, name: aliasName('none') }),
      'adding an account that is there': () => ({ kind: 'account added', account }),
      'adding an access key that is there': () => ({ kind: 'access key added', accessKey: rootAccessKey }),
      'adding an access key of an account that is not there': () => ({
        kind: 'access key added',
        accessKey: accessKeyRecord('AKIANEW', { account: otherAccount.account }),
      }),
      'changing an access key that is not there': () => ({
        kind: 'access key changed',
        accessKey: accessKeyRecord('AKIANONE'),
      }),
      'moving an access key to another account': () => ({
        kind: 'access key changed',
        accessKey: { ...rootAccessKey, account: otherAccount.account },
      }),
      'removing an access key that is not there': () => ({
        kind: 'access key removed',
        accessKeyId: accessKeyId('AKIANONE'),
        account: place.account,
      }),
      'removing an access key of another account': () => ({
        kind: 'access key removed',
        accessKeyId: rootAccessKey.accessKeyId,
        account: otherAccount.account,
      }),
    }
    for (const [what, change] of Object.entries(conflicts)) {
      it(`answers conflict and stores nothing when ${what}`, async (t) => {
        const storage = await open(t)
        const key = await keyWithAliases(storage, 'a')
        const other = await keyWithAliases(storage)
        const head = await storage.head()
        const outbox = await storage.outbox(0, 100)
        const bystander = keyRecord()
        const commit = commitOf([keyAdded(bystander), change(key, other)])
        assert.equal(await storage.commit(commit), 'conflict')
        assert.deepEqual(await storage.head(), head)
        assert.deepEqual(await storage.outbox(0, 100), outbox)
        assert.equal(await storage.reader.key(place, bystander.keyId), undefined)
        assert.deepEqual(await storage.findings(), [])
      })
    }

    it('answers conflict when a row is no longer as the operation saw it', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage, 'a')
      const { revision: rev } = await storage.head()
      const change: Change = { kind: 'key changed', key: { ...key, description: 'new' } }
      assert.equal(
        await storage.commit(commitOf([change], [{ kind: 'key', place, keyId: key.keyId, rev }])),
        'committed',
      )
      assert.equal(
        await storage.commit(commitOf([change], [{ kind: 'key', place, keyId: key.keyId, rev }])),
        'conflict',
      )
      const alias = { kind: 'alias', place, name: aliasName('a') } as const
      assert.equal(await storage.commit(commitOf([], [{ ...alias, rev }])), 'committed')
      assert.equal(await storage.commit(commitOf([], [{ ...alias, rev: rev - 1 }])), 'conflict')
      assert.equal(await storage.commit(commitOf([], [{ ...alias, name: aliasName('gone'), rev }])), 'conflict')
      assert.equal(await storage.commit(commitOf([], [{ kind: 'key', place, keyId: keyId(), rev }])), 'conflict')
    })
  })
}
