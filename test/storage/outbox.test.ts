/** Audit records between their commit and the trail: what somebody who may write to the database can't do to them unnoticed. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import type { SqliteWriter } from '#storage/sqlite/writer.ts'
import { aliasRecord, commitOf, installedDatabase, keyRecord, temporaryDirectory, testKeys } from './fixtures.ts'

const keys = testKeys()

/** A database with the outbox records 1 (of the installation) to 4. */
function withRecords(t: TestContext): { readonly file: string; readonly open: () => SqliteWriter } {
  const file = installedDatabase(temporaryDirectory(t), keys)
  const open = (): SqliteWriter => {
    const writer = openWriter(file, keys)
    t.after(() => writer.close())
    return writer
  }
  const writer = open()
  for (const record of ['"2"', '"3"', '"4"']) writer.commit(commitOf([], [], record))
  writer.close()
  return { file, open }
}

function behindOurBack(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

function refuses(work: () => unknown, message: string): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof IntegrityError, String(error))
    assert.equal(error.message, message)
    return true
  })
}

describe('the outbox', () => {
  it('is whole when it has every record behind those in the trail, and may still have those', (t) => {
    const writer = withRecords(t).open()
    for (const moved of [0, 1, 4]) writer.requireWholeOutbox(moved)
    writer.removeFromOutbox(2)
    for (const moved of [2, 3, 4]) writer.requireWholeOutbox(moved)
    refuses(
      () => writer.requireWholeOutbox(0),
      'The audit records 1 to 2 of changes are neither in the outbox nor in the audit trail: removed by another program.',
    )
  })

  it('refuses to be opened when the trail has ids that were never given', (t) => {
    const writer = withRecords(t).open()
    refuses(
      () => writer.requireWholeOutbox(5),
      "The audit trail holds the records of changes up to number 5, but the keys' database has made only 4: one of the two is an older copy, or belongs elsewhere. Restore both from the same backup.",
    )
  })

  it('never gives an id again, also when it was emptied, reopened, or a commit failed', (t) => {
    const { file, open } = withRecords(t)
    const writer = open()
    writer.removeFromOutbox(4)
    const outcomes = writer.commitAll([
      commitOf([{ kind: 'alias added', alias: aliasRecord('a', keyRecord()) }], [], '"conflict"'),
      commitOf([], [], '"5"'),
    ])
    assert.deepEqual(outcomes, ['conflict', 'committed'])
    writer.close()
    behindOurBack(file, 'DELETE FROM outbox')
    const again = open()
    assert.equal(again.lastOutboxId, 5)
    again.commit(commitOf([], [], '"6"'))
    assert.deepEqual(again.outbox(0, 10), [{ id: 6, record: '"6"' }])
    refuses(
      () => again.requireWholeOutbox(4),
      'The audit record 5 of a change is neither in the outbox nor in the audit trail: removed by another program.',
    )
  })

  it('refuses a record that was edited, exchanged or made up, and answers those before it', (t) => {
    const tampering: Readonly<Record<string, string>> = {
      edited: `UPDATE outbox SET record = '"x"' WHERE id = 3`,
      exchanged: `UPDATE outbox SET (record, mac) = (SELECT record, mac FROM outbox WHERE id = 2) WHERE id = 3`,
      'without its mac': `UPDATE outbox SET mac = x'' WHERE id = 3`,
    }
    const message =
      'The audit record 3 of a change, which waits in the outbox, is not what was written: it was changed or added by another program, or damaged.'
    for (const [what, sql] of Object.entries(tampering)) {
      const { file, open } = withRecords(t)
      behindOurBack(file, sql)
      const writer = open()
      assert.deepEqual(
        writer.outbox(0, 10).map(({ id }) => id),
        [1, 2],
        what,
      )
      refuses(() => writer.outbox(2, 10), message)
      refuses(() => writer.requireWholeOutbox(0), message)
      writer.requireWholeOutbox(3)
    }
    const { file, open } = withRecords(t)
    behindOurBack(file, `INSERT INTO outbox VALUES (5, '"forged"', zeroblob(32))`)
    const writer = open()
    refuses(() => writer.requireWholeOutbox(4), message.replace('record 3', 'record 5'))
  })

  it('is read in pieces of a size', (t) => {
    const writer = withRecords(t).open()
    assert.deepEqual(
      writer.outbox(1, 10, 4).map(({ id }) => id),
      [2, 3],
    )
    assert.equal(writer.outboxBytes, '{"eventName":"CreateInstallation"}'.length + 9)
    writer.removeFromOutbox(3)
    assert.equal(writer.outboxBytes, 3)
  })
})

describe('the head of a running writer', () => {
  it('can not be set back after a transaction failed', (t) => {
    const { file, open } = withRecords(t)
    const writer = open()
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM head')
    writer.commit(commitOf([], [], '"5"'))
    // A lock that another program holds fails the transaction.
    const other = new DatabaseSync(file)
    other.exec('UPDATE head SET sealed = (SELECT sealed FROM old); DROP TABLE old')
    other.exec('BEGIN IMMEDIATE')
    assert.throws(() => writer.commit(commitOf([], [], '"6"')), /holds a lock/)
    other.close()
    assert.throws(() => writer.commit(commitOf([], [], '"6"')), /was set back by another program/)
  })
})
