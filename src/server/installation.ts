/**
 * Opens a data directory for this process: lock, seal, database, anchor, trail. The first start on an empty directory makes
 * what is missing. Everything that can refuse a start for the sake of the data refuses it here, before a port is opened.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { FreeSpace } from '#audit/free-space.ts'
import { GuardedTrail } from '#audit/failure-policy.ts'
import { Spool } from '#audit/spool.ts'
import { Trail } from '#audit/trail.ts'
import type { Settings } from '#config/settings.ts'
import { openHierarchy, type Hierarchy } from '#crypto/key-hierarchy.ts'
import type { Clock, Random } from '#ports/edge.ts'
import { defaultKeyFile, sameDisk } from '#seals/key-file.ts'
import { createSeal, unseal, type SealSources, type Unsealed } from '#seals/seal.ts'
import { SealError } from '#seals/seal-error.ts'
import { checkAnchor, openAnchor, type Anchor } from '#storage/anchor.ts'
import { acquireLock, type Lock } from '#storage/lock.ts'
import { readInstallation } from '#storage/sqlite/installation.ts'
import { openReader, type SqliteReader } from '#storage/sqlite/reader.ts'
import { openWriter, type SqliteWriter } from '#storage/sqlite/writer.ts'
import { StorageError } from '#storage/storage-error.ts'
import { databaseFile, spoolFile, trailFile } from './files.ts'
import { anchorOf, createFirstInstallation, refuseRemains, type FirstAccount } from './first-start.ts'
import { requireSameIdentity } from './identity-check.ts'
import type { Logger } from './log.ts'

/** What is public of a seal. */
export interface SealFacts extends Pick<Unsealed, 'type' | 'generation' | 'installationId'> {
  readonly keyFile: string | undefined
}

/** An open data directory. It is this process's alone until `close`. */
export interface OpenInstallation {
  /** Whether this start created it. */
  readonly created: boolean
  readonly hierarchy: Hierarchy
  readonly storage: SqliteWriter
  readonly reader: SqliteReader
  readonly anchor: Anchor
  readonly trail: Trail
  readonly guarded: GuardedTrail
  /** Undefined with the policy to refuse. */
  readonly spool: Spool | undefined
  readonly seal: SealFacts
  close(): void
}

export async function openInstallation(
  settings: Settings,
  clock: Clock,
  random: Random,
  log: Logger,
  first?: FirstAccount,
): Promise<OpenInstallation> {
  const { dataDir } = settings
  makeDataDirectory(dataDir)
  const lock = acquireLock(dataDir)
  const created = readInstallation(databaseFile(dataDir)) === undefined
  if (created) refuseRemains(settings)
  const sources = sealSources(settings)
  const seal = await openSeal(settings, sources, created, random)
  if (seal.type === 'key-file' && (await sameDisk(dataDir, sources.keyFile))) {
    log.warn(
      { keyFile: sources.keyFile },
      'the seal key file lies on the same disk as the data: whoever takes the disk has both; keep it elsewhere with --seal key-file:PATH',
    )
  }
  if (created) await createFirstInstallation(settings, seal, random, clock.machineNow(), first)
  const hierarchy = openKeys(settings, seal)
  const storage = openWriter(databaseFile(dataDir), hierarchy)
  const anchor = openAnchor(anchorOf(settings), hierarchy.stateMac, 'existing')
  checkAnchor(anchor.state, storage.head())
  const reader = openReader(databaseFile(dataDir), hierarchy.stateMac)
  requireSameIdentity(settings, reader, hierarchy)
  const trail = new Trail({
    path: trailFile(dataDir),
    chainKey: hierarchy.auditChain,
    clock,
    anchor: { seq: anchor.state.trailSequence, hash: Buffer.from(anchor.state.trailHash, 'hex') },
  })
  storage.requireWholeOutbox(trail.lastOutboxId)
  const spool = openSpool(settings, trail, hierarchy)
  return {
    created,
    hierarchy,
    storage,
    reader,
    anchor,
    trail,
    guarded: guard(settings, trail, spool, clock),
    spool,
    seal: {
      type: seal.type,
      generation: seal.generation,
      installationId: seal.installationId,
      keyFile: seal.type === 'key-file' ? sources.keyFile : undefined,
    },
    close: () => closeAll(reader, storage, trail, anchor, lock),
  }
}

function closeAll(reader: SqliteReader, storage: SqliteWriter, trail: Trail, anchor: Anchor, lock: Lock): void {
  reader.close()
  storage.close()
  trail.close()
  anchor.close()
  lock.release()
}

function openSpool({ dataDir, audit }: Settings, trail: Trail, { auditChain }: Hierarchy): Spool | undefined {
  if (audit.onFailure !== 'spool') return undefined
  return new Spool({
    path: spoolFile(dataDir),
    maxBytes: audit.spoolBytes,
    chainKey: auditChain,
    lastMovedId: trail.lastSpoolId,
  })
}

function guard({ dataDir, audit }: Settings, trail: Trail, spool: Spool | undefined, clock: Clock): GuardedTrail {
  const freeSpace = new FreeSpace({ directory: dataDir, floorBytes: audit.minFreeBytes, clock })
  return new GuardedTrail({ trail, clock, freeSpace, spool })
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

function sealSources({ seal, dataDir }: Settings): SealSources {
  return {
    keyFile: (seal.kind === 'key-file' ? seal.path : undefined) ?? defaultKeyFile(dataDir),
    passphrase: seal.kind === 'passphrase' ? seal.source : { kind: 'terminal' },
  }
}

/** The open seal of the directory; a first start makes one, unless an earlier first start got as far as that. */
async function openSeal(
  { dataDir, seal }: Settings,
  sources: SealSources,
  first: boolean,
  random: Random,
): Promise<Unsealed> {
  const opened = await unseal(dataDir, sources)
  if (opened !== undefined) {
    if (opened.type === seal.kind) return opened
    opened.root.destroy()
    throw new SealError(`this installation is sealed by ${opened.type}, not by ${seal.kind}: set --seal ${opened.type}`)
  }
  if (!first) {
    throw new SealError(
      `${dataDir} has a database but no seal (seal.json): restore it from a backup; without it no key can be opened`,
    )
  }
  return createSeal({ dataDir, installationId: random.uuid(), type: seal.kind, sources, random })
}

function openKeys({ dataDir }: Settings, { root, installationId }: Unsealed): Hierarchy {
  const installation = readInstallation(databaseFile(dataDir))
  const current = installation?.domainKeys.at(-1)
  if (installation === undefined || current === undefined) {
    throw new StorageError('damaged', `The database ${databaseFile(dataDir)} has no installation.`)
  }
  if (installation.id !== installationId) {
    throw new SealError(`the seal in ${dataDir} belongs to another installation than its database`)
  }
  const hierarchy = openHierarchy(root, installationId, installation.domainKeys, current.epoch)
  root.destroy()
  return hierarchy
}
