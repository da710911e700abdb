import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { HmacKey } from '#crypto/hmac.ts'
import type { KeyRecord } from '#records/key.ts'
import { checkAnchor, openAnchor } from '#storage/anchor.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import type { Finding } from '#storage/sqlite/verify.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import {
  aliasRecord,
  commitOf,
  grantRecord,
  installedDatabase,
  keyAdded,
  keyRecord,
  numberedKeyId,
  place,
  temporaryDirectory,
  testKeys,
  userRecord,
} from './fixtures.ts'

const keys = testKeys()
const zeros = '0'.repeat(64)

const undecided: Finding = { kind: 'undecided', table: 'key' }

/** A database with keys 1 to `count`, the first with alias `a`. */
function filled(t: TestContext, count = 3) {
  const dir = temporaryDirectory(t)
  const file = installedDatabase(dir, keys)
  const writer = openWriter(file, keys)
  t.after(() => writer.close())
  const records = Array.from({ length: count }, (_, index) => keyRecord({ keyId: numberedKeyId(index + 1) }))
  const [first] = records
  writer.commit(commitOf([...records.map(keyAdded), { kind: 'alias added', alias: aliasRecord('a', first!) }]))
  return { dir, file, writer, records, first: first! }
}

/** Runs SQL as somebody who may write to the file but has none of our keys. */
function behindOurBack(file: string, sql: string): void {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  db.exec(sql)
  db.close()
}

async function findings(file: string): Promise<readonly Finding[]> {
  return (await verifyAll({ file, keys })).findings
}

function keyRow(record: KeyRecord): Finding {
  return { kind: 'row', table: 'key', primaryKey: `us-east-1/111122223333/${record.keyId}` }
}

