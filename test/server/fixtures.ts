/** The writer and what it writes to, as the primary thread has them, without workers. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { KeyUseTable } from '#audit/key-use-table.ts'
import { KeyUses } from '#audit/key-uses.ts'
import { FreeSpace } from '#audit/free-space.ts'
import { TrailReader } from '#audit/reader.ts'
import { Spool } from '#audit/spool.ts'
import { Trail } from '#audit/trail.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { Writer } from '#server/writer.ts'
import { systemRandom } from '../../src/system.ts'
import { openAnchor } from '#storage/anchor.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import type { SqliteWriter } from '#storage/sqlite/writer.ts'
import { chainKey, clockAt } from '../audit/fixtures.ts'
import type { SettableClock } from '../audit/fixtures.ts'
import { installedDatabase, temporaryDirectory, testKeys } from '../storage/fixtures.ts'

export interface Setup {
  readonly directory: string
  readonly file: string
  readonly storage: SqliteWriter
  readonly reader: SqliteReader
  readonly trail: Trail
  readonly slots: RevisionSlots
  readonly writer: Writer
  readonly keyUses: KeyUses
  readonly clock: SettableClock
  /** The messages of what was reported. */
  readonly reports: readonly string[]
  /** The texts of the records in the trail. */
  readonly records: () => readonly string[]
}

export interface SetupOptions {
  /** Called with the trail before the writer has it. */
  readonly prepare?: (trail: Trail) => void
  /** The policy for a trail that can't be written: to spool instead of to refuse. */
  readonly spools?: boolean
}

/** A writer on a new installation. */
export function writerOn(t: TestContext, { prepare, spools = false }: SetupOptions = {}): Setup {
  const directory = temporaryDirectory(t)
  const keys = testKeys()
  const file = installedDatabase(directory, keys)
  const storage = openWriter(file, keys)
  const reader = openReader(file, keys.stateMac)
  const clock = clockAt(1_795_255_440_000)
  const trail = new Trail({ path: join(directory, 'trail.db'), chainKey: chainKey(), clock })
  prepare?.(trail)
  const freeSpace = new FreeSpace({ directory, floorBytes: 0, clock })
  const spoolOptions = { path: join(directory, 'spool.jsonl'), maxBytes: 100_000, chainKey: chainKey(), lastMovedId: 0 }
  const spool = spools ? new Spool(spoolOptions) : undefined
  const guarded = new GuardedTrail({ trail, freeSpace, clock, spool })
  const anchor = openAnchor(join(directory, 'anchor'), new HmacKey('sha256', Buffer.alloc(32, 3)), 'new')
  const slots = new RevisionSlots(allocateSlots())
  const reports: string[] = []
  const report = (_what: string, error: unknown): void => {
    reports.push(error instanceof Error ? error.message : String(error))
  }
  const keyUses = new KeyUses({
    table: new KeyUseTable(join(directory, 'trail.db'), keys, systemRandom()),
    position: () => trail.head(),
    mayWrite: () => guarded.state() === 'ok',
    report,
  })
  const writer = new Writer({ storage, trail, guarded, anchor, slots, keyUses, report })
  t.after(() => {
    writer.close()
    keyUses.close()
    reader.close()
    storage.close()
    trail.close()
    spool?.close()
    anchor.close()
  })
  const records = (): readonly string[] => {
    const reading = new TrailReader(join(directory, 'trail.db'))
    const found = reading.after(0, 100_000).records.map(({ record }) => record)
    reading.close()
    return found
  }
  return { directory, file, storage, reader, trail, slots, writer, keyUses, clock, reports, records }
}
