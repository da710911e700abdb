/** What a key of a seed has for itself, beside what it has in common with its replicas. */
import { parseAliasName, type AccountId, type KeyId, type Region } from '#base/brand.ts'
import { plainValue } from '#config/yaml-tree.ts'
import type { KeyOrigin, Tag } from '#records/key.ts'
import { readGrant } from './read-grant.ts'
import type { Given, SeedAlias, SeedOwn, SeedState } from './seed.ts'
import type { Parts, Spot, SpotReader } from './spot.ts'

export const ownWords = [
  ...(['created', 'description', 'tags', 'policy', 'state', 'deletion-date', 'deletion-in-days'] as const),
  ...(['aliases', 'grants'] as const),
] as const
type OwnParts = Parts<(typeof ownWords)[number]>

const stateNames = ['Enabled', 'Disabled', 'PendingImport', 'PendingDeletion', 'PendingReplicaDeletion'] as const
const longestDescription = 8192

/** What decides which states a key can be in. */
export interface KeyKind {
  readonly origin: KeyOrigin
  /** Whether the seed has key material for it. */
  readonly hasMaterial: boolean
  readonly role: 'alone' | 'primary with replicas' | 'replica'
}

export function readOwn(reader: SpotReader, spot: Spot, parts: OwnParts, kind: KeyKind): SeedOwn {
  return {
    where: reader.where(spot),
    created: reader.date(parts.created),
    description: readDescription(reader, parts.description),
    tags: readTags(reader, parts.tags),
    policy: readPolicy(reader, parts.policy),
    state: readState(reader, parts, kind),
    grants: reader.items(parts.grants).flatMap((each) => readGrant(reader, each) ?? []),
  }
}

/** The aliases of the key `target`; undefined are those of an id that is none. */
export function readAliases(
  reader: SpotReader,
  aliases: Spot | undefined,
  place: { readonly account: AccountId | undefined; readonly region: Region | undefined },
  target: KeyId | undefined,
): readonly SeedAlias[] {
  return reader.items(aliases).flatMap((each): readonly SeedAlias[] => {
    const name = reader.parsed(each, parseAliasName, 'an alias; write it such as alias/orders')
    return name === undefined || target === undefined ? [] : [{ where: reader.where(each), ...place, name, target }]
  })
}

export function readDescription(reader: SpotReader, spot: Spot | undefined): Given<string> {
  if (spot === undefined) return undefined
  if (spot.tree.kind === 'nothing') return { value: '', where: reader.where(spot) }
  const text = reader.text(spot)
  if (text === undefined) return undefined
  if (text.length > longestDescription) {
    reader.problem(spot, `a description has at most ${longestDescription} characters; shorten it`)
    return
  }
  return { value: text, where: reader.where(spot) }
}

function readTags(reader: SpotReader, spot: Spot | undefined): Given<readonly Tag[]> {
  if (spot === undefined) return undefined
  const tags: Tag[] = []
  for (const [TagKey, inside] of reader.entries(spot)) {
    const TagValue = inside.tree.kind === 'nothing' ? '' : reader.text(inside)
    if (TagValue === undefined) continue
    if (TagKey === '' || TagKey.length > 128 || TagValue.length > 256) {
      reader.problem(inside, 'a tag has a name of 1 to 128 and a value of 0 to 256 characters; shorten it')
    } else tags.push({ TagKey, TagValue })
  }
  return { value: tags, where: reader.where(spot) }
}

/** A policy as text, or as the lines of it, which are then written as JSON. */
function readPolicy(reader: SpotReader, spot: Spot | undefined): Given<string> {
  if (spot === undefined) return undefined
  const text = spot.tree.kind === 'map' ? JSON.stringify(plainValue(spot.tree)) : reader.text(spot)
  return text === undefined ? undefined : { value: text, where: reader.where(spot) }
}

function readState(reader: SpotReader, parts: OwnParts, key: KeyKind): Given<SeedState> {
  const kind = reader.choice(parts.state, stateNames, 'key state')
  const dated = parts['deletion-date'] ?? parts['deletion-in-days']
  const isDated = kind === 'PendingDeletion' || kind === 'PendingReplicaDeletion'
  if (dated !== undefined && !isDated) {
    reader.problem(dated, 'only a key that is pending deletion has it; write state: PendingDeletion')
    return
  }
  if (kind === undefined || parts.state === undefined) return undefined
  const impossible = impossibleState(kind, key)
  if (impossible !== undefined) {
    reader.problem(parts.state, impossible)
    return
  }
  const where = reader.where(parts.state)
  if (!isDated) return { value: { kind }, where }
  const date = reader.date(parts['deletion-date'])
  const days = reader.whole(parts['deletion-in-days'], 7, 30)
  if (kind === 'PendingReplicaDeletion') {
    if (parts['deletion-date'] !== undefined || parts['deletion-in-days'] === undefined) {
      const wanted = 'a key that waits for the end of its replicas has no date yet; write deletion-in-days'
      reader.problem(parts.state, wanted)
    }
    return days === undefined ? undefined : { value: { kind, windowDays: days }, where }
  }
  if ((parts['deletion-date'] === undefined) === (parts['deletion-in-days'] === undefined)) {
    reader.problem(parts.state, 'a key that is pending deletion has a deletion-date or deletion-in-days; write one')
    return
  }
  if (date !== undefined) return { value: { kind, until: { date } }, where }
  return days === undefined ? undefined : { value: { kind, until: { days } }, where }
}

/** Why a key can't be in the state, and what to do. */
function impossibleState(
  state: (typeof stateNames)[number],
  { origin, hasMaterial, role }: KeyKind,
): string | undefined {
  switch (state) {
    case 'Enabled':
    case 'Disabled':
      if (origin === 'AWS_KMS' || hasMaterial) return undefined
      return 'a key without its key material waits for it; add material, or write PendingImport'
    case 'PendingImport':
      if (origin === 'AWS_KMS') return 'only keys of origin EXTERNAL wait for key material; write another state'
      if (!hasMaterial || role === 'replica') return undefined
      return 'a key does not wait for key material that is there; remove the one or the other'
    case 'PendingDeletion':
      if (role !== 'primary with replicas') return undefined
      return 'the wait of a primary begins with the end of its replicas; write PendingReplicaDeletion, or remove them'
    case 'PendingReplicaDeletion':
      if (role === 'primary with replicas') return undefined
      return 'only a primary that has replicas waits for their end; write PendingDeletion'
  }
}
