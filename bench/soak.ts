import { rmSync } from 'node:fs'
import type { DriveSettings, Target } from './measure.ts'
import { drive, record } from './measure.ts'
import type { Verdict } from './report.ts'
import { operations, requestBody } from './workload.ts'

/** Resident memory after so many requests. */
export interface SoakReading {
  readonly requests: number
  readonly residentBytes: number | undefined
  readonly cpuMicros: number | undefined
}

const stepRequests = 100_000
const flatLimit = 1.1

/**
 * Drives `total` requests of all operations in turn and reads the resident memory after every 100,000, or after every tenth
 * of a shorter soak. Each step is signed just before it, for the signatures' window is shorter than a soak.
 */
export async function soak(
  settings: DriveSettings,
  target: Target,
  total: number,
  onReading: (reading: SoakReading) => void,
): Promise<SoakReading[]> {
  const readings: SoakReading[] = []
  const step = Math.max(1, Math.min(stepRequests, Math.floor(total / 10)))
  for (let sent = 0; sent < total; sent += step) {
    const count = Math.min(step, total - sent)
    const label = `soak-${process.hrtime.bigint()}`
    const recording = record(settings, 'soak', count, target.sign, (index) => {
      const operation = operations[index % operations.length] ?? 'DescribeKey'
      // Divided, so that the position in the cycle of operations does not decide about the key.
      const number = Math.floor((sent + index) / operations.length)
      return [operation, requestBody(operation, target.fixture, `${label}-${operation}`, number)]
    })
    const { cpuMicros, residentBytes } = await drive(settings, recording, count, target)
    rmSync(recording, { force: true })
    const reading = { requests: sent + count, residentBytes, cpuMicros }
    readings.push(reading)
    onReading(reading)
  }
  return readings
}

/** Whether memory is flat: the largest reading of the second half is at most 1.1 times the largest of the first half. */
export function soakVerdict(readings: readonly SoakReading[]): Verdict {
  const most = (part: readonly SoakReading[]): number =>
    Math.max(0, ...part.map((reading) => reading.residentBytes ?? 0))
  const half = Math.floor(readings.length / 2)
  const [first, second] = [most(readings.slice(0, half)), most(readings.slice(half))]
  const measured = first === 0 ? undefined : second / first
  const met = measured === undefined ? undefined : measured <= flatLimit
  return {
    target: `resident memory over ${readings.at(-1)?.requests ?? 0} requests, second half over first`,
    measured,
    limit: flatLimit,
    met,
  }
}
