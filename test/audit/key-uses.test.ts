import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { verifyKeyUses } from '#audit/verify-key-uses.ts'
import { testKeys } from '../storage/fixtures.ts'
import { openTrail, printedSeed, seeded, temporaryDirectory } from './fixtures.ts'
import { follow, keyArn, pageOfRequests, useOf, type Followed, type Request } from './key-use-fixtures.ts'

const day = 86_400_000
const start = 1_795_255_440_123

let serials = 0
function request(keys: number | readonly number[], more: Partial<Request> = {}): Request {
  serials += 1
  return {
    operation: typeof keys === 'number' ? 'Encrypt' : 'ReEncrypt',
    keys: typeof keys === 'number' ? [keys] : keys,
    atMs: start + serials,
    serial: serials,
    ...more,
  }
}

const never = { use: undefined, trackedSince: 0 }
const storeAll = ({ uses }: Followed): void => {
  while (uses.step() === 'more');
}
function edit(directory: string, sql: string): void {
  const db = new DatabaseSync(join(directory, 'trail.db'))
  db.exec(sql)
  db.close()
}
const verify = (directory: string): Promise<string | undefined> =>
  verifyKeyUses(join(directory, 'trail.db'), testKeys())

describe('the last uses of keys', () => {
  it('are those of the page that was stored last, and of its last record', () => {
    const followed = follow(temporaryDirectory())
    const [first, second, third, fourth] = [request(1), request([1, 2]), request(1), request(2)]
    followed.append([first, second])
    assert.deepEqual(followed.last(1), useOf(second))
    followed.append([third], [fourth])
    assert.deepEqual([followed.last(1), followed.last(2), followed.last(3)], [useOf(third), useOf(fourth), never])
    followed.stop('in order')
  })

  for (const how of ['in order', 'at once'] as const) {
    it(`are known to the next process when this one ends ${how}`, () => {
      const directory = temporaryDirectory()
      const before = follow(directory)
      const [first, second, third] = [request(1), request(2), request(1)]
      before.append([first, second])
      storeAll(before)
      before.append([third, request(2, { errorCode: 'DisabledException' })], [request(2, { operation: 'DescribeKey' })])
      before.stop(how)
      const after = follow(directory)
      assert.equal(after.uses.waiting, how === 'in order' ? 0 : 1)
      assert.deepEqual([after.last(1), after.last(2)], [useOf(third), useOf(second)])
      after.stop('in order')
    })
  }

  it('outlive the records from which they were read', async () => {
    const directory = temporaryDirectory()
    const before = follow(directory)
    const used = request(1, { atMs: start - 100 * day })
    before.append([used])
    before.append([request(2)])
    before.stop('in order')
    const trail = openTrail(directory, { clock: { now: () => start, machineNow: () => start } })
    while (trail.retain({ maxDays: 90, maxBytes: undefined, minDays: 1 }) === 'more');
    assert.equal(trail.oldest(), start + serials)
    trail.close()
    const after = follow(directory)
    assert.deepEqual(after.last(1), useOf(used))
    assert.equal(await verify(directory), undefined)
    after.stop('in order')
  })

  it('say from when they are known where retention was quicker', () => {
    const directory = temporaryDirectory()
    const before = follow(directory)
    const gone = request(1, { atMs: start - 100 * day })
    before.append([gone])
    const kept = request(2)
    before.append([kept])
    before.stop('at once')
    const trail = openTrail(directory, { clock: { now: () => start, machineNow: () => start } })
    while (trail.retain({ maxDays: 90, maxBytes: undefined, minDays: 1 }) === 'more');
    trail.close()
    const after = follow(directory)
    assert.deepEqual(after.last(1), { use: undefined, trackedSince: gone.atMs })
    assert.deepEqual(after.last(2), useOf(kept, gone.atMs))
    after.stop('in order')
    const later = follow(directory)
    assert.deepEqual(later.last(1), { use: undefined, trackedSince: gone.atMs })
    later.stop('in order')
  })

  it('include those whose records wait in the spool', () => {
    const directory = temporaryDirectory()
    const before = follow(directory)
    before.append([request(1)])
    before.stop('at once')
    const [older, newer] = [request(1), request(1)]
    const spooled = [pageOfRequests([older]), pageOfRequests([newer])]
    const after = follow(directory, { spooled })
    assert.deepEqual(after.last(1), useOf(newer))
    // They are moved later, and read once more by the process after.
    storeAll(after)
    spooled.forEach((page, index) => after.trail.appendSpooled(index + 1, page))
    after.stop('at once')
    const later = follow(directory)
    assert.deepEqual(later.last(1), useOf(newer))
    later.stop('in order')
  })

  it('go with their keys, whether the record of that was moved to the trail or not', async () => {
    const directory = temporaryDirectory()
    for (const recorded of ['recorded', 'not recorded'] as const) {
      for (const how of ['in order', 'at once'] as const) {
        const before = follow(directory)
        before.append([request(1), request(2)])
        storeAll(before)
        before.append([request(1)])
        before.deleteKey(1, recorded)
        assert.deepEqual(before.last(1), never)
        before.stop(how)
        // Of a key whose end was not recorded yet the row may stay: nobody can ask for it.
        if (recorded === 'not recorded' && how === 'at once') continue
        const after = follow(directory)
        assert.deepEqual(after.last(1), never)
        assert.notDeepEqual(after.last(2), never)
        after.stop('in order')
        assert.equal(await verify(directory), undefined)
      }
    }
  })

  it('are not noted of a key that is gone, however late a worker tells of them, nor read again', async () => {
    for (const how of ['in order', 'at once'] as const) {
      for (const storedBetween of [true, false]) {
        const directory = temporaryDirectory()
        const before = follow(directory)
        before.append([request(1), request(2)])
        storeAll(before)
        const late = request(1)
        before.deleteKey(1)
        if (storedBetween) storeAll(before)
        before.append([late, request(2)])
        assert.deepEqual(before.last(1), never)
        if (storedBetween) {
          storeAll(before)
          assert.deepEqual(storedKeys(directory), [keyArn(2)])
        }
        before.stop(how)
        const after = follow(directory)
        assert.deepEqual(after.last(1), never)
        after.stop('in order')
        assert.deepEqual(storedKeys(directory), [keyArn(2)])
        assert.equal(await verify(directory), undefined)
      }
    }
  })

  it('are noted of a key that has the id of one that was there before', () => {
    const followed = follow(temporaryDirectory())
    followed.append([request(1)])
    followed.deleteKey(1)
    followed.uses.begin(keyArn(1))
    const again = request(1)
    followed.append([again])
    assert.deepEqual(followed.last(1), useOf(again))
    followed.stop('in order')
  })

  it('take a bounded part of the memory, however many keys are used', () => {
    const directory = temporaryDirectory()
    const maxWaiting = 1000
    const followed = follow(directory, { maxWaiting })
    const requests: Request[] = []
    const perPage = 50
    for (let page = 0; page < 200; page += 1) {
      const uses = Array.from({ length: perPage }, (_, index) => request(page * perPage + index))
      requests.push(...uses)
      followed.append(uses)
      assert.ok(followed.uses.waiting <= maxWaiting + perPage, `${followed.uses.waiting} wait`)
    }
    followed.stop('at once')
    // Reading them again is bounded as well.
    const after = follow(directory, { maxWaiting })
    assert.ok(after.uses.waiting <= maxWaiting + perPage)
    for (const [key, use] of requests.entries()) assert.deepEqual(after.last(key), useOf(use))
    after.stop('in order')
  })

  it('are stored by the clock when some wait for a minute, and not while nothing waits', () => {
    const followed = follow(temporaryDirectory())
    const { uses, table } = followed
    const position = (): number | undefined => table.state?.head.seq
    for (let second = 0; second < 200; second += 1) assert.equal(uses.tick(), 'done')
    assert.equal(position(), undefined)
    followed.append([request(1)])
    for (let second = 0; second < 60; second += 1) uses.tick()
    assert.equal(uses.waiting, 0)
    assert.equal(position(), 1)
    followed.stop('in order')
  })

  it('are not told wrong when they could not be stored for long, and are read by the next process', () => {
    const directory = temporaryDirectory()
    let mayWrite = true
    const before = follow(directory, { maxWaiting: 10, mayWrite: () => mayWrite })
    before.append([request(1)])
    storeAll(before)
    mayWrite = false
    const uses = Array.from({ length: 200 }, (_, index) => request(index))
    for (const use of uses) before.append([use])
    assert.equal(before.uses.waiting, 0)
    assert.throws(() => before.last(1), /can not be told before the next start/)
    assert.equal(before.reports.length, 1)
    mayWrite = true
    storeAll(before)
    before.stop('in order')
    const after = follow(directory)
    for (const [key, use] of uses.entries()) assert.deepEqual(after.last(key), useOf(use))
    after.stop('in order')
  })
})

