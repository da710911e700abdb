import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Trail } from '#audit/trail.ts'
import type { TrailOptions } from '#audit/trail.ts'
import { HmacKey } from '#crypto/hmac.ts'
import type { Clock } from '#ports/edge.ts'

export { pageOf, parsed, recordAt, seeded, serialOf, uuidAt } from './records.ts'

/** A directory that is removed when the tests of the file are done. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'trent-audit-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export const chainKey = (): HmacKey => new HmacKey('sha256', Buffer.alloc(32, 7))

export interface SettableClock extends Clock {
  time: number
}
export function clockAt(time: number): SettableClock {
  const clock = { time, now: () => clock.time, machineNow: () => clock.time }
  return clock
}

export function openTrail(directory: string, options: Partial<TrailOptions> = {}): Trail {
  return new Trail({ path: join(directory, 'trail.db'), chainKey: chainKey(), clock: clockAt(0), ...options })
}

/** A new seed, printed so that a failure can be run again. */
export function printedSeed(name: string): number {
  const seed = process.env['TRENT_TEST_SEED'] ?? String(Date.now() % 1_000_000_000)
  console.log(`${name}: TRENT_TEST_SEED=${seed}`)
  return Number(seed)
}
