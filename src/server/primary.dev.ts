/**
 * The primary thread: takes the data directory, opens seal, database and trail, starts the workers, and is the one writer.
 * Everything that can refuse a start does so before a port is opened.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { FreeSpace } from '#audit/free-space.ts'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { SecurityLogFile } from '#audit/security-log.ts'
import { Spool } from '#audit/spool.ts'
import { Trail } from '#audit/trail.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import type { Settings } from '#config/settings.ts'
import { openHierarchy, type Hierarchy } from '#crypto/key-hierarchy.ts'
import { allocateMetrics } from '#metrics/request-metrics.ts'
import { defaultKeyFile, sameDisk } from '#seals/key-file.ts'
import { createSeal, unseal, type SealSources, type Unsealed } from '#seals/seal.ts'
import { SealError } from '#seals/seal-error.ts'
import { checkAnchor, openAnchor } from '#storage/anchor.ts'
import { acquireLock } from '#storage/lock.ts'
import { readInstallation } from '#storage/sqlite/installation.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import { verifyAll, type Finding } from '#storage/sqlite/verify.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { StorageError } from '#storage/storage-error.ts'
import { advanceClock, allocateClockOffset, systemClock, systemRandom } from '../system.ts'
import { clientUrl, howToUse, listenerUrl, writeClientFiles } from './client-files.ts'
import {
  anchorFile,
  cacheDirectory,
  controlSocket,
  databaseFile,
  securityLogFile,
  spoolFile,
  trailFile,
} from './files.ts'
import { createFirstInstallation } from './first-start.ts'
import { runDeletionJob } from './jobs.ts'
import { createLog, describeError } from './log.ts'
import { WorkerPool } from './worker-pool.ts'
import { probe, refuseSharedPort } from './port-guard.ts'
import { countedOperations } from './services.ts'
import { Writer } from './writer.ts'

export interface RunningServer {
  /** The first listener's URL. */
  readonly url: string
  /** How to use a new installation, line by line; empty at later starts. */
  readonly introduction: readonly string[]
  /** Resolves with the exit code when the server has ended. */
  readonly ended: Promise<number>
  /** Stops accepting, answers what is in flight, stores what waits, and ends with 0. */
  drain(): void
}

const tickMs = 1000
const deletionJobMs = 30_000
const upkeepMs = 60_000
const day = 86_400_000
// Younger records stay whatever the trail's size: less than this is no trail.
const minimumRetentionDays = 1
const damagedExit = 65
const unexpectedExit = 70

