/** What every back end of the Storage port that is a database must do. Each back end's own test file runs this suite. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import {
  accessKeyId,
  accessKeyRecord,
  aliasName,
  aliasRecord,
  commitOf,
  keyAdded,
  keyRecord,
  place,
  rootAccessKey,
} from '../storage/fixtures.ts'
import { keyWithAliases } from './storage-conflicts.ts'
import { damagedGrantContract } from './storage-grants.ts'
import { damagedIamContract } from './storage-iam.ts'
import { policyTextStepsContract } from './storage-policy-texts.ts'
import { damagedRotationContract } from './storage-rotation.ts'
import { added, storageContract } from './storage.ts'
import type { DatabaseUnderTest, OpenStorage } from './storage.ts'

/** Runs the whole suite. */
export function databaseContract(backEnd: string, open: OpenStorage<DatabaseUnderTest>): void {
  storageContract(backEnd, open)

  describe(`${backEnd}: groups of commits, and domain keys`, () => {
    it('commits a group in its order, leaving out what conflicts or fails', async (t) => {
      const storage = await open(t)
      const key = await keyWithAliases(storage)
      const broken = keyRecord()
      await added(storage, keyAdded(broken))
      await storage.tamper('key', 'content', '{}', `key_id = '${broken.keyId}'`)
      const alias = aliasRecord('a', key)
      const outcomes = await storage.commitAll([
        commitOf([{ kind: 'alias added', alias }], [], '"first"'),
        commitOf([{ kind: 'alias added', alias }], [], '"second"'),
        commitOf([{ kind: 'key changed', key: broken }], [], '"third"'),
        commitOf([{ kind: 'alias removed', place, name: alias.name }], [], '"fourth"'),
        commitOf([{ kind: 'alias added', alias: { ...alias, creationDate: 9 } }], [], '"fifth"'),
      ])
      assert.deepEqual(
        outcomes.map((outcome) => (outcome instanceof Error ? outcome.name : outcome)),
        ['committed', 'conflict', 'IntegrityError', 'committed', 'committed'],
      )
      assert.equal((await storage.reader.alias(place, alias.name))?.creationDate, 9)
      const records = (await storage.outbox(0, 100)).map(({ record }) => record)
      assert.deepEqual(records.slice(-3), ['"first"', '"fourth"', '"fifth"'])
      assert.deepEqual(await storage.findings(), [
        { kind: 'row', table: 'key', primaryKey: `us-east-1/111122223333/${broken.keyId}` },
      ])
    })

    it('keeps domain keys by epoch and refuses a second one of the same', async (t) => {
      const storage = await open(t)
      await storage.addDomainKey({ epoch: 2, wrapped: 'c2Vjb25k' }, 5)
      const expected = [
        { epoch: 1, wrapped: 'd3JhcHBlZA==' },
        { epoch: 2, wrapped: 'c2Vjb25k' },
      ]
      assert.deepEqual(await storage.readDomainKeys(), expected)
      await assert.rejects(async () => storage.addDomainKey({ epoch: 2, wrapped: 'b3RoZXI=' }, 6))
      assert.deepEqual(await storage.readDomainKeys(), expected)
    })
  })

  describe(`${backEnd}: rows that somebody else changed`, () => {
    const edits: Readonly<Record<string, readonly [column: string, value: string | number | null]>> = {
      content: ['content', '{"keyId":"other"}'],
      'a revision': ['rev', 1],
      'a revision beyond all numbers': ['rev', 9007199254740993],
      'a negative revision': ['rev', -5],
      'an indexed column': ['deletion_date', 5],
      'an indexed column, removing its value,': ['deletion_date', null],
      'a date of rotation': ['next_rotation', 5],
    }
    for (const [what, [column, value]] of Object.entries(edits)) {
      it(`refuses the key with ${what} edited, and only that one`, async (t) => {
        const storage = await open(t)
        const key = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: 100 } })
        const other = keyRecord({ state: { kind: 'PendingDeletion', deletionDate: 101 } })
        await added(storage, keyAdded(key), keyAdded(other))
        await storage.tamper('key', column, value, `key_id = '${key.keyId}'`)
        const { reader } = storage
        await assert.rejects(
          async () => reader.key(place, key.keyId),
          (error) =>
            error instanceof IntegrityError &&
            error.message ===
              `The row us-east-1/111122223333/${key.keyId} of table key is not what was written: it was changed by another program, or damaged.`,
        )
        assert.equal((await reader.key(place, other.keyId))?.keyId, other.keyId)
        assert.equal((await reader.keyIds(place, undefined, 10)).length, 2)
        const damaged: string[] = []
        // A page of one: the damaged row, which comes first, takes nobody's place.
        const due = await reader.keysDueForDeletion(1_000, 1, undefined, ({ message }) => damaged.push(message))
        assert.deepEqual(
          due.map(({ keyId: id }) => id),
          [other.keyId],
        )
        if (value !== null)
          assert.match(damaged.join(), /^The row us-east-1\/111122223333\/\S+ of table key is not what/)
        await assert.rejects(async () => storage.commit(commitOf([{ kind: 'key changed', key }])), IntegrityError)
        await assert.rejects(
          async () => storage.commit(commitOf([{ kind: 'key deleted', place, keyId: key.keyId }])),
          IntegrityError,
        )
        assert.deepEqual(await storage.findings(), [
          { kind: 'row', table: 'key', primaryKey: `us-east-1/111122223333/${key.keyId}` },
          // Only a row whose columns and revision are what they were says what it was in the sum.
          ...(column === 'content' ? [] : [{ kind: 'undecided', table: 'key' }]),
        ])
      })
    }

    it('refuses an alias that was pointed at another key', async (t) => {
      const storage = await open(t)
      await keyWithAliases(storage, 'a')
      const other = await keyWithAliases(storage)
      await storage.tamper('alias', 'target_key_id', other.keyId, `name = 'alias/a'`)
      await assert.rejects(async () => storage.reader.alias(place, aliasName('a')), IntegrityError)
      await assert.rejects(async () => storage.reader.aliases(place, undefined, 10, other.keyId), IntegrityError)
    })

    it('refuses an access key that was renamed or moved', async (t) => {
      const storage = await open(t)
      await added(storage, { kind: 'access key added', accessKey: accessKeyRecord('AKIAOTHER') })
      await storage.tamper('access_key', 'access_key_id', 'AKIATHIRD', `access_key_id = 'AKIAOTHER'`)
      await assert.rejects(async () => storage.reader.accessKey(accessKeyId('AKIATHIRD')), IntegrityError)
      assert.ok(await storage.reader.accessKey(rootAccessKey.accessKeyId))
    })
  })

  damagedGrantContract(backEnd, open)
  damagedRotationContract(backEnd, open)
  damagedIamContract(backEnd, open)
  policyTextStepsContract(backEnd, open)
}
