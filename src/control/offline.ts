/** The commands that make sense on a directory that no server has. Loaded only then. */
import { join } from 'node:path'
import { usEast1 } from '#base/brand.ts'
import type { DirectorySettings } from '#config/load-settings.ts'
import { openHierarchy } from '#crypto/key-hierarchy.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import { descriptorPath, readDescriptor } from '#seals/descriptor.ts'
import { defaultKeyFile } from '#seals/key-file.ts'
import { unseal } from '#seals/seal.ts'
import { applySeed } from '#seed/apply.ts'
import { readMark } from '#seed/mark.ts'
import { checkAnchor, openAnchor } from '#storage/anchor.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { acquireLock } from '#storage/lock.ts'
import { readInstallation } from '#storage/sqlite/installation.ts'
import { openReader, type SqliteReader } from '#storage/sqlite/reader.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { allocateClockOffset, systemClock, systemKeyPairs, systemRandom } from '../system.ts'
import { runAccountCommand, type AccountCommand } from './accounts.ts'
import { ControlError } from './control-error.ts'
import { importSeed } from './import-seed.ts'
import { needsKeys, type ReadingName } from './reading-names.ts'
import { readings } from './readings.ts'
import { sealStatus } from './seal-status.ts'
import type { CommandOutput } from './server.ts'

/** Runs a reading command in this process. Throws ControlError, SealError, StorageError, AnchorError, IntegrityError. */
export async function readOffline(
  name: ReadingName,
  args: unknown,
  output: CommandOutput,
  settings: DirectorySettings,
): Promise<void> {
  const trailPath = join(settings.dataDir, 'trail.db')
  const database = join(settings.dataDir, 'keys.db')
  const verifies = needsKeys[name]
  const hierarchy = verifies ? await openDirectory(settings, database) : undefined
  const anchored = hierarchy && anchorState(settings, hierarchy)
  await readings[name](args, output, { trailPath, database, hierarchy, anchored })
}

/** `seal status`, from the seal's descriptor. */
export async function sealStatusOffline(output: CommandOutput, settings: DirectorySettings): Promise<void> {
  const descriptor = await readDescriptor(descriptorPath(settings.dataDir))
  if (descriptor === undefined) throw noInstallation(settings)
  const path = descriptor.type === 'key-file' ? keyFileOf(settings) : undefined
  await output.item(await sealStatus(descriptor, settings.dataDir, path))
}

/** An account command, on a directory that this process locks for it. */
export async function administerOffline(
  name: AccountCommand,
  args: unknown,
  output: CommandOutput,
  settings: DirectorySettings,
): Promise<void> {
  await withDirectory(settings, async (open) => {
    const items = await runAccountCommand(name, args, { ...open, dataDir: settings.dataDir, home: usEast1 })
    for (const item of items) await output.item(item)
  })
}

/** `import-seed`, on such a directory, which a server with the test profile must have used. */
export async function importSeedOffline(
  args: unknown,
  output: CommandOutput,
  settings: DirectorySettings,
): Promise<void> {
  const { dataDir, seal } = settings
  if (seal.kind !== 'key-file' || seal.path !== undefined) {
    throw new ControlError('a seed is for tests and works with the default seal only; leave --seal out')
  }
  await withDirectory(settings, async (open) => {
    const mark = readMark(dataDir, open.hierarchy.installationId)
    if (mark === undefined) {
      throw new ControlError(
        `${dataDir} was never used with --test-profile, and its keys may be real; seeds are for tests: serve it with --test-profile once, or choose another directory`,
      )
    }
    const keyStore = createSoftwareKeyStore({ ...open, keyPairs: systemKeyPairs })
    const apply = (path: string) => applySeed(path, { ...open, dataDir, keyStore, regions: mark.regions })
    await output.item(await importSeed(args, apply))
  })
}

/** What a command does its work with on a directory that no server has. */
interface OpenDirectory {
  readonly reader: SqliteReader
  readonly hierarchy: Hierarchy
  readonly random: Random
  readonly clock: Clock
  commit(this: void, commit: Commit): Promise<CommitOutcome>
}

async function withDirectory(settings: DirectorySettings, work: (open: OpenDirectory) => Promise<void>): Promise<void> {
  const { dataDir } = settings
  const database = join(dataDir, 'keys.db')
  const lock = acquireLock(dataDir)
  try {
    const hierarchy = await openDirectory(settings, database)
    const anchor = openAnchor(settings.anchor ?? join(dataDir, 'anchor'), hierarchy.stateMac, 'existing')
    const storage = openWriter(database, hierarchy)
    const reader = openReader(database, hierarchy.stateMac)
    try {
      checkAnchor(anchor.state, storage.head())
      await work({
        reader,
        hierarchy,
        random: systemRandom(),
        clock: systemClock(allocateClockOffset()),
        commit: (commit) => {
          const [outcome] = storage.commitAll([commit])
          if (outcome === undefined || outcome instanceof Error) {
            return Promise.reject(outcome ?? new Error('a commit without an outcome'))
          }
          const head = storage.head()
          // The record waits in the outbox for the next start, which moves it to the trail.
          anchor.write({ ...anchor.state, revision: head.revision, headDigest: head.digest })
          return Promise.resolve(outcome)
        },
      })
    } finally {
      reader.close()
      storage.close()
      anchor.close()
    }
  } finally {
    lock.release()
  }
}

async function openDirectory(settings: DirectorySettings, database: string): Promise<Hierarchy> {
  const installation = readInstallation(database)
  const current = installation?.domainKeys.at(-1)
  if (installation === undefined || current === undefined) throw noInstallation(settings)
  const { seal } = settings
  const unsealed = await unseal(settings.dataDir, {
    keyFile: keyFileOf(settings),
    passphrase: seal.kind === 'passphrase' ? seal.source : { kind: 'terminal' },
  })
  if (unsealed === undefined) throw noInstallation(settings)
  try {
    return openHierarchy(unsealed.root, unsealed.installationId, installation.domainKeys, current.epoch)
  } finally {
    unsealed.root.destroy()
  }
}

function anchorState(settings: DirectorySettings, hierarchy: Hierarchy): AnchorState {
  const anchor = openAnchor(settings.anchor ?? join(settings.dataDir, 'anchor'), hierarchy.stateMac, 'existing')
  try {
    return anchor.state
  } finally {
    anchor.close()
  }
}

function keyFileOf({ seal, dataDir }: DirectorySettings): string {
  return (seal.kind === 'key-file' ? seal.path : undefined) ?? defaultKeyFile(dataDir)
}

function noInstallation({ dataDir }: DirectorySettings): ControlError {
  return new ControlError(`${dataDir} holds no installation of trent; name its directory with --data-dir`)
}
