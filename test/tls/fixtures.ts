import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '#ports/edge.ts'
import { systemRandom } from '../../src/system.ts'

export const random = systemRandom()

export interface SettableClock extends Clock {
  time: number
}
export function clockAt(time: number): SettableClock {
  const clock = { time, now: () => clock.time, machineNow: () => clock.time }
  return clock
}

/** A directory that is removed at the end of the test. */
export function temporaryDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'trent-tls-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