export async function start(settings: Settings): Promise<RunningServer> {
  const random = systemRandom()
  const clockOffset = allocateClockOffset()
  const clock = systemClock(clockOffset)
  const { dataDir } = settings
  makeDataDirectory(dataDir)
  const lock = acquireLock(dataDir)
  const log = createLog(settings.logLevel, { worker: 'primary' })

  const sources = sealSources(settings)
  const created = readInstallation(databaseFile(dataDir)) === undefined
  const seal = await openSeal(settings, sources, created)
  if (settings.seal.kind === 'key-file' && (await sameDisk(dataDir, sources.keyFile))) {
    log.warn(
      { keyFile: sources.keyFile },
      'the seal key file lies on the same disk as the data: whoever takes the disk has both; keep it elsewhere with --seal key-file:PATH',
    )
  }
  if (created) await createFirstInstallation(settings, seal, random, clock.machineNow())
  const hierarchy = openInstallation(settings, seal)

  const storage = openWriter(databaseFile(dataDir), hierarchy)
  const anchor = openAnchor(settings.anchor ?? anchorFile(dataDir), hierarchy.stateMac, 'existing')
  checkAnchor(anchor.state, storage.head())
  const reader = openReader(databaseFile(dataDir), hierarchy.stateMac)
  const trail = new Trail({
    path: trailFile(dataDir),
    chainKey: hierarchy.auditChain,
    clock,
    anchor: { seq: anchor.state.trailSequence, hash: Buffer.from(anchor.state.trailHash, 'hex') },
  })
  const guarded = new GuardedTrail({
    trail,
    clock,
    freeSpace: new FreeSpace({ directory: dataDir, floorBytes: settings.audit.minFreeBytes, clock }),
    spool:
      settings.audit.onFailure === 'spool'
        ? new Spool({
            path: spoolFile(dataDir),
            maxBytes: settings.audit.spoolBytes,
            chainKey: hierarchy.auditChain,
            lastMovedId: trail.lastSpoolId,
          })
        : undefined,
  })
  const securityLog = new SecurityLogFile({ path: securityLogFile(dataDir), clock })
  const slots = allocateSlots()
  const writer = new Writer({
    storage,
    trail,
    guarded,
    anchor,
    slots: new RevisionSlots(slots),
    report: (what, error) => log.error({ error: describeError(error) }, what),
  })
  writer.drain()

  const tls = undefined as undefined | {material: never, caFile: string, renewIfDue(): Promise<undefined>}
  const address = await probe(settings.listen)
  const metricsAddress = settings.metricsListen === undefined ? undefined : await probe(settings.metricsListen)
  const readiness = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const ended = Promise.withResolvers<number>()
  const pool = new WorkerPool(
    {
      settings,
      hierarchy: () => hierarchy.exportForThread(),
      slots,
      clockOffset,
      metrics: allocateMetrics(settings.workers, countedOperations),
      readiness,
      listen: address,
      metricsListen: metricsAddress,
      tls: tls?.material,
      cacheDirectory: cacheDirectory(dataDir),
    },
    writer,
    securityLog,
    (error) => {
      log.fatal({ error: describeError(error) }, 'a worker thread ended unexpectedly')
      ended.resolve(unexpectedExit)
    },
  )
  await pool.listening()
  refuseSharedPort(address)

  const runJobs = async (): Promise<readonly string[]> => {
    const deleted = await runDeletionJob(reader, writer, clock, random)
    if (deleted > 0) log.info({ deleted }, 'keys were deleted at the end of their waiting period')
    return deleted > 0 ? [`deleted ${deleted} key${deleted === 1 ? '' : 's'}`] : []
  }
  const jobFailed = (error: unknown): void => log.error({ error: describeError(error) }, 'the deletion job failed')
  const timers = [
    setInterval(() => {
      writer.tick()
      const state = guarded.state()
      if (Atomics.exchange(new Int32Array(readiness), 0, state === 'refusing' ? 1 : 0) === 0 && state === 'refusing') {
        log.error({ reason: guarded.lastError() }, 'the audit trail refuses records: no request is answered')
      }
    }, tickMs),
    setInterval(() => void runJobs().catch(jobFailed), deletionJobMs),
    setInterval(() => upkeep(), upkeepMs),
    setInterval(() => renewTls(), day),
  ]

  const retention = {
    maxDays: settings.audit.retentionDays,
    maxBytes: settings.audit.retentionBytes,
    minDays: minimumRetentionDays,
  }
  function upkeep(): void {
    try {
      if (trail.retain(retention) === 'more') setImmediate(upkeep)
      else trail.idle()
    } catch (error) {
      log.error({ error: describeError(error) }, 'the upkeep of the audit trail failed')
    }
  }
  function renewTls(): void {
    tls?.renewIfDue().then(
      (material) => {
        if (material !== undefined) pool.renewTls(material)
      },
      (error: unknown) => log.error({ error: describeError(error) }, 'the TLS certificate could not be renewed'),
    )
  }

  const control = { close: async () => {} }
  const url = listenerUrl(address, settings.tls.kind !== 'off')
  await writeClientFiles(settings, clientUrl(settings, address), tls?.caFile, random)

  const scan = new AbortController()
  void scanRows()
  async function scanRows(): Promise<void> {
    try {
      const { findings, rows } = await verifyAll({ file: databaseFile(dataDir), keys: hierarchy, signal: scan.signal })
      for (const finding of findings) log.error({ finding }, 'the database is not what was written')
      if (findings.some(isWholeTable)) {
        log.fatal(
          'rows were deleted, added or set back: refusing to go on; restore a backup or find out who changed the database',
        )
        await finish(damagedExit)
        return
      }
      log.info({ rows, findings: findings.length }, 'all rows were verified')
    } catch (error) {
      if (!scan.signal.aborted) log.error({ error: describeError(error) }, 'the rows could not be verified')
    }
  }

  let finishing = false
  async function finish(code: number): Promise<void> {
    if (finishing) return
    finishing = true
    for (const timer of timers) clearInterval(timer)
    scan.abort()
    await control.close()
    await pool.drain()
    writer.close()
    await securityLog.close()
    await reader.close()
    storage.close()
    trail.close()
    anchor.close()
    lock.release()
    ended.resolve(code)
  }

  if (settings.testProfile) log.warn('the test profile is on: the clock can be moved; not for real keys')
  if (settings.tls.kind === 'off' && settings.allowPlaintext) log.warn('plain HTTP is allowed beyond loopback')
  log.info({ url, workers: settings.workers, cores: availableParallelism(), created }, 'ready')
  return {
    url,
    introduction: created ? howToUse(settings, clientUrl(settings, address)) : [],
    ended: ended.promise,
    drain: () => {
      finish(0).catch((error: unknown) => {
        log.error({ error: describeError(error) }, 'the server did not end in order')
        ended.resolve(unexpectedExit)
      })
    },
  }
}

function makeDataDirectory(dir: string): void {
  try {
    if (mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(dir, 0o700)
  } catch (error) {
    throw new StorageError(
      'unreachable',
      `The data directory ${dir} can't be made: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function sealSources(settings: Settings): SealSources {
  return {
    keyFile: (settings.seal.kind === 'key-file' ? settings.seal.path : undefined) ?? defaultKeyFile(settings.dataDir),
    passphrase: settings.seal.kind === 'passphrase' ? settings.seal.source : { kind: 'terminal' },
  }
}

/** The open seal of the directory; a first start makes one, unless an earlier first start got as far as that. */
async function openSeal(settings: Settings, sources: SealSources, first: boolean): Promise<Unsealed> {
  const { dataDir } = settings
  const opened = await unseal(dataDir, sources)
  if (opened !== undefined) {
    if (opened.type !== settings.seal.kind) {
      opened.root.destroy()
      throw new SealError(
        `this installation is sealed by ${opened.type}, not by ${settings.seal.kind}: set --seal ${opened.type}`,
      )
    }
    return opened
  }
  if (!first) {
    throw new SealError(
      `${dataDir} has a database but no seal (seal.json): restore it from a backup; without it no key can be opened`,
    )
  }
  const random = systemRandom()
  return createSeal({ dataDir, installationId: random.uuid(), type: settings.seal.kind, sources, random })
}

function openInstallation(settings: Settings, { root, installationId }: Unsealed): Hierarchy {
  const installation = readInstallation(databaseFile(settings.dataDir))
  const current = installation?.domainKeys.at(-1)
  if (installation === undefined || current === undefined) {
    throw new StorageError('damaged', `The database ${databaseFile(settings.dataDir)} has no installation.`)
  }
  if (installation.id !== installationId) {
    throw new SealError(`the seal in ${settings.dataDir} belongs to another installation than its database`)
  }
  const hierarchy = openHierarchy(root, installationId, installation.domainKeys, current.epoch)
  root.destroy()
  return hierarchy
}

function isWholeTable(finding: Finding): boolean {
  return finding.kind === 'table' || finding.kind === 'head'
}
