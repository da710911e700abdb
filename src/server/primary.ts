/**
 * The primary thread: opens the installation, starts the workers, is the one writer, and ends it all in order.
 */
import { availableParallelism } from 'node:os'
import type { KeyUses } from '#audit/key-uses.ts'
import { SecurityLogFile } from '#audit/security-log.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import { ConfigError } from '#config/config-error.ts'
import { flagOf, options } from '#config/options.ts'
import type { Address, Settings } from '#config/settings.ts'
import { InvalidValue } from '#config/values.ts'
import type { AccountSources } from '#control/accounts.ts'
import { createControlServer, type ControlServer } from '#control/server.ts'
import { allocateFaults, FaultBoard } from '#faults/board.ts'
import { allocateMetrics } from '#metrics/request-metrics.ts'
import type { Random } from '#ports/edge.ts'
import type { SeedOutcome } from '#seed/apply.ts'
import { loadTls, type LoadedTls } from '#tls/load.ts'
import { advanceClock, allocateClockOffset, systemClock, systemRandom } from '../system.ts'
import { clientUrl, howToUse, listenerUrl, writeClientFiles } from './client-files.ts'
import { controlSocket, databaseFile, securityLogFile, trailFile } from './files.ts'
import { openFaultDesk, type FaultDesk } from './fault-desk.ts'
import { openInstallation, type OpenInstallation } from './installation.ts'
import { openKeyUses } from './key-uses.ts'
import { describeError } from './describe-error.ts'
import { createLog, type Logger } from './log.ts'
import { probe, refuseSharedPort } from './port-guard.ts'
import { readAttestationRoots } from './attestation-roots.ts'
import { countedOperations } from './counted-operations.ts'
import type { StartedEndpoint } from './messages.ts'
import { readOidcFiles } from './oidc-files.ts'
import { openEndpoints } from './private-endpoints.ts'
import { readSeed, refuseShortKeys, startSeeds } from './seeds.ts'
import type { RunJobs } from './timed-jobs.ts'
import { startUpkeep, type Upkeep } from './upkeep.ts'
import { verifyRows } from './verify-rows.ts'
import type { WorkerPool } from './worker-pool.ts'
import { Writer } from './writer.ts'

const accelerationDelayMs = 300

export interface RunningServer {
  /** The first listener's URL. */
  readonly url: string
  /** How to use a new installation, line by line; empty at later starts. */
  readonly introduction: readonly string[]
  /** Resolves with the exit code when the server has ended. */
  readonly ended: Promise<number>
}

export interface StartOptions {
  /** The worker threads of these settings, which are loading what they need while this thread does. */
  readonly pool: WorkerPool
  /**
   * Called before the first worker listens: from then on requests may be in flight, and the process has to end by `drain`
   * only, which stops accepting, answers what is in flight, stores what waits, and ends with 0, as soon as the start is over.
   */
  readonly willServe: (drain: () => void) => void
}

/** Exit codes of a server that ends by itself (docs/operations.md). */
const damagedExit = 65
const unexpectedExit = 70

