/**
 * What a request costs over the echo, and with two workers over one, by turns: echo, a service with one worker and one with two
 * run side by side, and the ratio is the median of the turns' own. What a plain run measures minutes apart differs by whatever
 * else the machine did in between. Two workers are driven twice: with as many connections to each as the one has, and with those
 * of the one shared between them, so that each has half as much to do at a time.
 */
import { join } from 'node:path'
import type { DriveSettings, Target } from './measure.ts'
import { aligned, ratioLimits, twoWorkersLimit, type Verdict } from './report.ts'
import { startEcho, startService, type StartedServer } from './started-server.ts'
import { createTarget, readCredentials } from './target.ts'
import { medianOf, medianOfTurns, takeTurns, warmUp, type Case, type Turns } from './turns.ts'
import { requestBody, type Operation } from './workload.ts'

// Short and many: what the host gives differs from second to second.
const turns = 11
const names = {
  echo: 'echo',
  twoEchoes: 'echo, two threads',
  one: 'one worker',
  two: 'two workers',
  shared: 'two workers, shared load',
} as const

/** The turns of each operation. */
export type RatioResults = ReadonlyMap<Operation, Turns>

export async function measureRatios(
  settings: DriveSettings,
  operations: readonly Operation[],
  keys: number,
  serveArguments: readonly string[],
  progress: (line: string) => void,
): Promise<RatioResults> {
  const { connections, folder, requests } = settings
  const count = Math.ceil(requests / turns)
  // No Decrypt repeats one of another turn or case; two workers have two cases.
  const ciphertexts = operations.includes('Decrypt') ? count * (turns + 1) : 0
  const services: StartedServer[] = []
  const targets: Target[] = []
  const start = async (name: string, workers: number): Promise<Target> => {
    progress(`${name}: creating keys and ciphertexts`)
    const dataDir = join(folder, `workers-${workers}`)
    const service = await startService(folder, dataDir, workers, serveArguments)
    services.push(service)
    const target = await createTarget(name, service, readCredentials(dataDir), {
      keys,
      ciphertexts: ciphertexts * workers,
      connections,
    })
    targets.push(target)
    return target
  }
  try {
    const one = await start(names.one, 1)
    const two = await start(names.two, 2)
    const found = new Map<Operation, Turns>()
    for (const operation of operations) {
      found.set(operation, await measureOne(settings, operation, one, two, count, progress))
    }
    return found
  } finally {
    for (const { client } of targets) client.close()
    for (const service of services) await service.stop()
  }
}

async function measureOne(
  settings: DriveSettings,
  operation: Operation,
  one: Target,
  two: Target,
  count: number,
  progress: (line: string) => void,
): Promise<Turns> {
  const { shape } = await one.client.call(operation, requestBody(operation, one.fixture, `${operation}-shape`, 0))
  const echo = await startEcho(settings.folder, shape)
  const twoEchoes = await startEcho(settings.folder, shape, 2)
  const over = (name: string, server: Case['server'], { fixture, sign }: Target, threads: number, from = 0): Case => {
    const body = (index: number): string => requestBody(operation, fixture, name, from + index)
    return { name, server, sign, operation, count, body, connections: settings.connections * threads }
  }
  const cases = [
    over(names.echo, echo, one, 1),
    over(names.twoEchoes, twoEchoes, one, 2),
    over(names.one, one, one, 1),
    over(names.two, two, two, 2),
    over(names.shared, two, two, 1, count * (turns + 1)),
  ]
  try {
    progress(`${operation}: warming up`)
    for (const each of cases) {
      // Each worker compiles for itself.
      const threads = each.name === names.echo || each.name === names.one ? 1 : 2
      await warmUp(settings, each, settings.warmUp * threads)
    }
    return await takeTurns(settings, cases, turns, (line) => progress(`${operation}: ${line}`))
  } finally {
    await echo.stop()
    await twoEchoes.stop()
  }
}

/** The median over the turns of the CPU time of `name` over that of `beside`. */
function cpuOver(found: Turns, name: string, beside: string): number | undefined {
  return medianOfTurns(found, (figure) => {
    const cpu = (of: string): number => figure(of, ({ cpuMicros }) => cpuMicros)
    return cpu(name) / cpu(beside)
  })
}

export function ratioVerdicts(results: RatioResults): Verdict[] {
  const verdict = (target: string, measured: number | undefined, limit: number): Verdict => ({
    target,
    measured,
    limit,
    met: measured === undefined ? undefined : measured <= limit,
  })
  const own = [...results]
  return [
    ...own.map(([operation, found]) =>
      verdict(
        `${operation}: CPU over the echo's, one worker, by turns`,
        cpuOver(found, names.one, names.echo),
        ratioLimits[operation],
      ),
    ),
    ...own.map(([operation, found]) =>
      verdict(
        `${operation}: CPU with two workers over one, by turns`,
        cpuOver(found, names.two, names.one),
        twoWorkersLimit,
      ),
    ),
    ...own.map(([operation, found]) =>
      verdict(
        `${operation}: the same with the load of one shared between them`,
        cpuOver(found, names.shared, names.one),
        twoWorkersLimit,
      ),
    ),
  ]
}

/** The measurements as a text table: medians of the turns. */
export function ratioTable(results: RatioResults): string {
  const rows = [['operation', 'server', 'CPU µs', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB', '']]
  for (const [operation, found] of results) {
    for (const name of Object.values(names)) {
      const of = (figure: Parameters<typeof medianOf>[2], digits: number): string =>
        medianOf(found, name, figure)?.toFixed(digits) ?? '-'
      rows.push([
        name === names.echo ? operation : '',
        name,
        of(({ cpuMicros }) => cpuMicros, 1),
        of(({ requestsPerSecond }) => requestsPerSecond, 0),
        of(({ p50Millis }) => p50Millis, 2),
        of(({ p99Millis }) => p99Millis, 2),
        of(({ residentBytes }) => (residentBytes === undefined ? undefined : residentBytes / 1024 / 1024), 1),
        `turns ${(found.get(name) ?? []).map(({ cpuMicros }) => cpuMicros?.toFixed(0) ?? '-').join(' ')}`,
      ])
    }
  }
  return aligned(rows, 2)
}
