/**
 * From a seed and what is there to one set of changes. What is there already and agrees is left alone, what contradicts is a
 * problem, what is missing is added.
 */
import { partitionOf } from '#base/arn.ts'
import type { AccountId, Region } from '#base/brand.ts'
import { createPrincipalDirectory } from '#cache/principal-directory.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord, Place } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { planAccounts } from './plan-accounts.ts'
import { planAliases } from './plan-aliases.ts'
import { planKeys } from './plan-keys.ts'
import type { SeedFile } from './read-file.ts'
import type { Where } from './seed.ts'

/** What a plan is made from. */
export interface PlanSources {
  readonly reader: SqliteReader
  readonly hierarchy: Hierarchy
  readonly keyStore: Pick<KeyStore, 'generate' | 'adopt'>
  readonly random: Random
  /** Epoch milliseconds. */
  readonly now: number
  /** The regions that are served; the first is that of keys that name none. */
  readonly regions: readonly [Region, ...Region[]]
}

/** A plan while it is made. */
export interface Planning extends PlanSources {
  /** The account of keys that name none. */
  readonly account: AccountId
  readonly digest: string
  readonly principals: PrincipalDirectory
  /** Accounts and keys that there will be. */
  readonly accounts: Set<AccountId>
  readonly keys: Map<string, KeyRecord>
  readonly changes: Change[]
  readonly problems: string[]
}

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

/** Where something of the seed is to be; undefined when it can't be there, which is noted. */
export function placeFor(
  { account, region }: { readonly account: AccountId | undefined; readonly region: Region | undefined },
  where: Where,
  planning: Planning,
): Place | undefined {
  const place = { account: account ?? planning.account, region: region ?? planning.regions[0] }
  if (!planning.accounts.has(place.account)) {
    planning.problems.push(`${where}: there is no account ${place.account}; add it to accounts:, or name another`)
    return undefined
  }
  if (!planning.regions.includes(place.region)) {
    planning.problems.push(
      `${where}: ${place.region} is not served here; name one of ${planning.regions.join(', ')}, or add it to --region`,
    )
    return undefined
  }
  return place
}

/** What distinguishes keys and aliases of all places. */
export function nameIn({ region, account }: Place, name: string): string {
  return `${region}/${account}/${name}`
}

/** Notes that something is there and differs. */
export function contradiction(planning: Planning, where: Where, what: string): void {
  planning.problems.push(`${where}: ${what}; make the two agree, or begin with an empty data directory`)
}
