/** Seeds of a test profile: the one that a server is started with, and those that operators bring later. */
import { isLoopback } from '#base/loopback.ts'
import { ConfigError } from '#config/config-error.ts'
import type { Settings } from '#config/settings.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { SeedOutcome } from '#seed/apply.ts'
import { readMark, writeMark } from '#seed/mark.ts'
import type { SeedFile } from '#seed/read-file.ts'
import { systemKeyPairs } from '../system.ts'
import type { OpenInstallation } from './installation.ts'
import type { Logger } from './log.ts'
import type { Writer } from './writer.ts'

export interface SeedParts {
  readonly settings: Settings
  readonly seed: SeedFile | undefined
  readonly installation: OpenInstallation
  readonly writer: Writer
  readonly random: Random
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Marks the directory as one of tests and applies the seed of the settings, before a worker listens. Answers what applies
 * others; undefined without the test profile. Throws ConfigError.
 */
export async function startSeeds(parts: SeedParts): Promise<((path: string) => Promise<SeedOutcome>) | undefined> {
  const { settings, seed, installation, writer, random, clock, log } = parts
  const { dataDir, regions } = settings
  const { hierarchy, reader } = installation
  const installationId = hierarchy.installationId
  const mark = readMark(dataDir, installationId)
  if (!settings.testProfile) {
    if (mark !== undefined) {
      log.warn('this directory was used with the test profile: keys in it may be known to others; not for real keys')
    }
    return undefined
  }
  if (mark === undefined || mark.regions.join() !== regions.join()) {
    await writeMark(dataDir, { installation: installationId, regions, seeds: mark?.seeds ?? [] }, random)
  }
  const { createSoftwareKeyStore } = await import('#keystores/software/key-store.ts')
  const keyStore = createSoftwareKeyStore({ hierarchy, random, keyPairs: systemKeyPairs })
  let last: Promise<unknown> = Promise.resolve()
  const apply = async (file: SeedFile): Promise<SeedOutcome> => {
    refuseShortKeys(file, settings)
    const { applySeed } = await import('#seed/apply.ts')
    const outcome = await applySeed(file, {
      dataDir,
      reader,
      hierarchy,
      keyStore,
      random,
      clock,
      regions,
      commit: (commit) => writer.commitNow(commit),
    })
    // Changes are refused while too many records wait to be moved to the trail, and a seed brings one for each key.
    writer.drain()
    log.warn({ seed: outcome.seed, outcome: outcome.outcome, added: outcome.added }, 'a seed was taken')
    return outcome
  }
  if (seed !== undefined) await apply(seed)
  return (path) => {
    // One after the other: what one has added the next one finds.
    const next = last.then(async () => apply(await readSeed(path)))
    last = next.catch(() => undefined)
    return next
  }
}

/** What only a start with a seed loads: the parser of YAML is a fifth of all that a primary loads. Throws ConfigError. */
export async function readSeed(path: string): Promise<SeedFile> {
  const { readSeedFile } = await import('#seed/read-file.ts')
  return readSeedFile(path)
}

/** Throws ConfigError when a seed has a root access key that is too short for the address that is listened on. */
export function refuseShortKeys({ seed }: SeedFile, { listen }: Settings): void {
  if (isLoopback(listen.host)) return
  const problems = seed.accounts
    .filter(({ rootAccessKey: key }) => key !== undefined && (key.id.length < 16 || key.secret.length < 40))
    .map(
      ({ where }) =>
        `${where}: the access key is too short for an address that others can reach; ` +
        'use at least 16 characters for its id and 40 for its secret, or listen on loopback',
    )
  if (problems.length > 0) throw new ConfigError(problems)
}
