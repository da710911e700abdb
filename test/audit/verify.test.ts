import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { Head } from '#audit/page.ts'
import { TrailReader } from '#audit/reader.ts'
import type { Verdict } from '#audit/verify.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { chainKey, clockAt, openTrail, pageOf, recordAt, temporaryDirectory } from './fixtures.ts'

const day = 86_400_000

/** A trail of ten pages of two records, one a day. */
function tenPages(): { path: string; directory: string; head: Head } {
  const directory = temporaryDirectory()
  const trail = openTrail(directory)
  for (let page = 0; page < 10; page++) {
    const time = page * day
    trail.append([pageOf([recordAt(time, page * 2 + 1), recordAt(time, page * 2 + 2)], time)])
  }
  const head = trail.head()
  trail.close()
  return { path: join(directory, 'trail.db'), directory, head }
}

function edit(path: string, ...statements: readonly string[]): void {
  const db = new DatabaseSync(path)
  for (const statement of statements) assert.equal(Number(db.prepare(statement).run().changes) > 0, true, statement)
  db.close()
}

async function verify(path: string, anchor?: Head, key = chainKey()): Promise<Verdict> {
  const reader = new TrailReader(path)
  const verdict = await reader.verify(key, { anchor })
  reader.close()
  return verdict
}

