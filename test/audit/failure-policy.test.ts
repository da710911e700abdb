import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { FreeSpace } from '#audit/free-space.ts'
import { TrailReader } from '#audit/reader.ts'
import { Spool } from '#audit/spool.ts'
import type { Trail } from '#audit/trail.ts'
import { chainKey, clockAt, openTrail, pageOf, serialOf, temporaryDirectory } from './fixtures.ts'
import type { SettableClock } from './fixtures.ts'

interface Setup {
  readonly guarded: GuardedTrail
  readonly trail: Trail
  readonly clock: SettableClock
  readonly close: () => void
}

function setUp(directory: string, options: { spoolIn?: string; spoolBytes?: number; floorBytes?: number } = {}): Setup {
  const clock = clockAt(1_795_255_440_000)
  const trail = openTrail(directory, { clock })
  const spool =
    options.spoolIn === undefined
      ? undefined
      : new Spool({
          path: join(options.spoolIn, 'spool.jsonl'),
          maxBytes: options.spoolBytes ?? 1_000_000,
          chainKey: chainKey(),
          lastMovedId: trail.lastSpoolId,
        })
  const freeSpace = new FreeSpace({ directory, floorBytes: options.floorBytes ?? 0, clock })
  const guarded = new GuardedTrail({ trail, freeSpace, clock, spool })
  const close = (): void => {
    trail.close()
    spool?.close()
  }
  return { guarded, trail, clock, close }
}

/** A file system of one megabyte, or undefined (and the test says that it is skipped) without the right to mount one. */
function smallDisk(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'trent-disk-'))
  let isMounted = false
  t.after(() => {
    if (isMounted) execFileSync('umount', ['--lazy', directory])
    rmSync(directory, { recursive: true })
  })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'pipe' })
    isMounted = true
    return directory
  } catch (error) {
    t.skip(`needs root: mount -t tmpfs (${error instanceof Error ? error.message.trim() : ''})`)
    return undefined
  }
}

const fill = (directory: string): void => {
  for (const size of [65_536, 4096]) {
    for (let index = 0; ; index++) {
      try {
        writeFileSync(join(directory, `ballast-${size}-${index}`), Buffer.alloc(size))
      } catch (error) {
        assert.match(String(error), /ENOSPC/)
        break
      }
    }
  }
}
const empty = (directory: string): void => {
  for (const size of [65_536, 4096]) {
    for (let index = 0; index < 300; index++) rmSync(join(directory, `ballast-${size}-${index}`), { force: true })
  }
}

const record = (serial: number): string => JSON.stringify({ serial, text: 'x'.repeat(3000) })
const append = (guarded: GuardedTrail, serial: number): Error | undefined =>
  guarded.append([pageOf([record(serial)], serial)])
