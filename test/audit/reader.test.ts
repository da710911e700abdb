import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { TrailReader } from '#audit/reader.ts'
import type { Page } from '#audit/page.ts'
import { openTrail, pageOf, printedSeed, recordAt, seeded, serialOf, temporaryDirectory, uuidAt } from './fixtures.ts'

const serials = (records: readonly { readonly record: string }[]): number[] =>
  records.map(({ record }) => serialOf(record))

function threePages(): { directory: string; path: string } {
  const directory = temporaryDirectory()
  const trail = openTrail(directory)
  const record = (serial: number, eventName: string, more: object = {}): string =>
    recordAt(serial * 1000, serial, { eventName, ...more })
  const key = { resources: [{ ARN: 'arn:aws:kms:us-east-1:111122223333:key/k1' }] }
  trail.append([pageOf([record(1, 'Encrypt', key), record(2, 'Decrypt', { errorCode: 'AccessDenied' })], 1000, 2000)])
  trail.append([pageOf([record(3, 'Encrypt'), record(4, 'Decrypt', key), record(5, 'Encrypt')], 3000, 5000)])
  trail.append([pageOf([record(6, 'CreateKey', { userIdentity: { accessKeyId: 'AKIA1' } })], 6000)])
  trail.close()
  return { directory, path: join(directory, 'trail.db') }
}

describe('reading the trail', () => {
  it('shows the newest records first chosen and in ascending order', () => {
    const reader = new TrailReader(threePages().path)
    const { records, seq } = reader.tail(4)
    assert.deepEqual(serials(records), [3, 4, 5, 6])
    assert.deepEqual(
      records.map((each) => each.sequenceNumber),
      [3, 4, 5, 6],
    )
    assert.match(records[0]!.chainHash, /^[0-9a-f]{64}$/)
    assert.equal(seq, 6)
    reader.close()
  })

  it('filters', () => {
    const reader = new TrailReader(threePages().path)
    const found = (filter: object): number[] => serials(reader.tail(10, filter).records)
    assert.deepEqual(found({ eventName: 'Encrypt' }), [1, 3, 5])
    assert.deepEqual(found({ errorCode: 'AccessDenied' }), [2])
    assert.deepEqual(found({ key: 'k1' }), [1, 4])
    assert.deepEqual(found({ key: 'arn:aws:kms:us-east-1:111122223333:key/k1', eventName: 'Decrypt' }), [4])
    assert.deepEqual(found({ accessKeyId: 'AKIA1' }), [6])
    assert.deepEqual(found({ since: '2026-11-21T10:04:01Z' }), [])
    assert.deepEqual(found({ until: '2026-11-21T10:04:00Z', eventName: 'CreateKey' }), [6])
    reader.close()
  })

  it('goes on from any sequence number, within pages too', () => {
    const reader = new TrailReader(threePages().path)
    const first = reader.after(0, 4)
    assert.deepEqual([serials(first.records), first.seq], [[1, 2, 3, 4], 4])
    const second = reader.after(first.seq, 4)
    assert.deepEqual([serials(second.records), second.seq], [[5, 6], 6])
    assert.deepEqual(reader.after(6, 4), { records: [], seq: 6 })
    const filtered = reader.after(1, 1, { eventName: 'Decrypt' })
    assert.deepEqual([serials(filtered.records), filtered.seq], [[2], 2])
    reader.close()
  })

  it('follows a trail that grows', () => {
    const { directory, path } = threePages()
    const reader = new TrailReader(path)
    const { seq } = reader.tail(1)
    const trail = openTrail(directory)
    trail.append([pageOf([recordAt(7000, 7)], 7000)])
    assert.deepEqual(serials(reader.after(seq, 10).records), [7])
    trail.close()
    reader.close()
  })

  it('finds the records of a request among 100,000 at once', () => {
    const random = seeded(printedSeed('show'))
    const directory = temporaryDirectory()
    // A page is a row then, and the test is built with few transactions.
    const trail = openTrail(directory, { maxRowBytes: 1 })
    const start = 1_795_255_440_000
    const pages: Page[] = []
    for (let page = 0; page < 10_000; page++) {
      const first = start + page * 10
      const times = Array.from({ length: 10 }, (_, index) => first + index)
      const padding = { requestParameters: { description: 'x'.repeat(600) } }
      pages.push(
        pageOf(
          times.map((time) => recordAt(time, 1, padding)),
          first,
          first + 9,
        ),
      )
    }
    for (let at = 0; at < pages.length; at += 1000) trail.append(pages.slice(at, at + 1000))
    const twice = start + 50_003
    trail.append([pageOf([recordAt(twice, 1, { eventName: 'ReplicateKey' })], twice)])
    trail.close()
    const reader = new TrailReader(join(directory, 'trail.db'))
    const before = performance.now()
    for (let round = 0; round < 100; round++) {
      const serial = Math.floor(random() * 100_000)
      if (start + serial === twice) continue
      const found = reader.show(uuidAt(start + serial, 1))
      assert.deepEqual(
        found.map((each) => each.sequenceNumber),
        [serial + 1],
      )
    }
    const each = (performance.now() - before) / 100
    console.log(`show: ${each.toFixed(2)} ms among 100,000 records`)
    assert.equal(each < 100, true, `${each} ms`)
    assert.deepEqual(
      reader.show(uuidAt(twice, 1)).map((found) => found.sequenceNumber),
      [50_004, 100_001],
    )
    assert.deepEqual(reader.show(uuidAt(start + 5, 2)), [])
    assert.deepEqual(reader.show('c1a2b3c4-0000-4000-8000-000000000002'), [])
    reader.close()
  })
})
