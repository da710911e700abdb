/** A plan while it is made, and what all its parts ask. */
import type { AccountId, Region } from '#base/brand.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord, Place } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import type { Where } from './seed.ts'

/** What a plan is made from. */
export interface PlanSources {
  readonly reader: SqliteReader
  readonly hierarchy: Hierarchy
  readonly keyStore: Pick<KeyStore, 'generate' | 'adopt' | 'replicate'>
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