function serials(directory: string): number[] {
  const reader = new TrailReader(join(directory, 'trail.db'))
  const { records } = reader.after(0, 10_000)
  reader.close()
  return records.map((each) => serialOf(each.record))
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

describe('when the trail can’t be written', () => {
  it('the policy to refuse answers every record with the reason, until there is room again', (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    const { guarded, clock, close } = setUp(disk)
    assert.equal(append(guarded, 1), undefined)
    fill(disk)
    let stored = 1
    let refusal: Error | undefined
    while (refusal === undefined) {
      refusal = append(guarded, stored + 1)
      if (refusal === undefined) stored++
      assert.equal(stored < 300, true)
    }
    assert.match(refusal.message, /^the audit record can't be stored: .*(full|disk)/)
    assert.equal(guarded.state(), 'refusing')
    assert.match(guarded.lastError() ?? '', /full|disk/)
    assert.match(guarded.changeRefusal()?.message ?? '', /can't be stored/)
    clock.time += 1000
    guarded.tick()
    assert.equal(guarded.state(), 'refusing', 'still full')
    empty(disk)
    assert.match(append(guarded, 99)?.message ?? '', /can't be stored/, 'left alone for a second')
    clock.time += 1000
    assert.equal(append(guarded, stored + 1), undefined)
    assert.deepEqual([guarded.state(), guarded.lastError(), guarded.changeRefusal()], ['ok', undefined, undefined])
    close()
    assert.deepEqual(serials(disk), upTo(stored + 1))
  })

  it('the policy to spool keeps records in order, and then refuses', async (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    const { guarded, trail, clock, close } = setUp(disk, { spoolIn: temporaryDirectory(), spoolBytes: 40_000 })
    fill(disk)
    let stored = 0
    while (guarded.state() !== 'refusing') {
      if (append(guarded, stored + 1) === undefined) stored++
      assert.equal(stored < 300, true)
      if (guarded.state() === 'spooling') assert.equal(guarded.changeRefusal(), undefined)
    }
    assert.match(guarded.lastError() ?? '', /spool .* is full/)
    assert.match(guarded.changeRefusal()?.message ?? '', /spool .* is full/)
    const spooled = stored - trail.head().seq
    assert.equal(spooled, 12)
    clock.time += 1000
    guarded.tick()
    assert.equal(guarded.state(), 'refusing', 'still full')
    empty(disk)
    clock.time += 1000
    guarded.tick()
    assert.equal(guarded.state(), 'ok')
    assert.equal(append(guarded, stored + 1), undefined)
    close()
    assert.deepEqual(serials(disk), upTo(stored + 1))
    const reader = new TrailReader(join(disk, 'trail.db'))
    assert.equal((await reader.verify(chainKey())).ok, true)
    reader.close()
  })

  it('what the process before left in the spool is moved first', () => {
    const directory = temporaryDirectory()
    const spool = new Spool({
      path: join(directory, 'spool.jsonl'),
      maxBytes: 10_000,
      chainKey: chainKey(),
      lastMovedId: 0,
    })
    spool.append([pageOf([record(1)], 1), pageOf([record(2)], 2)])
    spool.close()
    const { guarded, close } = setUp(directory, { spoolIn: directory })
    assert.equal(guarded.state(), 'spooling')
    assert.equal(append(guarded, 3), undefined)
    assert.equal(guarded.state(), 'ok')
    close()
    assert.deepEqual(serials(directory), [1, 2, 3])
  })

  it('entries of the outbox stay where they are', () => {
    const directory = temporaryDirectory()
    const { guarded, trail, clock, close } = setUp(directory)
    trail.close()
    const entries = [{ id: 1, record: record(1) }]
    assert.match(guarded.appendFromOutbox(entries)?.message ?? '', /can't be stored/)
    assert.equal(guarded.state(), 'refusing')
    clock.time += 1000
    assert.equal(guarded.appendFromOutbox(entries), undefined)
    assert.equal(guarded.state(), 'ok')
    close()
    assert.deepEqual(serials(directory), [1])
  })

  it('a trail that somebody took away is not begun anew', () => {
    const directory = temporaryDirectory()
    const { guarded, trail, clock, close } = setUp(directory)
    append(guarded, 1)
    trail.close()
    rmSync(join(directory, 'trail.db'))
    assert.match(append(guarded, 2)?.message ?? '', /can't be stored/)
    clock.time += 1000
    assert.match(append(guarded, 3)?.message ?? '', /trail\.db is gone/)
    close()
  })
})

describe('maintenance', () => {
  it('removes what retention no longer keeps below the floor too, and empties the log in a quiet moment', () => {
    const directory = temporaryDirectory()
    const { guarded, trail, close } = setUp(directory, { floorBytes: Number.MAX_SAFE_INTEGER })
    trail.append([pageOf([record(1)], 1)])
    trail.append([pageOf([record(2)], 2)])
    const rule = { maxDays: 30, maxBytes: undefined, minDays: 7 }
    assert.equal(guarded.maintain(rule, false), 'more')
    assert.equal(guarded.maintain(rule, false), 'done')
    assert.equal(trail.logBytes() > 0, true)
    assert.equal(guarded.maintain(rule, true), 'done')
    assert.equal(trail.logBytes(), 0)
    trail.close()
    assert.equal(guarded.maintain(rule, true), 'done')
    close()
    assert.deepEqual(serials(directory), [2])
  })
})

describe('the floor of free space', () => {
  it('counts as a failure before the disk is full', () => {
    const directory = temporaryDirectory()
    const { guarded, clock, close } = setUp(directory, { floorBytes: Number.MAX_SAFE_INTEGER })
    assert.match(
      append(guarded, 1)?.message ?? '',
      /only \d+ bytes are free for the audit trail, and 9007199254740991 are/,
    )
    assert.equal(guarded.state(), 'refusing')
    clock.time += 1000
    assert.match(append(guarded, 1)?.message ?? '', /only \d+ bytes/)
    close()
  })

  it('keeps changes from being made with the policy to refuse, also when nothing else was asked for', () => {
    const { guarded, close } = setUp(temporaryDirectory(), { floorBytes: Number.MAX_SAFE_INTEGER })
    assert.match(guarded.changeRefusal()?.message ?? '', /^the audit record can't be stored: only \d+ bytes are free/)
    assert.equal(guarded.state(), 'refusing')
    close()
  })

  it('is noticed without a request, and its end too', (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    const { guarded, clock, close } = setUp(disk, { floorBytes: 300_000, spoolIn: disk })
    guarded.tick()
    assert.equal(guarded.state(), 'ok')
    fill(disk)
    guarded.tick()
    assert.equal(guarded.state(), 'ok', 'asked once a second')
    clock.time += 1000
    guarded.tick()
    assert.equal(guarded.state(), 'spooling')
    empty(disk)
    clock.time += 1000
    guarded.tick()
    assert.equal(guarded.state(), 'ok')
    close()
  })

  it('leaves room for the spool', (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    const { guarded, clock, close } = setUp(disk, { floorBytes: 600_000, spoolIn: disk, spoolBytes: 100_000 })
    let stored = 0
    while (guarded.state() !== 'refusing') {
      if (append(guarded, stored + 1) === undefined) stored++
      clock.time += 1000
      assert.equal(stored < 300, true)
    }
    assert.match(guarded.lastError() ?? '', /spool .* is full/)
    close()
  })
})
