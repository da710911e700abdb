import assert from 'node:assert/strict'
import { DynamicLibrary, getRawPointer } from 'node:ffi'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { IntegrityError } from '#base/integrity-error.ts'
import { isPacked, packed, packingLevel, unpacked, useCompress } from '#audit/packed.ts'
import { TrailReader } from '#audit/reader.ts'
import { Trail } from '#audit/trail.ts'
import { openZstd, provesCompress, zstdFunctions, type Compress } from '#audit/zstd.ts'
import { chainKey, openTrail, pageOf, printedSeed, recordAt, seeded, temporaryDirectory, uuidAt } from './fixtures.ts'

const text = 'what most records have in common '.repeat(30)
const records = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => recordAt(first + index, first + index, { text }))

interface Written {
  readonly directory: string
  readonly path: string
  readonly all: readonly string[]
}

/** A page of 3 records, one of 100, one of 3. */
function written(): Written {
  const directory = temporaryDirectory()
  const trail = openTrail(directory)
  const pages = [records(1, 3), records(4, 100), records(104, 3)]
  for (const page of pages) trail.append([pageOf(page, 1, 200)])
  trail.close()
  return { directory, path: join(directory, 'trail.db'), all: pages.flat() }
}

function sizes(path: string): readonly number[] {
  const db = new DatabaseSync(path)
  const rows = db.prepare('SELECT length(bytes) AS size FROM page ORDER BY first_seq').all()
  db.close()
  return rows.map((row) => Number(row['size']))
}

function replacePacked(path: string, bytes: Uint8Array): void {
  const db = new DatabaseSync(path)
  assert.equal(Number(db.prepare('UPDATE page SET bytes = ? WHERE first_seq = 4').run(bytes).changes), 1)
  db.close()
}

describe('pages of many records', () => {
  it('are stored in a fraction of their size, small ones as they are, and all are read alike', async () => {
    const { path, all } = written()
    const [small = 0, large = 0, last = 0] = sizes(path)
    const bytes = (from: number, to: number): number => Buffer.byteLength(all.slice(from, to).join('\n')) + 1
    assert.deepEqual([small, last], [bytes(0, 3), bytes(103, 106)])
    assert.ok(large * 5 < bytes(3, 103), `${large} of ${bytes(3, 103)} bytes`)
    const reader = new TrailReader(path)
    assert.deepEqual(
      reader.after(0, 1000).records.map(({ record }) => record),
      all,
    )
    assert.deepEqual(
      reader.tail(50).records.map(({ record }) => record),
      all.slice(-50),
    )
    const shown = reader.show(uuidAt(60, 60))
    assert.deepEqual(
      shown.map(({ sequenceNumber, record }) => [sequenceNumber, record]),
      [[60, all[59]]],
    )
    const verdict = await reader.verify(chainKey())
    assert.ok(verdict.ok && verdict.records === 106 && verdict.pages === 3)
    reader.close()
  })

  it('are covered by the chain as they are stored', async () => {
    const broken =
      'records 4 to 103: the chain is broken here. They were changed, put elsewhere, or not written by this installation'
    const forged = Buffer.from(
      records(4, 100)
        .map((record) => `${record.replace('common', 'forged')}\n`)
        .join(''),
    )
    for (const [name, bytes] of [
      ['a frame of other records', zstdCompressSync(forged)],
      [
        'the same records unpacked',
        Buffer.from(
          records(4, 100)
            .map((record) => `${record}\n`)
            .join(''),
        ),
      ],
      ['the same records packed otherwise', zstdCompressSync(records(4, 100).join('\n'))],
      ['half a frame', zstdCompressSync(forged).subarray(0, 500)],
      ['a frame of more than a page', zstdCompressSync(Buffer.alloc(1_048_577, 10))],
      ['no frame', Buffer.from([0x28, 1, 2, 3])],
    ] as const) {
      const { path } = written()
      replacePacked(path, bytes)
      const reader = new TrailReader(path)
      assert.deepEqual(await reader.verify(chainKey()), { ok: false, seq: 4, problem: broken }, name)
      reader.close()
    }
  })

  it('are not read where they can not be unpacked', () => {
    const endless = zstdCompressSync(Buffer.alloc(64 << 20, 10))
    for (const bytes of [endless, Buffer.from([0x28, 1, 2, 3])]) {
      const { path } = written()
      replacePacked(path, bytes)
      const reader = new TrailReader(path)
      assert.throws(() => reader.after(0, 1000), {
        name: IntegrityError.name,
        message: "the page of record 4 of the audit trail can't be unpacked: it was changed",
      })
      assert.throws(() => reader.show(uuidAt(60, 60)), IntegrityError)
      reader.close()
    }
  })

  it('are not expected in a trail of the version before, which is read on and then marked as newer', () => {
    const directory = temporaryDirectory()
    const path = join(directory, 'trail.db')
    const before = openTrail(directory)
    before.append([pageOf(records(1, 3), 1, 3)])
    before.close()
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 1')
    const reader = new TrailReader(path)
    assert.equal(reader.after(0, 10).records.length, 3)
    const trail = new Trail({ path, chainKey: chainKey(), clock: { now: () => 0, machineNow: () => 0 } })
    assert.equal(trail.append([pageOf(records(4, 100), 4, 103)]).seq, 103)
    trail.close()
    assert.equal(reader.after(0, 1000).records.length, 103)
    assert.deepEqual({ ...db.prepare('PRAGMA user_version').get() }, { user_version: 2 })
    reader.close()
    db.close()
  })
})

