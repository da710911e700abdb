import type { Figures, Measurement } from './measure.ts'
import type { Operation } from './workload.ts'

/** A target of the project, and how this run stands to it. `met` is undefined where the run measured nothing for it. */
export interface Verdict {
  readonly target: string
  readonly measured: number | undefined
  readonly limit: number
  readonly met: boolean | undefined
}

/** What a request of the service may cost over one of the echo. */
export const ratioLimits: Readonly<Record<Operation, number>> = {
  GenerateDataKey: 3,
  Encrypt: 3,
  Decrypt: 3,
  DescribeKey: 2.5,
}
/** What a request may cost with two workers over one. */
export const twoWorkersLimit = 1.15
const residentMiBPerWorker = 150
const mebibyte = 1024 * 1024

/** The echo's figures: the mean of its drives before and after the measured one. */
export function echoOf(measurement: Measurement): Figures {
  const { echoAfter: b, echoBefore: a } = measurement
  const mean = (x: number | undefined, y: number | undefined): number | undefined =>
    x === undefined || y === undefined ? undefined : (x + y) / 2
  return {
    cpuMicros: mean(a.cpuMicros, b.cpuMicros),
    requestsPerSecond: (a.requestsPerSecond + b.requestsPerSecond) / 2,
    p50Millis: (a.p50Millis + b.p50Millis) / 2,
    p99Millis: (a.p99Millis + b.p99Millis) / 2,
    residentBytes: mean(a.residentBytes, b.residentBytes),
  }
}

/** The server's CPU per request over the echo's. */
export function cpuRatio(measurement: Measurement): number | undefined {
  return ratio(measurement.server.cpuMicros, echoOf(measurement).cpuMicros)
}

/** Whether the two echo drives differ by more than a tenth: something else was using the machine. */
export function isUnsteady({ echoAfter, echoBefore }: Measurement): boolean {
  const [a, b] = [echoBefore.cpuMicros ?? 0, echoAfter.cpuMicros ?? 0]
  return Math.abs(a - b) > 0.1 * Math.min(a, b)
}

/** How the service's measurements (not a peer's) stand to the targets. */
export function verdicts(measurements: readonly Measurement[]): Verdict[] {
  const own = measurements.filter((measurement) => measurement.workers !== undefined)
  const found: Verdict[] = []
  const add = (target: string, measured: number | undefined, limit: number): void => {
    found.push({ target, measured, limit, met: measured === undefined ? undefined : measured <= limit })
  }
  for (const one of own.filter(({ workers }) => workers === 1)) {
    add(`${one.operation}: CPU over the echo's, one worker`, cpuRatio(one), ratioLimits[one.operation])
  }
  for (const two of own.filter(({ workers }) => workers === 2)) {
    const one = own.find(({ operation, workers }) => workers === 1 && operation === two.operation)
    if (one === undefined) continue
    const cpu = ratio(two.server.cpuMicros, one.server.cpuMicros)
    add(`${two.operation}: CPU with two workers over one`, cpu, twoWorkersLimit)
  }
  const resident = own.filter(({ workers }) => workers === 2).flatMap(({ server }) => server.residentBytes ?? [])
  const most = resident.length === 0 ? undefined : Math.max(...resident) / 2 / mebibyte
  if (own.some(({ workers }) => workers === 2)) {
    add('resident MiB per worker, two workers', most, residentMiBPerWorker)
  }
  return found
}

/** The measurements as a text table: for each, the target's figures, the echo's, and the ratios. */
export function table(measurements: readonly Measurement[]): string {
  const rows = [['operation', 'workers', 'server', 'CPU µs', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB', '']]
  for (const measurement of measurements) {
    const { echoAfter, echoBefore, operation, server, target, workers } = measurement
    const echo = echoOf(measurement)
    const both = `CPU before ${decimals(echoBefore.cpuMicros, 1)}, after ${decimals(echoAfter.cpuMicros, 1)}`
    const note = isUnsteady(measurement) ? `${both}: UNSTEADY` : both
    rows.push([operation, workers === undefined ? '-' : String(workers), target, ...cells(server), ''])
    rows.push(['', '', 'echo', ...cells(echo), note])
    rows.push(['', '', 'ratio', ...ratios(server, echo), ''])
  }
  return aligned(rows, 3)
}

/** The verdicts as a text table. */
export function verdictTable(list: readonly Verdict[]): string {
  const rows = [['target', 'measured', 'limit', '']]
  for (const { limit, measured, met, target } of list) {
    const word = met === undefined ? 'not measured' : met ? 'met' : 'MISSED'
    rows.push([target, decimals(measured, 2), decimals(limit, 2), word])
  }
  return aligned(rows, 1)
}

/** `rows` in columns; from column `firstNumber` on, except the last, they are set to the right. */
export function aligned(rows: readonly (readonly string[])[], firstNumber: number): string {
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column >= firstNumber && column < columns - 1 ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

function cells(figures: Figures): string[] {
  const mebibytes = figures.residentBytes === undefined ? undefined : figures.residentBytes / mebibyte
  return [
    decimals(figures.cpuMicros, 1),
    decimals(figures.requestsPerSecond, 0),
    decimals(figures.p50Millis, 2),
    decimals(figures.p99Millis, 2),
    decimals(mebibytes, 1),
  ]
}

function ratios(server: Figures, echo: Figures): string[] {
  return [
    ratio(server.cpuMicros, echo.cpuMicros),
    ratio(server.requestsPerSecond, echo.requestsPerSecond),
    ratio(server.p50Millis, echo.p50Millis),
    ratio(server.p99Millis, echo.p99Millis),
    ratio(server.residentBytes, echo.residentBytes),
  ].map((value) => decimals(value, 2))
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b
}

function decimals(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : value.toFixed(digits)
}
