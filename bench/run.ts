/** The benchmark: what a request costs the service, beside a bare echo. The method is in docs/performance.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthorizationResults } from './authorization.ts'
import {
  authorizationTable,
  authorizedOperations,
  authorizationVerdicts,
  measureAuthorization,
  measureDecisions,
} from './authorization.ts'
import type { DriveSettings, Measurement, Target } from './measure.ts'
import { measure } from './measure.ts'
import { runMicroBenchmarks } from './micro.ts'
import { measureOnly } from './only.ts'
import type { OnlyResults } from './only.ts'
import type { Options } from './options.ts'
import { parseOptions, usage } from './options.ts'
import type { Verdict } from './report.ts'
import { table, verdicts, verdictTable } from './report.ts'
import type { SoakReading } from './soak.ts'
import { soak, soakVerdict } from './soak.ts'
import { startService } from './started-server.ts'
import { createTarget, dummyIdentity, readCredentials } from './target.ts'
import type { FixtureSize } from './target.ts'
import type { Fixture } from './workload.ts'

/** Below this many requests the compiler's warming up and the 10 ms steps of CPU time show in the figures. */
const steadyRequests = 50_000

interface Results {
  readonly measurements: Measurement[]
  readonly soak: SoakReading[]
  authorization: AuthorizationResults
  only: OnlyResults | undefined
  readonly verdicts: Verdict[]
}

/** One worker: what is compared is what the request's own thread does. */
async function benchAuthorization(options: Options, folder: string): Promise<AuthorizationResults> {
  const { generator, connections, requests, warmUp } = options
  const dataDir = join(folder, 'authorization')
  progress('starting the service for the callers')
  const service = await startService(folder, dataDir, 1, options.serveArguments)
  const settings: DriveSettings = { generator, folder, requests, warmUp, connections }
  try {
    const operations = authorizedOperations.filter((operation) => options.operations.includes(operation))
    const callers = await measureAuthorization(settings, service, readCredentials(dataDir), operations, progress)
    return { callers, policy: measureDecisions(progress) }
  } finally {
    await service.stop()
  }
}

async function bench(options: Options, folder: string): Promise<Results> {
  const { generator, connections, requests, warmUp } = options
  const settings: DriveSettings = { generator, folder, requests, warmUp, connections }
  // As many ciphertexts as requests: no Decrypt of a drive repeats another.
  const ciphertexts =
    options.operations.includes('Decrypt') || options.soak > 0 ? requests + warmUp * Math.max(1, ...options.workers) : 0
  const size: FixtureSize = { keys: options.keys, ciphertexts, connections }
  const dataDir = join(folder, 'data')
  const results: Results = {
    measurements: [],
    soak: [],
    authorization: { callers: [], policy: undefined },
    only: undefined,
    verdicts: [],
  }
  if (options.only !== undefined) {
    results.only = await measureOnly(options.only, options, settings, progress)
    results.verdicts.push(...results.only.verdicts)
    return results
  }
  if (options.authorization !== 'not') {
    results.authorization = await benchAuthorization(options, folder)
    if (options.authorization === 'alone') {
      results.verdicts.push(...authorizationVerdicts(results.authorization))
      return results
    }
  }
  let fixture: Fixture | undefined
  for (const workers of options.workers) {
    progress(`starting the service with ${workers} worker(s)${fixture === undefined ? ', creating keys' : ''}`)
    const service = await startService(folder, dataDir, workers, options.serveArguments)
    try {
      const target = await createTarget('trent', service, readCredentials(dataDir), size, fixture)
      fixture = target.fixture
      results.measurements.push(...(await measureAll(settings, target, options, workers)))
      if (options.soak > 0 && workers === Math.max(...options.workers)) {
        progress(`soaking, ${workers} worker(s)`)
        results.soak.push(...(await soak(settings, target, options.soak, printReading)))
      }
      target.client.close()
    } finally {
      await service.stop()
    }
  }
  results.verdicts.push(...verdicts(results.measurements), ...authorizationVerdicts(results.authorization))
  if (results.soak.length > 0) results.verdicts.push(soakVerdict(results.soak))
  if (options.peer !== undefined) {
    progress(`creating keys at ${options.peer}`)
    const target = await createTarget('peer', { url: options.peer, pid: options.peerPid }, dummyIdentity, size)
    results.measurements.push(...(await measureAll(settings, target, options, undefined)))
    target.client.close()
  }
  return results
}

/** Each worker has as many connections, so that what is compared is workers and not loads. */
async function measureAll(
  plain: DriveSettings,
  target: Target,
  options: Options,
  workers: number | undefined,
): Promise<Measurement[]> {
  const settings = { ...plain, connections: Math.min(plain.connections * (workers ?? 1), plain.requests) }
  const measurements: Measurement[] = []
  for (const operation of options.operations) {
    progress(`${target.name}${workers === undefined ? '' : `, ${workers} worker(s)`}: ${operation}`)
    measurements.push(await measure(settings, target, operation, workers))
  }
  return measurements
}

function printReading({ cpuMicros, requests, residentBytes }: SoakReading): void {
  const resident = residentBytes === undefined ? '-' : (residentBytes / 1024 / 1024).toFixed(1)
  console.log(`soak: ${requests} requests, RSS ${resident} MiB, CPU ${cpuMicros?.toFixed(1) ?? '-'} µs per request`)
}

function progress(line: string): void {
  console.error(`bench: ${line}`)
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(usage)
    return 0
  }
  let options: Options
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 64
  }
  if (options.micro) {
    const failed = await runMicroBenchmarks()
    if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
    return failed.length === 0 ? 0 : 1
  }
  const folder = mkdtempSync(join(tmpdir(), 'trent-bench-'))
  try {
    const results = await bench(options, folder)
    const machine = `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`
    const { connections, generator, keys, requests } = options
    console.log(`\nNode ${process.versions.node}, ${process.platform}-${process.arch}, ${machine}`)
    console.log(
      `${requests} requests a drive, ${keys} keys, ${connections} connections for each worker, ${generator}\n`,
    )
    if (process.platform !== 'linux') console.log('CPU and memory are read from /proc, which this system lacks.\n')
    const tables = [
      ...(results.measurements.length === 0 ? [] : [table(results.measurements)]),
      ...(results.only === undefined ? [] : [results.only.table]),
      ...(options.authorization === 'not' || options.only !== undefined
        ? []
        : [authorizationTable(results.authorization)]),
      verdictTable(results.verdicts),
    ]
    console.log(tables.join('\n\n'))
    if (requests < steadyRequests) console.log('\nDrives this short say whether it runs, not how fast.')
    if (options.json !== undefined) {
      const context = { node: process.versions.node, platform: `${process.platform}-${process.arch}`, machine, options }
      writeFileSync(options.json, `${JSON.stringify({ ...context, ...results }, null, 2)}\n`)
    }
    return options.check && results.verdicts.some(({ met }) => met === false) ? 2 : 0
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Through process.exit, so that the servers that were started end too.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
process.exitCode = await main()