/** Starts the service; resolves when it serves. Throws the errors of what could not be opened. */
export async function start(settings: Settings, { pool, willServe }: StartOptions): Promise<RunningServer> {
  const ended = Promise.withResolvers<number>()
  const log = createLog(settings.logLevel, { worker: 'primary' })
  pool.onFailure((error) => {
    log.fatal({ error: describeError(error) }, 'a worker thread ended unexpectedly')
    ended.resolve(unexpectedExit)
  })
  const random = systemRandom()
  const clockOffset = allocateClockOffset()
  const clock = systemClock(clockOffset)
  // Read before anything is made: a seed that is wrong leaves no directory behind.
  const seed = settings.seed === undefined ? undefined : await readSeed(settings.seed)
  if (seed !== undefined) refuseShortKeys(seed, settings)
  const installation = await openInstallation(settings, clock, random, log, seed?.seed.accounts[0])
  const slots = allocateSlots()
  const { keyUses, recover } = openKeyUses(settings, installation, random, log)
  const writer = new Writer({
    ...installation,
    slots: new RevisionSlots(slots),
    keyUses,
    report: (what, error) => log.error({ error: describeError(error) }, what),
  })
  writer.drain()
  await recover()
  const seeds = await startSeeds({ settings, seed, installation, writer, random, clock, log })

  const tls = await loadTls(settings, random, clock)
  const address = await probe(settings.listen, '--listen')
  const metricsListen =
    settings.metricsListen === undefined ? undefined : await probe(settings.metricsListen, '--metrics-listen')
  const oidc = readOidcFiles(settings.oidc)
  const attestationRoots = readAttestationRoots(settings.attestation)
  const privateEndpoints = await openEndpoints(settings)
  const faultMemory = settings.testProfile ? allocateFaults() : undefined
  const faults = faultMemory && (await startFaults(settings, faultMemory, random, log))
  const readiness = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const securityLog = new SecurityLogFile({ path: securityLogFile(settings.dataDir), clock })
  const told = Promise.withResolvers<number>()
  willServe(() => told.resolve(0))
  await pool.start(
    {
      settings,
      hierarchy: () => installation.hierarchy.exportForThread(),
      slots,
      clockOffset,
      faults: faultMemory,
      metrics: allocateMetrics(settings.workers, countedOperations),
      readiness,
      listen: address,
      metricsListen,
      privateEndpoints,
      oidc,
      attestationRoots,
      tls: tls?.material,
    },
    { writer, keyUses, securityLog },
  )
  refuseSharedPort(address, '--listen')
  for (const { listen } of privateEndpoints) refuseSharedPort(listen, '--private-endpoint')

  let jobs: RunJobs | undefined
  const runJobs: RunJobs = async () => {
    const { createTimedJobs } = await import('./timed-jobs.ts')
    jobs ??= createTimedJobs({ installation, writer, clock, random, log })
    return jobs()
  }
  const upkeep = startUpkeep({
    writer,
    guarded: installation.guarded,
    keyUses,
    lastRecord: () => installation.trail.head().seq,
    settings: settings.audit,
    readiness: new Int32Array(readiness),
    runJobs,
    renewTls: async () => {
      const renewed = await tls?.renewIfDue()
      if (renewed !== undefined) pool.renewTls(renewed)
    },
    log,
  })
  const accounts: AccountSources = {
    reader: installation.reader,
    hierarchy: installation.hierarchy,
    random,
    clock,
    dataDir: settings.dataDir,
    home: settings.regions[0],
    commit: (commit) => writer.commitNow(commit),
  }
  const advance = async (milliseconds: number): Promise<ClockAdvanced> => {
    advanceClock(clockOffset, milliseconds)
    const jobs = await runJobs()
    return { now: new Date(clock.now()).toISOString(), jobs }
  }
  const control = await openControl(settings, installation, writer, log, accounts, { advance, faults, seeds })
  const scan = new AbortController()
  let finishing = false
  const finish = async (code: number): Promise<void> => {
    if (finishing) return
    finishing = true
    await stop({
      upkeep,
      control,
      pool,
      writer,
      keyUses,
      securityLog,
      installation,
      scan,
      scanned: code === 0 ? scanned : undefined,
    })
    ended.resolve(code)
  }
  const end = (code: number): void => {
    finish(code).catch((error: unknown) => {
      log.error({ error: describeError(error) }, 'the server did not end in order')
      ended.resolve(unexpectedExit)
    })
  }
  const scanned = verifyRows(databaseFile(settings.dataDir), installation.hierarchy, scan.signal, log, () =>
    end(damagedExit),
  )

  await announce(settings, address, privateEndpoints, tls, installation.created, random, log)
  // The ready line waits for nothing that only makes the trail cheaper to write.
  setTimeout(() => {
    useOwnLibraries(log).catch(() => undefined)
  }, accelerationDelayMs).unref()
  // Remembered when it was told before.
  told.promise.then(end, () => end(unexpectedExit))
  return {
    url: listenerUrl(address, settings.tls.kind !== 'off'),
    introduction: installation.created ? howToUse(settings, clientUrl(settings, address)) : [],
    ended: ended.promise,
  }
}