describe('the full scan', () => {
  it('finds nothing wrong with what was written, and counts it', async (t) => {
    const { file, writer } = filled(t)
    const verification = await verifyAll({ file, keys })
    assert.deepEqual(verification, { head: writer.head(), rows: 9, findings: [] })
  })

  it('looks at every table', async (t) => {
    const { file, writer, first } = filled(t)
    const user = userRecord('alice')
    writer.commit(
      commitOf([
        { kind: 'grant added', grant: grantRecord(first, 1) },
        { kind: 'iam added', entity: user },
        { kind: 'policy text kept', hash: 'abc', text: '{}', keptAt: 5 },
      ]),
    )
    assert.equal((await verifyAll({ file, keys })).rows, 12)
    const tables = ['account', 'access_key', 'iam', 'key', 'key_material', 'alias', 'key_grant', 'policy_text']
    for (const table of tables) behindOurBack(file, `UPDATE ${table} SET content = '{}'`)
    const found = await findings(file)
    assert.deepEqual([...new Set(found.map((finding) => 'table' in finding && finding.table))], tables)
    for (const table of tables) behindOurBack(file, `DELETE FROM ${table}`)
    assert.deepEqual(
      await findings(file),
      tables.map((table) => {
        const rows = table === 'key' || table === 'key_material' ? 3 : 1
        return { kind: 'table', table, expectedRows: rows, foundRows: 0 }
      }),
    )
  })

  it('reports progress chunk by chunk and lets other work run in between', async (t) => {
    const { file, writer } = filled(t, 5_000)
    const progress: number[] = []
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const running = verifyAll({ file, keys, chunk: 500, onProgress: (rows) => progress.push(rows) })
    // Committed during the scan, which looks at one snapshot.
    writer.commit(commitOf([keyAdded(keyRecord())]))
    const { findings: found, rows } = await running
    clearInterval(timer)
    assert.deepEqual(found, [])
    assert.equal(rows, 10_003)
    assert.ok(progress.length >= 20, `${progress.length} steps`)
    assert.ok(turns > 2, `${turns} turns`)
  })

  it('ends when it is told to', async (t) => {
    const { file } = filled(t)
    const abort = new AbortController()
    const running = verifyAll({ file, keys, chunk: 1, onProgress: () => abort.abort(), signal: abort.signal })
    await assert.rejects(running, { name: 'AbortError' })
  })

  it('finds a row whose MAC was edited, which the reader refuses as well', async (t) => {
    const { file, first, records } = filled(t)
    behindOurBack(file, `UPDATE key SET mac = zeroblob(32) WHERE key_id = '${first.keyId}'`)
    assert.deepEqual(await findings(file), [keyRow(first), undecided])
    const reader = openReader(file, keys.stateMac)
    t.after(() => reader.close())
    assert.throws(() => reader.key(place, first.keyId), IntegrityError)
    assert.ok(reader.key(place, records[1]!.keyId))
  })

  it('finds a MAC of another length', async (t) => {
    const { file, first } = filled(t)
    behindOurBack(file, `UPDATE key SET mac = x'00' WHERE key_id = '${first.keyId}'`)
    assert.deepEqual(await findings(file), [keyRow(first), undecided])
  })

  it('finds the row of another key put in its place', async (t) => {
    const { file, first, records } = filled(t)
    behindOurBack(
      file,
      `UPDATE key SET (content, rev, mac) = (SELECT content, rev, mac FROM key WHERE key_id = '${records[1]!.keyId}')
       WHERE key_id = '${first.keyId}'`,
    )
    assert.deepEqual(await findings(file), [keyRow(first), undecided])
  })

  it('finds a row whose content was edited, and that all others are what they were', async (t) => {
    const { file, first } = filled(t)
    behindOurBack(file, `UPDATE key SET content = '{}' WHERE key_id = '${first.keyId}'`)
    assert.deepEqual(await findings(file), [keyRow(first)])
  })

  it('says that it can not judge a table in which one row was edited and another one set back', async (t) => {
    const { file, writer, first, records } = filled(t)
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM key')
    writer.commit(commitOf([{ kind: 'key changed', key: { ...first, state: { kind: 'Disabled' } } }]))
    behindOurBack(
      file,
      `UPDATE key SET (content, rev, mac) = (SELECT content, rev, mac FROM old WHERE old.key_id = key.key_id)
       WHERE key_id = '${first.keyId}'; DROP TABLE old;
       UPDATE key SET content = '{}' WHERE key_id = '${records[1]!.keyId}'`,
    )
    assert.deepEqual(await findings(file), [keyRow(records[1]!), undecided])
  })

  it('finds waiting audit records that were edited, added or removed', async (t) => {
    const { file, writer } = filled(t)
    writer.commit(commitOf([], [], '"third"'))
    const entry = (id: number): Finding => ({ kind: 'row', table: 'outbox', primaryKey: String(id) })
    behindOurBack(file, `UPDATE outbox SET record = '"edited"' WHERE id = 3`)
    assert.deepEqual(await findings(file), [entry(3)])
    behindOurBack(file, `UPDATE outbox SET record = '"third"' WHERE id = 3; INSERT INTO outbox VALUES (4, '{}', x'00')`)
    assert.deepEqual(await findings(file), [
      entry(4),
      { kind: 'table', table: 'outbox', expectedRows: 3, foundRows: 4 },
    ])
    behindOurBack(file, 'DELETE FROM outbox WHERE id IN (2, 4)')
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'outbox', expectedRows: 3, foundRows: 2 }])
  })

  it('compares the database with its anchor when it is given one', async (t) => {
    const { file, writer } = filled(t)
    const { revision, digest } = writer.head()
    const state = { revision, headDigest: digest, trailSequence: 0, trailHash: zeros }
    assert.deepEqual((await verifyAll({ file, keys, anchor: state })).findings, [])
    const [finding] = (await verifyAll({ file, keys, anchor: { ...state, revision: revision + 1 } })).findings
    assert.equal(finding?.kind, 'anchor')
    assert.match(finding.problem, /^The database is older than its anchor: it was rolled back/)
  })

  it('finds a made-up row', async (t) => {
    const { file } = filled(t)
    behindOurBack(file, `INSERT INTO account VALUES ('999999999999', '{}', 1, zeroblob(32))`)
    assert.deepEqual(await findings(file), [
      { kind: 'row', table: 'account', primaryKey: '999999999999' },
      { kind: 'table', table: 'account', expectedRows: 1, foundRows: 2 },
    ])
  })

  it('finds that a row was deleted', async (t) => {
    const { file } = filled(t)
    behindOurBack(file, `DELETE FROM alias`)
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'alias', expectedRows: 1, foundRows: 0 }])
  })

  it('finds that a row was moved out of the sight of a scan by rowid', async (t) => {
    const { file } = filled(t)
    behindOurBack(file, `UPDATE alias SET rowid = 9223372036854775807`)
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'alias', expectedRows: 1, foundRows: 0 }])
  })

  it('finds that a row was set back to an older state with the MAC of that time', async (t) => {
    const { file, writer, first } = filled(t)
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM key')
    writer.commit(commitOf([{ kind: 'key changed', key: { ...first, state: { kind: 'Disabled' } } }]))
    behindOurBack(
      file,
      `UPDATE key SET (content, rev, mac) = (SELECT content, rev, mac FROM old WHERE old.key_id = key.key_id)
       WHERE key_id = '${first.keyId}'; DROP TABLE old`,
    )
    const reader = openReader(file, keys.stateMac)
    t.after(() => reader.close())
    assert.equal(reader.key(place, first.keyId)?.state.kind, 'Enabled', 'its MAC alone can not tell')
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'key', expectedRows: 3, foundRows: 3 }])
  })

  it('still finds it after the row that was set back is changed again', async (t) => {
    const { file, writer, first } = filled(t)
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM key')
    writer.commit(commitOf([{ kind: 'key changed', key: { ...first, state: { kind: 'Disabled' } } }]))
    behindOurBack(
      file,
      `UPDATE key SET (content, rev, mac) = (SELECT content, rev, mac FROM old WHERE old.key_id = key.key_id)
       WHERE key_id = '${first.keyId}'; DROP TABLE old`,
    )
    writer.commit(commitOf([{ kind: 'key changed', key: first }]))
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'key', expectedRows: 3, foundRows: 3 }])
  })

  it('finds that a removed alias was put back, and that a whole table was', async (t) => {
    const { file, writer, records } = filled(t)
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM alias')
    writer.commit(
      commitOf([
        { kind: 'alias changed', alias: aliasRecord('a', records[1]!) },
        { kind: 'alias added', alias: aliasRecord('b', records[1]!) },
      ]),
    )
    behindOurBack(file, 'DELETE FROM alias; INSERT INTO alias SELECT * FROM old; DROP TABLE old')
    assert.deepEqual(await findings(file), [{ kind: 'table', table: 'alias', expectedRows: 2, foundRows: 1 }])
  })

  it('finds that the head was set back, as the anchor does', async (t) => {
    const { dir, file, writer, first } = filled(t)
    const anchorKey = new HmacKey('sha256', Buffer.alloc(32, 3))
    const anchor = openAnchor(join(dir, 'anchor'), anchorKey, 'new')
    t.after(() => anchor.close())
    behindOurBack(file, 'CREATE TABLE old AS SELECT * FROM head')
    writer.commit(commitOf([{ kind: 'key changed', key: { ...first, description: '' } }]))
    anchor.write({
      revision: writer.head().revision,
      headDigest: writer.head().digest,
      trailSequence: 0,
      trailHash: zeros,
    })
    checkAnchor(anchor.state, writer.head())
    writer.close()
    behindOurBack(file, 'DELETE FROM head; INSERT INTO head SELECT * FROM old; DROP TABLE old')
    assert.deepEqual(await findings(file), [
      { kind: 'table', table: 'key', expectedRows: 3, foundRows: 3 },
      { kind: 'table', table: 'outbox', expectedRows: 2, foundRows: 3 },
    ])
    const reopened = openWriter(file, keys)
    t.after(() => reopened.close())
    assert.throws(() => checkAnchor(anchor.state, reopened.head()), /database revision 2, anchor revision 3/)
  })

  it('finds nothing when the whole database was set back; that is what the anchor is for', async (t) => {
    const { dir, file, writer, first } = filled(t)
    writer.close()
    copyFileSync(file, join(dir, 'backup.db'))
    const second = openWriter(file, keys)
    second.commit(commitOf([{ kind: 'key changed', key: { ...first, state: { kind: 'Disabled' } } }]))
    const { revision, digest } = second.head()
    second.close()
    copyFileSync(join(dir, 'backup.db'), file)
    assert.deepEqual(await findings(file), [])
    const third = openWriter(file, keys)
    t.after(() => third.close())
    const state = { revision, headDigest: digest, trailSequence: 0, trailHash: zeros }
    assert.throws(() => checkAnchor(state, third.head()), /older than its anchor: it was rolled back/)
    // Even when as many commits follow.
    third.commit(commitOf([]))
    assert.throws(() => checkAnchor(state, third.head()), /both are at revision 3, with different contents/)
  })

  it('finds that the head is missing or was edited; a writer refuses to start', async (t) => {
    const { file, writer } = filled(t)
    writer.close()
    behindOurBack(file, 'UPDATE head SET sealed = zeroblob(200)')
    assert.deepEqual(await findings(file), [{ kind: 'head' }])
    assert.throws(() => openWriter(file, keys), IntegrityError)
    behindOurBack(file, 'DELETE FROM head')
    assert.deepEqual(await findings(file), [{ kind: 'head' }])
    assert.throws(() => openWriter(file, keys), IntegrityError)
  })

  it('lists a hundred bad rows of a table and counts the others', async (t) => {
    const { file } = filled(t, 250)
    behindOurBack(file, `UPDATE key_material SET content = '{}'`)
    const found = await findings(file)
    assert.equal(found.length, 101)
    assert.deepEqual(found.at(-1), { kind: 'more rows', table: 'key_material', count: 150 })
  })

  it('finds every row with other keys than those it was written with', async (t) => {
    const { file } = filled(t)
    const stateMac = new HmacKey('sha256', Buffer.alloc(32, 9))
    const { findings: found } = await verifyAll({ file, keys: { ...keys, stateMac } })
    // And the two waiting audit records.
    assert.equal(found.filter(({ kind }) => kind === 'row').length, 11)
  })
})