describe('verifying the trail', () => {
  it('finds an untouched trail intact', async () => {
    const { path, head } = tenPages()
    const verdict = await verify(path, head)
    assert.deepEqual(verdict, { ok: true, records: 20, pages: 10, removedUpTo: 0, head, anchor: 'matches' })
  })

  it('finds an empty trail intact', async () => {
    const directory = temporaryDirectory()
    openTrail(directory).close()
    const verdict = await verify(join(directory, 'trail.db'))
    assert.equal(verdict.ok && verdict.head.seq === 0 && verdict.anchor === 'none given', true)
  })

  it('detects a changed byte', async () => {
    const { path } = tenPages()
    edit(
      path,
      `UPDATE page SET bytes = CAST(replace(CAST(bytes AS TEXT), '"serial":7', '"serial":8') AS BLOB) WHERE first_seq = 7`,
    )
    assert.deepEqual(await verify(path), {
      ok: false,
      seq: 7,
      problem:
        'records 7 to 8: the chain is broken here. They were changed, put elsewhere, or not written by this installation',
    })
  })

  it('detects a removed page', async () => {
    const { path } = tenPages()
    edit(path, 'DELETE FROM page WHERE first_seq = 7')
    assert.deepEqual(await verify(path), { ok: false, seq: 7, problem: 'records 7 to 8 are missing' })
  })

  it('detects a removed page when those behind it were renumbered', async () => {
    const { path } = tenPages()
    edit(path, 'DELETE FROM page WHERE first_seq = 7')
    for (let seq = 9; seq <= 19; seq += 2) edit(path, `UPDATE page SET first_seq = ${seq - 2} WHERE first_seq = ${seq}`)
    const verdict = await verify(path)
    assert.equal(!verdict.ok && verdict.seq === 7, true)
  })

  it('detects removed first pages', async () => {
    const { path } = tenPages()
    edit(path, 'DELETE FROM page WHERE first_seq <= 3')
    assert.deepEqual(await verify(path), { ok: false, seq: 1, problem: 'records 1 to 4 are missing' })
  })

  it('detects swapped pages', async () => {
    const { path } = tenPages()
    edit(
      path,
      'UPDATE page SET first_seq = 1000 WHERE first_seq = 3',
      'UPDATE page SET first_seq = 3 WHERE first_seq = 11',
      'UPDATE page SET first_seq = 11 WHERE first_seq = 1000',
    )
    const verdict = await verify(path)
    assert.equal(!verdict.ok && verdict.seq === 3, true)
  })

  for (const column of ['min_ms', 'max_ms', 'outbox', 'spool']) {
    it(`detects a changed ${column}`, async () => {
      const { path } = tenPages()
      edit(path, `UPDATE page SET ${column} = ${column} + 1 WHERE first_seq = 5`)
      const verdict = await verify(path)
      assert.equal(!verdict.ok && verdict.seq === 5, true)
    })
  }

  it('detects a changed count', async () => {
    const { path } = tenPages()
    edit(path, 'UPDATE page SET count = 1 WHERE first_seq = 5')
    assert.deepEqual(await verify(path), {
      ok: false,
      seq: 5,
      problem: 'the page of record 5 should hold 1 records and holds 2',
    })
  })

  it('detects a truncated end by the anchor, and only by it', async () => {
    const { path, head } = tenPages()
    edit(path, 'DELETE FROM page WHERE first_seq >= 17')
    assert.equal((await verify(path)).ok, true)
    assert.deepEqual(await verify(path, head), {
      ok: false,
      seq: 17,
      problem: 'the trail ends at record 16; records 17 to 20 were removed from its end',
    })
  })

  it('detects an end that was written anew behind the anchor', async () => {
    const { path, directory, head } = tenPages()
    edit(path, 'DELETE FROM page WHERE first_seq >= 17')
    const trail = openTrail(directory)
    for (let page = 0; page < 3; page++) trail.append([pageOf(['{"forged":1}', '{"forged":2}'], 1)])
    trail.close()
    assert.deepEqual(await verify(path, head), {
      ok: false,
      seq: 20,
      problem: 'record 20 is not the one that was anchored',
    })
  })

  it('detects another key', async () => {
    const { path } = tenPages()
    const verdict = await verify(path, undefined, new HmacKey('sha256', Buffer.alloc(32, 9)))
    assert.equal(!verdict.ok && verdict.seq === 1, true)
  })

  it('starts from the checkpoint after retention', async () => {
    const { path, directory, head } = tenPages()
    const trail = openTrail(directory, { clock: clockAt(10 * day) })
    const rule = { maxDays: 5, maxBytes: undefined, minDays: 0 }
    while (trail.retain(rule) === 'more') continue
    trail.close()
    const verdict = await verify(path, head)
    assert.deepEqual(verdict, { ok: true, records: 10, pages: 5, removedUpTo: 10, head, anchor: 'matches' })
    const older = { seq: 4, hash: Buffer.alloc(32) }
    const oldAnchor = await verify(path, older)
    assert.equal(oldAnchor.ok && oldAnchor.anchor === 'older', true)
  })

  it('detects a forged checkpoint', async () => {
    for (const forged of [
      'seq = seq + 2',
      "hash = x'00'",
      'pages = 0',
      'max_ms = 0',
      'at = 0',
      'outbox = 7',
      'spool = 7',
    ]) {
      const { path, directory } = tenPages()
      const trail = openTrail(directory, { clock: clockAt(10 * day) })
      trail.retain({ maxDays: 5, maxBytes: undefined, minDays: 0 })
      trail.close()
      edit(path, `UPDATE checkpoint SET ${forged}`)
      const verdict = await verify(path)
      assert.equal(!verdict.ok && verdict.problem.includes('checkpoint'), true, forged)
      assert.throws(() => openTrail(directory), /checkpoint of the audit trail/)
    }
  })

  it('detects a checkpoint that was made up to hide removed pages', async () => {
    const { path } = tenPages()
    edit(
      path,
      `INSERT INTO checkpoint SELECT 1, first_seq + count - 1, hash, 0, 0, 2, max_ms, 0, zeroblob(32) FROM page WHERE first_seq = 3`,
      'DELETE FROM page WHERE first_seq <= 3',
    )
    assert.equal((await verify(path)).ok, false)
  })

  it('detects that the checkpoint was removed', async () => {
    const { path, directory } = tenPages()
    const trail = openTrail(directory, { clock: clockAt(10 * day) })
    trail.retain({ maxDays: 5, maxBytes: undefined, minDays: 0 })
    trail.close()
    edit(path, 'DELETE FROM checkpoint')
    assert.deepEqual(await verify(path), { ok: false, seq: 1, problem: 'records 1 to 10 are missing' })
  })

  it('tells about its progress and follows a trail that grows and shrinks meanwhile', async () => {
    const { path, directory } = tenPages()
    const trail = openTrail(directory, { clock: clockAt(30 * day) })
    const large = pageOf([`{"text":"${'x'.repeat(1_000_000)}"}`], 20 * day)
    for (let index = 0; index < 120; index++) trail.append([large])
    const reader = new TrailReader(path)
    const progress: number[] = []
    const verdict = await reader.verify(chainKey(), {
      onProgress: (seq) => {
        if (progress.length === 0) {
          trail.append([large])
          while (trail.retain({ maxDays: 15, maxBytes: undefined, minDays: 0 }) === 'more') continue
        }
        progress.push(seq)
      },
    })
    reader.close()
    if (!verdict.ok) assert.fail(verdict.problem)
    assert.deepEqual(verdict.head, trail.head())
    assert.equal(progress.at(-1), 141)
    trail.close()
  })
})
