/** Reading a seed file: this project's own form. What it means is in docs/testing.md. */
import { parseAccountId, parseAliasName, parseKeyId, parseRegion } from '#base/brand.ts'
import { accessKeyId, InvalidValue, secretAccessKey } from '#config/values.ts'
import { plainValue } from '#config/yaml-tree.ts'
import { keySpecs, type KeySpec, type KeyUsage } from '#crypto/key-specs.ts'
import { refuseSpec } from '#kms/key/spec.ts'
import type { Tag } from '#records/key.ts'
import { readGrant } from './read-grant.ts'
import { readMaterial } from './read-material.ts'
import type { Given, Seed, SeedAccount, SeedAlias, SeedKey, SeedMaterial, SeedRotation, SeedState } from './seed.ts'
import type { Parts, Spot, SpotReader } from './spot.ts'

export const specNames = Object.keys(keySpecs).filter((name): name is KeySpec => Object.hasOwn(keySpecs, name))
const usageNames = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
] as const satisfies readonly KeyUsage[]
const stateNames = ['Enabled', 'Disabled', 'PendingDeletion'] as const

export const keyIdWanted = 'a key id; write a UUID in lower case, such as 1234abcd-12ab-34cd-56ef-1234567890ab'
const longestDescription = 8192
const longestName = 50

export function readSeed(reader: SpotReader, file: Spot): Seed {
  const parts = reader.parts(file, ['version', 'accounts', 'keys']) ?? {}
  reader.choice(parts.version, ['1'], 'version of this form')
  const keys = reader.items(parts.keys).map((spot) => readKey(reader, spot))
  return {
    accounts: reader.items(parts.accounts).flatMap((spot) => readAccount(reader, spot) ?? []),
    keys: keys.flatMap((found) => found?.key ?? []),
    aliases: keys.flatMap((found) => found?.aliases ?? []),
  }
}

function readAccount(reader: SpotReader, spot: Spot): SeedAccount | undefined {
  const parts = reader.parts(spot, ['id', 'name', 'root-access-key'])
  if (parts === undefined) return undefined
  if (parts.id === undefined) {
    reader.problem(spot, 'an account needs its id; write id: with twelve digits')
    return
  }
  const account = reader.parsed(parts.id, parseAccountId, 'an account id; write twelve digits')
  const name = reader.parsed(
    parts.name,
    (text) => (text.length <= longestName && /^[\u0020-\u007e]*$/.test(text) ? text : undefined),
    `a name; it has at most ${longestName} printable ASCII characters`,
  )
  const root = parts['root-access-key']
  const halves = root === undefined ? undefined : reader.parts(root, ['id', 'secret'])
  if (root !== undefined && (halves?.id === undefined || halves.secret === undefined)) {
    reader.problem(root, 'an access key has two halves; write id: and secret:')
    return
  }
  const id = halves?.id && setting(reader, halves.id, accessKeyId)
  const secret = halves?.secret && setting(reader, halves.secret, secretAccessKey)
  if (account === undefined) return undefined
  const rootAccessKey = id === undefined || secret === undefined ? undefined : { id, secret }
  return { where: reader.where(spot), account, name, rootAccessKey }
}

/** A value that settings have as well: in their words. */
function setting<T>(reader: SpotReader, spot: Spot, parse: (text: string) => T): T | undefined {
  const text = reader.text(spot)
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof InvalidValue) {
      reader.problem(spot, error.message)
      return
    }
    throw error
  }
}

const keyWords = [
  ...(['id', 'account', 'region', 'spec', 'usage', 'origin', 'created', 'description', 'tags', 'policy'] as const),
  ...([
    'state',
    'deletion-date',
    'deletion-in-days',
    'aliases',
    'material',
    'materials',
    'rotation',
    'grants',
  ] as const),
  ...(['multi-region', 'expires'] as const),
] as const
type KeyParts = Parts<(typeof keyWords)[number]>

interface FoundKey {
  readonly key: SeedKey
  readonly aliases: readonly SeedAlias[]
}

function readKey(reader: SpotReader, spot: Spot): FoundKey | undefined {
  const parts = reader.parts(spot, keyWords)
  if (parts === undefined) return undefined
  if (parts.id === undefined) {
    reader.problem(spot, 'a key needs its id; write id: and a UUID')
    return
  }
  refuseUnserved(reader, parts)
  const keyId = reader.parsed(parts.id, parseKeyId, keyIdWanted)
  const account = reader.parsed(parts.account, parseAccountId, 'an account id; write twelve digits')
  const region = reader.parsed(parts.region, parseRegion, 'a region; write a name such as us-east-1')
  const spec = readSpec(reader, spot, parts.spec, parts.usage)
  const grants = reader.items(parts.grants).flatMap((each) => readGrant(reader, each) ?? [])
  const aliases = reader.items(parts.aliases).flatMap((each): readonly SeedAlias[] => {
    const name = reader.parsed(each, parseAliasName, 'an alias; write it such as alias/orders')
    if (name === undefined || keyId === undefined) return []
    return [{ where: reader.where(each), account, region, name, target: keyId }]
  })
  if (keyId === undefined || spec === undefined) return undefined
  const key: SeedKey = {
    where: reader.where(spot),
    keyId,
    account,
    region,
    ...spec,
    created: reader.date(parts.created),
    description: readDescription(reader, parts.description),
    tags: readTags(reader, parts.tags),
    policy: readPolicy(reader, parts.policy),
    state: readState(reader, parts),
    rotation: readRotation(reader, parts.rotation, spec.keySpec),
    materials: readMaterials(reader, parts, spec.keySpec),
    grants,
  }
  return { key, aliases }
}

