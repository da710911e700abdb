/** A key of a seed file, with its replicas. */
import { parseAccountId, parseKeyId, parseRegion, type KeyId } from '#base/brand.ts'
import { keySpecs, type KeySpec, type KeyUsage } from '#crypto/key-specs.ts'
import { refuseOrigin, refuseSpec } from '#kms/key/spec.ts'
import type { KeyOrigin } from '#records/key.ts'
import { readMaterial } from './read-material.ts'
import { ownWords, readAliases, readOwn } from './read-own.ts'
import type { Given, SeedAlias, SeedKey, SeedMaterial, SeedReplica, SeedRotation } from './seed.ts'
import type { Parts, Spot, SpotReader } from './spot.ts'

export const specNames = Object.keys(keySpecs).filter((name): name is KeySpec => Object.hasOwn(keySpecs, name))
const usageNames = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
] as const satisfies readonly KeyUsage[]

export const keyIdWanted = 'a key id; write a UUID in lower case, such as 1234abcd-12ab-34cd-56ef-1234567890ab'

const keyWords = [
  ...(['id', 'account', 'region', 'spec', 'usage', 'origin', 'material', 'materials', 'rotation'] as const),
  ...ownWords,
  ...(['multi-region', 'replicas', 'expires'] as const),
] as const
type KeyParts = Parts<(typeof keyWords)[number]>

interface FoundKey {
  readonly key: SeedKey
  readonly aliases: readonly SeedAlias[]
}

export function readKey(reader: SpotReader, spot: Spot): FoundKey | undefined {
  const parts = reader.parts(spot, keyWords)
  if (parts === undefined) return undefined
  if (parts.id === undefined) {
    reader.problem(spot, 'a key needs its id; write id: and a UUID')
    return
  }
  if (parts.expires !== undefined) {
    reader.problem(parts.expires, 'it is key material that expires; write it in material:')
  }
  const keyId = reader.parsed(parts.id, parseKeyId, keyIdWanted)
  const account = reader.parsed(parts.account, parseAccountId, 'an account id; write twelve digits')
  const region = reader.parsed(parts.region, parseRegion, 'a region; write a name such as us-east-1')
  const spec = readSpec(reader, spot, parts.spec, parts.usage)
  const origin = readOrigin(reader, parts.origin, spec)
  if (keyId !== undefined) readMultiRegion(reader, parts, keyId)
  const kind = spec === undefined ? undefined : { ...spec, origin }
  const materials = kind === undefined ? [] : readMaterials(reader, parts, kind)
  const hasMaterial = parts.material !== undefined || materials.length > 0
  const role = parts.replicas === undefined ? 'alone' : 'primary with replicas'
  const own = readOwn(reader, spot, parts, { origin, hasMaterial, role })
  const aliases = readAliases(reader, parts.aliases, { account, region }, keyId)
  const replicas = reader.items(parts.replicas).flatMap((each) => readReplica(reader, each, { origin, hasMaterial }))
  if (replicas.length > 0 && origin === 'EXTERNAL' && !hasMaterial && parts.replicas !== undefined) {
    reader.problem(
      parts.replicas,
      'a key that waits for its key material has no replicas; add material, or remove them',
    )
  }
  const rotation = readRotation(reader, parts.rotation, kind)
  if (keyId === undefined || spec === undefined) return undefined
  return {
    key: {
      ...own,
      keyId,
      account,
      region,
      ...spec,
      origin,
      rotation,
      materials,
      replicas: replicas.map(({ replica }) => replica),
    },
    aliases: [
      ...aliases,
      ...replicas.flatMap(({ replica, spot: there }) =>
        readAliases(reader, there, { account, region: replica.region }, keyId),
      ),
    ],
  }
}

