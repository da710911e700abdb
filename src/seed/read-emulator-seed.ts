/**
 * Reading the seed files of a well-known local emulator, so that people who come from it can bring their keys: `Keys` by kind
 * (`Symmetric: Aes`, `Asymmetric: Rsa`...) or as a list, `BackingKeys` in hex, `PrivateKeyPem`, and `Aliases`.
 */
import { parseAliasName, parseKeyId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { readPem } from '#crypto/pem-private-key.ts'
import { keyIdWanted, readOrigin, readSpec, specNames } from './read-key.ts'
import { bytesIn } from './read-material.ts'
import { readDescription } from './read-own.ts'
import type { KeyOrigin } from '#records/key.ts'
import type { Seed, SeedAlias, SeedKey, SeedMaterial } from './seed.ts'
import type { Parts, Spot, SpotReader } from './spot.ts'

const fileWords = ['Version', 'Keys', 'Aliases'] as const

/** Whether a file is one of these: its words begin with capitals. */
export function isEmulatorSeed({ tree }: Spot): boolean {
  return tree.kind === 'map' && tree.entries.some(({ name }) => fileWords.some((word) => word === name))
}

export function readEmulatorSeed(reader: SpotReader, file: Spot): Seed {
  const parts = reader.parts(file, fileWords) ?? {}
  reader.choice(parts.Version, ['1', '2'], 'version of this form')
  const spots = parts.Keys === undefined ? [] : keySpots(reader, parts.Keys)
  return {
    accounts: [],
    keys: spots.flatMap((spot) => readKey(reader, spot) ?? []),
    aliases: reader.items(parts.Aliases).flatMap((spot) => readAlias(reader, spot) ?? []),
  }
}

/** The keys of the file, in whichever of its forms. */
function keySpots(reader: SpotReader, keys: Spot): readonly Spot[] {
  if (keys.tree.kind === 'list') return reader.items(keys)
  const kinds = reader.parts(keys, ['Symmetric', 'Asymmetric']) ?? {}
  const symmetric = kinds.Symmetric && reader.parts(kinds.Symmetric, ['Aes', 'Hmac'])
  const asymmetric = kinds.Asymmetric && reader.parts(kinds.Asymmetric, ['Rsa', 'Ecc'])
  return [symmetric?.Aes, symmetric?.Hmac, asymmetric?.Rsa, asymmetric?.Ecc].flatMap((each) => reader.items(each))
}

const materialWords = ['BackingKeys', 'PrivateKeyPem'] as const
const keyWords = ['KeyId', 'Metadata', 'Material', 'NextKeyRotation', ...materialWords] as const
const metadataWords = ['KeyId', 'Description', 'KeyUsage', 'KeySpec', 'Origin'] as const

function readKey(reader: SpotReader, spot: Spot): SeedKey | undefined {
  const parts = reader.parts(spot, keyWords)
  if (parts === undefined) return undefined
  const metadata = (parts.Metadata && reader.parts(parts.Metadata, metadataWords)) ?? {}
  const material = (parts.Material && reader.parts(parts.Material, materialWords)) ?? {}
  const idSpot = metadata.KeyId ?? parts.KeyId
  if (idSpot === undefined) {
    reader.problem(spot, 'a key needs its KeyId; write Metadata: with KeyId: and a UUID')
    return
  }
  const keyId = reader.parsed(idSpot, parseKeyId, keyIdWanted)
  const origin = readOrigin(reader, metadata.Origin, undefined)
  const pem = material.PrivateKeyPem ?? parts.PrivateKeyPem
  const hex = material.BackingKeys ?? parts.BackingKeys
  const found =
    pem === undefined ? symmetric(reader, spot, hex, { origin, metadata }) : asymmetric(reader, spot, pem, metadata)
  const next = parts.NextKeyRotation
  if (next !== undefined && origin === 'EXTERNAL') {
    reader.problem(next, 'keys whose key material is imported are not rotated by themselves; remove it')
    return
  }
  const nextDate = reader.date(next)
  if (keyId === undefined || found === undefined) return undefined
  return {
    where: reader.where(spot),
    keyId,
    account: undefined,
    region: undefined,
    created: undefined,
    description: readDescription(reader, metadata.Description),
    tags: undefined,
    policy: undefined,
    state: undefined,
    rotation:
      next === undefined || nextDate === undefined
        ? undefined
        : { value: { periodDays: 365, nextDate }, where: reader.where(next) },
    grants: [],
    origin,
    replicas: [],
    ...found,
    materials: origin === 'AWS_KMS' ? found.materials : found.materials.map(asImported),
  }
}

type Metadata = Parts<(typeof metadataWords)[number]>
type Found = Pick<SeedKey, 'keySpec' | 'keyUsage' | 'materials'>
const rotated = { date: undefined, type: 'AUTOMATIC' } as const

function asImported(material: SeedMaterial): SeedMaterial {
  const imported = { expires: undefined, description: undefined, pending: false }
  return { ...material, rotated: { date: undefined, type: 'ON_DEMAND' }, imported }
}

/** The last backing key is the current one: a rotation adds one behind the others. */
function symmetric(
  reader: SpotReader,
  key: Spot,
  hex: Spot | undefined,
  { origin, metadata }: { readonly origin: KeyOrigin; readonly metadata: Metadata },
): Found | undefined {
  const isHmac = key.path.includes('.Hmac[')
  if (isHmac && metadata.KeySpec === undefined) {
    reader.problem(key, 'an HMAC key needs its KeySpec; write Metadata: with KeySpec: HMAC_256')
    return
  }
  const spec = readSpec(reader, key, metadata.KeySpec, metadata.KeyUsage)
  const spots = reader.items(hex)
  if (spots.length === 0 && origin === 'AWS_KMS') {
    reader.problem(key, 'the key has no material; write BackingKeys: or PrivateKeyPem:')
    return
  }
  if (spec === undefined) return undefined
  const second = spots[1]
  if (second !== undefined && spec.keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(second, `keys of ${spec.keySpec} are not rotated and have one key material; remove the others`)
    return
  }
  const materials = spots.flatMap((each): readonly SeedMaterial[] => {
    const bytes = bytesIn(reader, each, 'hex')
    return bytes === undefined ? [] : [{ where: reader.where(each), bytes, rotated, imported: undefined }]
  })
  return { ...spec, materials }
}

function asymmetric(reader: SpotReader, key: Spot, pem: Spot, metadata: Metadata): Found | undefined {
  const text = reader.text(pem)
  const found = text === undefined ? undefined : readPem(text)
  if (found?.spec === undefined) {
    reader.problem(pem, `this is no private key of a key spec (${specNames.join(', ')}) in PEM without a passphrase`)
    return
  }
  const named = reader.choice(metadata.KeySpec, [found.spec], 'key spec of this private key')
  if (metadata.KeySpec !== undefined && named === undefined) return undefined
  const implied: Spot = {
    path: pem.path,
    tree: { kind: 'text', at: pem.tree.at, text: found.spec, value: found.spec },
  }
  const spec = readSpec(reader, key, metadata.KeySpec ?? implied, metadata.KeyUsage)
  if (spec === undefined) return undefined
  return {
    ...spec,
    materials: [{ where: reader.where(pem), bytes: new SecretBytes(found.pkcs8), rotated, imported: undefined }],
  }
}

function readAlias(reader: SpotReader, spot: Spot): SeedAlias | undefined {
  const parts = reader.parts(spot, ['AliasName', 'TargetKeyId'])
  if (parts === undefined) return undefined
  if (parts.AliasName === undefined || parts.TargetKeyId === undefined) {
    reader.problem(spot, 'an alias has two halves; write AliasName: and TargetKeyId:')
    return
  }
  const name = reader.parsed(parts.AliasName, parseAliasName, 'an alias; write it such as alias/orders')
  const target = reader.parsed(parts.TargetKeyId, parseKeyId, keyIdWanted)
  if (name === undefined || target === undefined) return undefined
  return { where: reader.where(spot), account: undefined, region: undefined, name, target }
}
