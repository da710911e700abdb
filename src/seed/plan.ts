/**
 * From a seed and what is there to one set of changes. What is there already and agrees is left alone, what contradicts is a
 * problem, what is missing is added.
 */
import { partitionOf } from '#base/arn.ts'
import type { Region } from '#base/brand.ts'
import { createPrincipalDirectory } from '#cache/principal-directory.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { Change } from '#records/change.ts'
import { planAccounts } from './plan-accounts.ts'
import { planAliases } from './plan-aliases.ts'
import { planKeys } from './plan-keys.ts'
import type { PlanSources, Planning } from './planning.ts'
import type { SeedFile } from './read-file.ts'

/** What there is to do: nothing when there are no changes. */
export interface SeedPlan {
  readonly changes: readonly Change[]
  readonly problems: readonly string[]
  readonly added: {
    readonly accounts: number
    readonly keys: number
    readonly aliases: number
    readonly grants: number
  }
}

/** The plan; reads only. Key material of the seed is used up by it: it has been destroyed afterwards. */
export async function planSeed({ seed, digest }: SeedFile, sources: PlanSources): Promise<SeedPlan> {
  const { reader, regions } = sources
  const stored = reader.accounts()
  const [first] = stored.toSorted((one, other) => one.creationDate - other.creationDate)
  if (first === undefined) throw new TypeError('an installation has an account')
  const accounts = new Set([...stored.map(({ account }) => account), ...seed.accounts.map(({ account }) => account)])
  const planning: Planning = {
    ...sources,
    account: first.account,
    digest,
    principals: withAccounts(createPrincipalDirectory(reader, regions[0]), accounts, regions[0]),
    accounts,
    keys: new Map(),
    changes: [],
    problems: [],
  }
  planAccounts(seed.accounts, planning)
  await planKeys(seed.keys, planning)
  planAliases(seed.aliases, planning)
  const { changes, problems } = planning
  const count = (kind: Change['kind']): number => changes.filter((change) => change.kind === kind).length
  return {
    changes,
    problems,
    added: {
      accounts: count('account added'),
      keys: count('key added'),
      aliases: count('alias added'),
      grants: count('grant added'),
    },
  }
}

/** Policies may name the root users of accounts that the seed brings. */
function withAccounts(directory: PrincipalDirectory, accounts: ReadonlySet<string>, home: Region): PrincipalDirectory {
  const root = new RegExp(`^arn:${partitionOf(home)}:iam::([0-9]{12}):root$`)
  return {
    storedName: (given) => (accounts.has(root.exec(given)?.[1] ?? '') ? given : directory.storedName(given)),
    shownName: (stored) => directory.shownName(stored),
  }
}