/** What makes a key a multi-Region one is its id; the word may say so too. */
function readMultiRegion(reader: SpotReader, { id, replicas, ...parts }: KeyParts, keyId: KeyId): void {
  const named = reader.choice(parts['multi-region'], ['true', 'false'], 'answer')
  const isMultiRegion = isMultiRegionId(keyId)
  if (isMultiRegion && named === 'false' && id !== undefined) {
    reader.problem(id, 'an id that begins with mrk- is that of a multi-Region key; write a UUID, or multi-region: true')
  }
  const asked = named === 'true' ? parts['multi-region'] : replicas
  if (isMultiRegion || asked === undefined) return
  reader.problem(
    asked,
    'the id of a multi-Region key is mrk- and 32 hex digits; write such an id, such as mrk-1234abcd12ab34cd56ef1234567890ab',
  )
}

/** Whether keys of such an id are multi-Region keys ("How multi-Region keys work", AWS KMS Developer Guide). */
export function isMultiRegionId(keyId: KeyId): boolean {
  return keyId.startsWith('mrk-')
}

function readReplica(
  reader: SpotReader,
  spot: Spot,
  kind: { readonly origin: KeyOrigin; readonly hasMaterial: boolean },
): readonly { readonly replica: SeedReplica; readonly spot: Spot | undefined }[] {
  const parts = reader.parts(spot, ['region', ...ownWords])
  if (parts === undefined) return []
  if (parts.region === undefined) {
    reader.problem(spot, 'a replica needs its region; write region:')
    return []
  }
  const region = reader.parsed(parts.region, parseRegion, 'a region; write a name such as us-east-1')
  const own = readOwn(reader, spot, parts, { ...kind, role: 'replica' })
  return region === undefined ? [] : [{ replica: { ...own, region }, spot: parts.aliases }]
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

/** Where the key material comes from, which must be possible for `spec`. */
export function readOrigin(
  reader: SpotReader,
  spot: Spot | undefined,
  spec: Pick<SeedKey, 'keySpec' | 'keyUsage'> | undefined,
): KeyOrigin {
  const origin = reader.choice(spot, ['AWS_KMS', 'EXTERNAL'], 'origin of keys in seeds') ?? 'AWS_KMS'
  if (spot === undefined || spec === undefined) return origin
  const refused = refuseOrigin({ KeySpec: spec.keySpec, KeyUsage: spec.keyUsage, Origin: origin })
  if (refused !== undefined) reader.problem(spot, refused.message ?? refused.code)
  return origin
}

type Kind = Pick<SeedKey, 'keySpec' | 'origin'>

function readRotation(reader: SpotReader, spot: Spot | undefined, kind: Kind | undefined): Given<SeedRotation> {
  if (spot === undefined || kind === undefined) return undefined
  const parts = reader.parts(spot, ['period-in-days', 'next'])
  if (parts === undefined) return undefined
  const { keySpec, origin } = kind
  if (keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(spot, `keys of ${keySpec} are not rotated; remove it, or write spec: SYMMETRIC_DEFAULT`)
    return
  }
  if (origin === 'EXTERNAL') {
    reader.problem(spot, 'keys whose key material is imported are not rotated by themselves; remove it')
    return
  }
  const periodDays = reader.whole(parts['period-in-days'], 90, 2560) ?? 365
  return { value: { periodDays, nextDate: reader.date(parts.next) }, where: reader.where(spot) }
}

function readMaterials(reader: SpotReader, parts: KeyParts, kind: Kind): readonly SeedMaterial[] {
  const { material, materials } = parts
  if (material !== undefined && materials !== undefined) {
    reader.problem(materials, 'material and materials contradict each other; write one of them')
    return []
  }
  const spots = material === undefined ? reader.items(materials) : [material]
  const second = spots[1]
  if (second !== undefined && kind.keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(second, `keys of ${kind.keySpec} are not rotated and have one key material; remove the others`)
    return []
  }
  return spots.flatMap((spot, index) => readMaterial(reader, spot, kind, placeIn(index, spots.length)) ?? [])
}

function placeIn(index: number, count: number): 'first' | 'between' | 'last' {
  if (index === 0) return 'first'
  return index === count - 1 ? 'last' : 'between'
}