/** What the primary has of the process's own libraries. Nobody waits for it. */
async function useOwnLibraries(log: Logger): Promise<void> {
  const { refuseCoreDumps } = await import('./core-dumps.ts')
  const noDumps = await refuseCoreDumps()
  log.debug({ noDumps }, 'whether the process is closed to core dumps and debuggers')
  const { acceleratePacking } = await import('./accelerate.ts')
  const zstd = await acceleratePacking()
  log.debug({ zstd }, 'how pages of the audit trail are packed')
}

async function announce(
  settings: Settings,
  address: Address,
  privateEndpoints: readonly StartedEndpoint[],
  tls: LoadedTls | undefined,
  created: boolean,
  random: Random,
  log: Logger,
): Promise<void> {
  const url = clientUrl(settings, address)
  await writeClientFiles(settings, url, tls?.caFile, random)
  if (settings.testProfile)
    log.warn(
      'the test profile is on: the clock can be moved, faults can be injected, key material can be chosen; not for real keys',
    )
  if (settings.tls.kind === 'off' && settings.allowPlaintext) log.warn('plain HTTP is allowed beyond loopback')
  for (const { id, vpc, listen, policy } of privateEndpoints) {
    const at = listenerUrl(listen, settings.tls.kind !== 'off')
    log.info({ id, vpc, url: at, policy: policy !== undefined }, 'a private endpoint is served')
  }
  log.info({ url, workers: settings.workers, cores: availableParallelism(), created }, 'ready')
}

interface ClockAdvanced {
  readonly now: string
  readonly jobs: readonly string[]
}

/** What operators of a test server may do besides. */
interface TestTools {
  readonly advance: (milliseconds: number) => Promise<ClockAdvanced>
  readonly faults: FaultDesk | undefined
  readonly seeds: ((path: string) => Promise<SeedOutcome>) | undefined
}

/** The faults that the settings ask for are in force before a worker listens. Throws ConfigError. */
async function startFaults(
  { faults }: Settings,
  memory: SharedArrayBuffer,
  random: Random,
  log: Logger,
): Promise<FaultDesk> {
  const desk = openFaultDesk(new FaultBoard(memory), random, log)
  for (const fault of faults) {
    try {
      await desk.add(fault)
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      throw new ConfigError([`${flagOf(options.faults)}: ${error.message}`])
    }
  }
  return desk
}

function openControl(
  settings: Settings,
  { hierarchy, anchor, seal }: OpenInstallation,
  writer: Writer,
  log: Logger,
  accounts: AccountSources,
  { advance, faults, seeds }: TestTools,
): Promise<ControlServer> {
  const { dataDir } = settings
  return createControlServer({
    path: controlSocket(dataDir),
    report: (what, error) => log.error({ error: describeError(error) }, what),
    commands: async () => {
      const { controlCommands } = await import('#control/commands.ts')
      return controlCommands({
        dataDir,
        trailPath: trailFile(dataDir),
        drain: () => {
          writer.flush()
          writer.drain()
        },
        anchored: () => anchor.state,
        accounts,
        database: databaseFile(dataDir),
        hierarchy,
        keyFile: seal.keyFile,
        seal,
        advanceClock: settings.testProfile ? advance : undefined,
        faults,
        applySeed: seeds,
      })
    },
  })
}

interface Stopping {
  readonly upkeep: Upkeep
  readonly control: ControlServer
  readonly pool: WorkerPool
  readonly writer: Writer
  readonly keyUses: KeyUses
  readonly securityLog: SecurityLogFile
  readonly installation: OpenInstallation
  readonly scan: AbortController
  readonly scanned: Promise<void> | undefined
}

/** What is in flight is answered and stored before anything that it needs is closed. */
async function stop(parts: Stopping): Promise<void> {
  parts.upkeep.stop()
  parts.scan.abort()
  await parts.control.close()
  await parts.pool.drain()
  parts.writer.close()
  parts.keyUses.close()
  await parts.securityLog.close()
  await parts.scanned
  parts.installation.close()
}