describe('stored last uses', () => {
  function stored(): string {
    const directory = temporaryDirectory()
    const followed = follow(directory)
    followed.append([request(1), request(2)])
    storeAll(followed)
    followed.append([request(1)])
    followed.stop('in order')
    return directory
  }

  it('are refused when they were edited, and those of other keys are not', async () => {
    const directory = stored()
    edit(directory, `UPDATE key_use SET content = replace(content, 'Encrypt', 'Decrypt') WHERE key = '${keyArn(1)}'`)
    const followed = follow(directory)
    assert.throws(() => followed.last(1), IntegrityError)
    assert.equal(followed.last(2).use?.operation, 'Encrypt')
    assert.equal(await verify(directory), `the stored last use of the key ${keyArn(1)} was changed`)
    // A later use takes its place.
    const use = request(1)
    followed.append([use])
    assert.deepEqual(followed.last(1), useOf(use))
    followed.stop('in order')
    assert.equal(await verify(directory), undefined)
  })

  it('are found missing when rows were removed, put in place of others, or set back', async () => {
    const removed = stored()
    edit(removed, `DELETE FROM key_use WHERE key = '${keyArn(1)}'`)
    assert.match((await verify(removed)) ?? '', /removed, added or set back: there are 1, and were 2/)
    // A later use of the key does not make up for it.
    const followed = follow(removed)
    followed.append([request(1)])
    followed.stop('in order')
    assert.match((await verify(removed)) ?? '', /removed, added or set back: there are 2, and were 3/)

    const exchanged = stored()
    edit(exchanged, `DELETE FROM key_use WHERE key = '${keyArn(2)}'`)
    edit(exchanged, `UPDATE key_use SET key = '${keyArn(2)}'`)
    assert.match((await verify(exchanged)) ?? '', /was changed/)

    const setBack = temporaryDirectory()
    const before = follow(setBack)
    before.append([request(1)])
    storeAll(before)
    edit(setBack, 'CREATE TABLE kept AS SELECT * FROM key_use')
    before.append([request(1)])
    before.stop('in order')
    assert.equal(await verify(setBack), undefined)
    edit(setBack, 'DELETE FROM key_use; INSERT INTO key_use SELECT * FROM kept; DROP TABLE kept')
    assert.match((await verify(setBack)) ?? '', /removed, added or set back/)
  })

  it('do not open with another state, or none', () => {
    const another = stored()
    edit(another, 'UPDATE key_use_state SET sealed = zeroblob(80)')
    assert.throws(() => follow(another), IntegrityError)
    const none = stored()
    edit(none, 'DELETE FROM key_use_state')
    assert.throws(() => follow(none), IntegrityError)
  })

  it('are not brought up to the end of a trail that was changed behind them', () => {
    const directory = temporaryDirectory()
    const before = follow(directory)
    before.append([request(1)])
    storeAll(before)
    for (let page = 0; page < 3; page += 1) before.append([request(1)])
    before.stop('at once')
    edit(directory, "UPDATE page SET bytes = CAST(replace(bytes, 'Encrypt', 'Decrypt') AS BLOB) WHERE first_seq = 3")
    assert.throws(() => follow(directory), { message: /broken at record 3/ })
  })
})