/** What is not there yet is refused by its name. */
function refuseUnserved(reader: SpotReader, { origin, expires, ...parts }: KeyParts): void {
  const version = 'is not supported in seeds by this version of Trent; leave it out'
  const named = reader.text(origin)
  if (origin !== undefined && named !== undefined && named !== 'AWS_KMS') {
    reader.problem(origin, `origin ${named} ${version}, or write AWS_KMS`)
  }
  if (expires !== undefined) reader.problem(expires, `expires ${version}`)
  const multiRegion = parts['multi-region']
  if (multiRegion !== undefined && reader.text(multiRegion) !== 'false') {
    reader.problem(multiRegion, `multi-region ${version}`)
  }
}

/** Key spec and key usage; a usage that is the only one of its spec need not be given. */
export function readSpec(
  reader: SpotReader,
  key: Spot,
  specSpot: Spot | undefined,
  usageSpot: Spot | undefined,
): Pick<SeedKey, 'keySpec' | 'keyUsage'> | undefined {
  const keySpec = specSpot === undefined ? 'SYMMETRIC_DEFAULT' : reader.choice(specSpot, specNames, 'key spec')
  const usage = reader.choice(usageSpot, usageNames, 'key usage')
  if (keySpec === undefined || (usageSpot !== undefined && usage === undefined)) return undefined
  const allowed = usageNames.filter((name) => keySpecs[keySpec].usages[name] !== undefined)
  const keyUsage = usage ?? (allowed.length === 1 ? allowed[0] : undefined)
  if (keyUsage === undefined) {
    reader.problem(key, `keys of ${keySpec} have several usages; write usage: ${allowed.join(' or ')}`)
    return
  }
  const requested = { KeySpec: keySpec, KeyUsage: keyUsage }
  const refused = refuseSpec(requested)
  if (refused !== undefined) {
    reader.problem(usageSpot ?? specSpot ?? key, refused.message ?? refused.code)
    return
  }
  return { keySpec, keyUsage }
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

function readState(reader: SpotReader, parts: KeyParts): Given<SeedState> {
  const kind = reader.choice(parts.state, stateNames, 'key state')
  const dated = parts['deletion-date'] ?? parts['deletion-in-days']
  if (dated !== undefined && kind !== 'PendingDeletion') {
    reader.problem(dated, 'only a key that is pending deletion has it; write state: PendingDeletion')
    return
  }
  if (kind === undefined || parts.state === undefined) return undefined
  const where = reader.where(parts.state)
  if (kind !== 'PendingDeletion') return { value: { kind }, where }
  const date = reader.date(parts['deletion-date'])
  const days = reader.whole(parts['deletion-in-days'], 7, 30)
  if ((parts['deletion-date'] === undefined) === (parts['deletion-in-days'] === undefined)) {
    reader.problem(parts.state, 'a key that is pending deletion has a deletion-date or deletion-in-days; write one')
    return
  }
  if (date !== undefined) return { value: { kind, until: { date } }, where }
  return days === undefined ? undefined : { value: { kind, until: { days } }, where }
}

function readRotation(reader: SpotReader, spot: Spot | undefined, keySpec: KeySpec): Given<SeedRotation> {
  if (spot === undefined) return undefined
  const parts = reader.parts(spot, ['period-in-days', 'next'])
  if (parts === undefined) return undefined
  if (keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(spot, `keys of ${keySpec} are not rotated; remove it, or write spec: SYMMETRIC_DEFAULT`)
    return
  }
  const periodDays = reader.whole(parts['period-in-days'], 90, 2560) ?? 365
  return { value: { periodDays, nextDate: reader.date(parts.next) }, where: reader.where(spot) }
}

function readMaterials(reader: SpotReader, parts: KeyParts, keySpec: KeySpec): readonly SeedMaterial[] {
  const { material, materials } = parts
  if (material !== undefined && materials !== undefined) {
    reader.problem(materials, 'material and materials contradict each other; write one of them')
    return []
  }
  const spots = material === undefined ? reader.items(materials) : [material]
  const second = spots[1]
  if (second !== undefined && keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(second, `keys of ${keySpec} are not rotated and have one key material; remove the others`)
    return []
  }
  return spots.flatMap((spot) => readMaterial(reader, spot, keySpec) ?? [])
}