describe('packing', () => {
  it('leaves what would not become smaller, what is small, and what is larger than a page', () => {
    const random = seeded(printedSeed('packing'))
    const noise = Buffer.from(Array.from({ length: 50_000 }, () => 32 + Math.floor(random() * 90)))
    for (const bytes of [noise, Buffer.alloc(16_000, 65), Buffer.alloc(1_048_577, 65)]) {
      assert.equal(packed(bytes), bytes)
      assert.equal(unpacked(bytes), bytes)
    }
  })

  it('gives back what was packed, for any size', () => {
    const random = seeded(printedSeed('packing'))
    for (let round = 0; round < 60; round += 1) {
      const count = 1 + Math.floor(random() ** 3 * 900)
      const bytes = Buffer.from(`${records(round, count).join('\n')}\n`)
      const stored = Buffer.from(packed(bytes))
      assert.ok(stored.length <= bytes.length)
      assert.ok(unpacked(stored).equals(bytes), `${count} records`)
    }
  })

  it('is in the standard form, which other programs read', () => {
    const stored = packed(Buffer.alloc(100_000, 65))
    assert.equal(Buffer.from(stored).readUInt32LE(0), 0xfd2fb528)
  })
})

describe('packing by the functions of Zstandard', () => {
  const compress = openZstd(
    new DynamicLibrary(null).getFunctions(zstdFunctions),
    (bytes) => getRawPointer(bytes),
    packingLevel,
  )

  it('makes frames that are read as others are, for any size', () => {
    const random = seeded(printedSeed('packing'))
    for (let round = 0; round < 200; round += 1) {
      const count = 1 + Math.floor(random() ** 2 * 120)
      const bytes = Buffer.from(`${records(round, count).join('\n')}\n`)
      const frame = compress(bytes)
      if (bytes.length > 131_072) assert.equal(frame, undefined)
      else {
        assert.ok(frame !== undefined && frame.length < bytes.length && isPacked(frame), `${count} records`)
        assert.ok(unpacked(frame).equals(bytes), `${count} records`)
      }
    }
  })

  it('leaves what would not become smaller, and what is larger than its memory', () => {
    const random = seeded(printedSeed('packing'))
    const noise = Buffer.from(Array.from({ length: 50_000 }, () => Math.floor(random() * 256)))
    for (const bytes of [noise, Buffer.alloc(0), Buffer.alloc(1, 65), Buffer.alloc(131_073, 65)]) {
      assert.equal(compress(bytes), undefined)
    }
    assert.ok(compress(Buffer.alloc(131_072, 65)) !== undefined)
  })

  it('packs pages of a few records once it is in use', () => {
    const bytes = Buffer.from(`${records(1, 20).join('\n')}\n`).subarray(0, 5000)
    assert.equal(packed(bytes), bytes)
    useCompress(compress)
    const frame = Buffer.from(packed(bytes))
    assert.ok(isPacked(frame))
    assert.ok(unpacked(frame).equals(bytes))
    const small = bytes.subarray(0, 4095)
    assert.equal(packed(small), small)
  })

  it('proves itself, and nothing else does', () => {
    assert.equal(provesCompress(compress), true)
    const wrong: readonly Compress[] = [
      () => undefined,
      (bytes) => Buffer.from(bytes),
      (bytes) => compress(bytes.subarray(1)),
      (bytes) => compress(bytes)?.subarray(0, -1),
      (bytes) => compress(bytes.subarray(0, 131_072)),
      () => {
        throw new Error('no')
      },
    ]
    for (const one of wrong) assert.equal(provesCompress(one), false)
  })
})