/** The ARNs of the keys that have a row. */
function storedKeys(directory: string): readonly unknown[] {
  const db = new DatabaseSync(join(directory, 'trail.db'), { readOnly: true })
  const rows = db.prepare('SELECT key FROM key_use ORDER BY key').all()
  db.close()
  return rows.map(({ key }) => key)
}

it('agrees with a reading of the whole trail, whatever is stored when and however processes end', async () => {
  const seed = printedSeed('key uses')
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const directory = temporaryDirectory()
  const keys = 40
  const expected = new Map<number, Request>()
  // Another key takes the place of one that was deleted.
  const living = Array.from({ length: keys }, (_, number) => number)
  const anyKey = (): number => living[below(keys)] ?? 0
  let followed = follow(directory, { maxWaiting: 30 })
  for (let step = 0; step < 600; step += 1) {
    const pages = Array.from({ length: 1 + below(3) }, () =>
      Array.from({ length: 1 + below(5) }, (): Request => {
        const operation = ['Encrypt', 'ReEncrypt', 'DescribeKey', 'Encrypt'][below(4)] ?? 'Encrypt'
        const used = operation === 'ReEncrypt' ? [anyKey(), anyKey()] : [anyKey()]
        const made = request(used, { operation, ...(below(5) === 0 ? { errorCode: 'AccessDenied' } : {}) })
        if (made.errorCode === undefined && operation !== 'DescribeKey') for (const key of used) expected.set(key, made)
        return made
      }),
    )
    followed.append(...pages)
    if (below(4) === 0) {
      const key = anyKey()
      followed.deleteKey(key)
      expected.delete(key)
      living[key % keys] = key + keys
    }
    for (let count = below(4); count > 0; count -= 1) if (below(2) === 0) followed.uses.step()
    if (below(10) === 0) {
      followed.stop(below(2) === 0 ? 'in order' : 'at once')
      followed = follow(directory, { maxWaiting: 30 })
    }
    const key = anyKey()
    const use = expected.get(key)
    assert.deepEqual(followed.last(key), use === undefined ? never : useOf(use), `seed ${seed}, step ${step}`)
  }
  for (const key of living) {
    const use = expected.get(key)
    assert.deepEqual(followed.last(key), use === undefined ? never : useOf(use), `seed ${seed}, key ${key}`)
  }
  followed.stop('in order')
  assert.equal(await verify(directory), undefined, `seed ${seed}`)
})
