/** Puts a seed into an installation: once, in one commit. */
import { createHash } from 'node:crypto'
import { ConfigError } from '#config/config-error.ts'
import { operatorEventText, secondText } from '#cloudtrail/record.ts'
import type { Clock } from '#ports/edge.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import { readMark, writeMark } from './mark.ts'
import { planSeed, type SeedPlan } from './plan.ts'
import type { PlanSources } from './planning.ts'
import { readSeedFile, type SeedFile } from './read-file.ts'

export interface SeedSources extends Omit<PlanSources, 'now'> {
  readonly dataDir: string
  readonly clock: Clock
  commit(commit: Commit): Promise<CommitOutcome>
}

/** What became of a seed. */
export interface SeedOutcome {
  readonly seed: string
  /** `applied before`: nothing was looked at; whatever was changed since stays so. */
  readonly outcome: 'applied' | 'applied before' | 'was there already'
  readonly added: SeedPlan['added']
}

const attempts = 5
const nothing = { accounts: 0, keys: 0, aliases: 0, grants: 0 }

/** Applies `file`, or the one at that path. Throws ConfigError with all that is wrong with it or contradicts what is there. */
export async function applySeed(file: SeedFile | string, sources: SeedSources): Promise<SeedOutcome> {
  const { dataDir, hierarchy, random, regions, reader } = sources
  const path = typeof file === 'string' ? file : file.path
  let read: SeedFile | undefined = typeof file === 'string' ? undefined : file
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    // Anew each time: a plan uses up the key material.
    const given: SeedFile = read ?? readSeedFile(path)
    read = undefined
    const name = nameOf(given, regions[0])
    const mark = readMark(dataDir, hierarchy.installationId)
    if (mark?.seeds.includes(name) === true) return { seed: path, outcome: 'applied before', added: nothing }
    const now = sources.clock.now()
    const { changes, problems, added } = await planSeed(given, { ...sources, now })
    if (problems.length > 0) throw new ConfigError(problems)
    if (changes.length > 0) {
      const account = reader.accounts().toSorted((one, other) => one.creationDate - other.creationDate)[0]?.account
      if (account === undefined) throw new TypeError('an installation has an account')
      const record = operatorEventText({
        eventName: 'ImportSeed',
        eventSource: 'kms.amazonaws.com',
        region: regions[0],
        account,
        time: secondText()(now),
        eventId: random.uuid(),
        requestParameters: JSON.stringify({ seed: given.digest, added }),
      })
      // Somebody else changed what it is about: look again.
      if ((await sources.commit({ changes, expectations: [], record })) === 'conflict') continue
    }
    const remembered = { installation: hierarchy.installationId, regions, seeds: [...(mark?.seeds ?? []), name] }
    await writeMark(dataDir, remembered, random)
    return { seed: path, outcome: changes.length > 0 ? 'applied' : 'was there already', added }
  }
  throw new ConfigError([`${path}: what the seed is about is being changed all the time; try again`])
}

/** The same for the same content that means the same: a file that names no region is another one in another region. */
function nameOf({ digest }: SeedFile, region: string): string {
  return createHash('sha256').update(`${digest}/${region}`).digest('hex')
}
