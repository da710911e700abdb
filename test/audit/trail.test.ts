import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { Trail } from '#audit/trail.ts'
import { TrailReader } from '#audit/reader.ts'
import { chainKey, clockAt, openTrail, pageOf, recordAt, temporaryDirectory } from './fixtures.ts'

describe('the trail', () => {
  it('numbers records from 1 and goes on after it was opened again', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    assert.equal(trail.head().seq, 0)
    assert.equal(trail.append([pageOf(['{"a":1}', '{"a":2}'], 10)]).seq, 2)
    const head = trail.append([pageOf(['{"a":3}'], 20), pageOf(['{"a":4}'], 15)])
    assert.equal(head.seq, 4)
    trail.close()
    const again = openTrail(directory)
    assert.deepEqual(again.head(), head)
    assert.equal(again.append([pageOf(['{"a":5}'], 30)]).seq, 5)
    again.close()
  })

  it('stores the pages of one flush as one row, up to the size of a row', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory, { maxRowBytes: 20 })
    trail.append([pageOf(['{"a":1}'], 30), pageOf(['{"a":2}'], 10), pageOf(['{"a":3}'], 20)])
    trail.close()
    const db = new DatabaseSync(join(directory, 'trail.db'))
    const rows = db.prepare('SELECT first_seq, count, min_ms, max_ms FROM page ORDER BY 1').all()
    db.close()
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        [1, 2, 10, 30],
        [3, 1, 20, 20],
      ],
    )
  })

  it('keeps its file to its owner', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    trail.append([pageOf(['{}'], 1)])
    for (const name of ['trail.db', 'trail.db-wal']) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
    trail.close()
  })

  it('refuses a file that a newer version wrote', () => {
    const directory = temporaryDirectory()
    openTrail(directory).close()
    const db = new DatabaseSync(join(directory, 'trail.db'))
    db.exec('PRAGMA user_version = 3')
    db.close()
    assert.throws(
      () => openTrail(directory),
      /trail\.db was written by a newer version of Trent \(schema 3; this version knows 2\)/,
    )
    assert.throws(() => new TrailReader(join(directory, 'trail.db')), /newer version of Trent/)
  })

  it('refuses a file that is no trail', () => {
    const directory = temporaryDirectory()
    const db = new DatabaseSync(join(directory, 'trail.db'))
    db.exec('CREATE TABLE other (a)')
    db.close()
    assert.throws(() => openTrail(directory), /trail\.db is not an audit trail/)
    writeFileSync(join(directory, 'text.db'), 'not a database, but long enough to be looked at'.repeat(50))
    assert.throws(() => openTrail(directory, { path: join(directory, 'text.db') }), /not a database/)
  })

  it('refuses a trail whose newest page was changed, and another key', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    trail.append([pageOf(['{"a":1}'], 1)])
    trail.append([pageOf(['{"a":2}'], 1)])
    trail.close()
    const otherKey = new HmacKey('sha256', Buffer.alloc(32, 8))
    assert.throws(() => openTrail(directory, { chainKey: otherKey }), IntegrityError)
    const db = new DatabaseSync(join(directory, 'trail.db'))
    db.exec(`UPDATE page SET bytes = CAST('{"a":3}' || char(10) AS BLOB) WHERE first_seq = 2`)
    db.close()
    assert.throws(() => openTrail(directory), IntegrityError)
  })

  it('refuses a trail that lost what was anchored', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    trail.append([pageOf(['{"a":1}'], 1)])
    const anchor = trail.append([pageOf(['{"a":2}'], 1)])
    trail.append([pageOf(['{"a":3}'], 1)])
    trail.close()
    openTrail(directory, { anchor }).close()
    assert.throws(() => openTrail(directory, { anchor: { seq: 2, hash: Buffer.alloc(32) } }), IntegrityError)
    const db = new DatabaseSync(join(directory, 'trail.db'))
    db.exec('DELETE FROM page WHERE first_seq >= 2')
    db.close()
    assert.throws(
      () => openTrail(directory, { anchor }),
      /ends at record 1, but record 2 was in it: its end was removed/,
    )
    assert.throws(() => openTrail(temporaryDirectory(), { anchor }), /trail\.db is gone/)
  })

  it('passes over entries of the outbox that it has', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    const entry = (id: number): { id: number; record: string } => ({ id, record: recordAt(1000 + id, id) })
    trail.appendFromOutbox([entry(1), entry(2)])
    trail.append([pageOf([recordAt(5000, 99)], 5000)])
    trail.close()
    const again = openTrail(directory)
    assert.equal(again.lastOutboxId, 2)
    assert.equal(again.appendFromOutbox([entry(1), entry(2), entry(3)]).seq, 4)
    assert.equal(again.appendFromOutbox([entry(3)]).seq, 4)
    assert.equal(again.lastOutboxId, 3)
    again.close()
  })

  it('stores nothing of a flush that fails', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory, { maxRowBytes: 1 })
    const head = trail.append([pageOf(['{"a":1}'], 1)])
    // SQLite has no integer for it.
    assert.throws(() => trail.append([pageOf(['{"a":2}'], 1), pageOf(['{"a":3}'], 0.5)]))
    assert.deepEqual(trail.head(), head)
    assert.equal(trail.append([pageOf(['{"a":2}'], 1)]).seq, 2)
    trail.close()
  })

  it('empties its log in a quiet moment, and doesn’t wait for a reader to do so', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    for (let index = 0; index < 50; index++) trail.append([pageOf([recordAt(index, index)], index)])
    assert.equal(trail.logBytes() > 0, true)
    trail.idle()
    assert.equal(trail.logBytes(), 0)
    trail.append([pageOf(['{}'], 1)])
    const db = new DatabaseSync(join(directory, 'trail.db'), { readOnly: true })
    db.exec('BEGIN')
    db.prepare('SELECT count(*) FROM page').get()
    const before = performance.now()
    trail.idle()
    assert.equal(performance.now() - before < 1000, true)
    db.exec('COMMIT')
    db.close()
    trail.close()
  })

  it('bounds its log while it is busy', () => {
    const directory = temporaryDirectory()
    const trail = openTrail(directory)
    const page = pageOf([`{"text":"${'x'.repeat(200_000)}"}`], 1)
    for (let index = 0; index < 200; index++) trail.append([page])
    assert.equal(trail.logBytes() < 8_388_608, true)
    trail.close()
  })

  it('refuses to go on with another file after a failure', () => {
    const directory = temporaryDirectory()
    const other = temporaryDirectory()
    const trail = openTrail(directory)
    trail.append([pageOf(['{"a":1}'], 1)])
    trail.reopen()
    assert.equal(trail.append([pageOf(['{"a":2}'], 1)]).seq, 2)
    trail.close()
    const second = new Trail({ path: join(other, 'trail.db'), chainKey: chainKey(), clock: clockAt(0) })
    second.append([pageOf(['{"b":1}', '{"b":2}'], 1)])
    second.close()
    assert.throws(() => openTrail(other, { anchor: trail.head() }), /not the one that record 2 was anchored in/)
  })
})
