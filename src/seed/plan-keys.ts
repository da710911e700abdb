import { dayMs } from '#base/day.ts'
import { keyArn } from '#base/arn.ts'
import { serviceEventText, secondText } from '#cloudtrail/record.ts'
import { importedMaterial } from '#crypto/imported-material.ts'
import { randomMaterialLength } from '#crypto/key-pair.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import type { ErrorCode } from '#aws/errors.ts'
import { defaultKeyPolicy } from '#kms/key/default-policy.ts'
import { storedPolicy } from '#kms/key/policy.ts'
import { isAmong } from '#kms/key/region.ts'
import { rotatedEvery } from '#kms/key/rotation.ts'
import { mergeTags } from '#kms/key/tags.ts'
import type { MaterialOwner } from '#ports/key-store.ts'
import type { KeyMaterialRecord, KeyRecord, KeyState, Place } from '#records/key.ts'
import { textKept } from '#records/policy-texts.ts'
import { compareKey } from './compare-key.ts'
import { nameIn, placeFor, type Planning } from './planning.ts'
import { planGrants } from './plan-grants.ts'
import type { SeedKey, SeedMaterial } from './seed.ts'

/** Adds the changes that bring the keys of a seed and their grants. */
export async function planKeys(keys: readonly SeedKey[], planning: Planning): Promise<void> {
  const seen = new Set<string>()
  const kept = new Set<string>()
  for (const wanted of keys) {
    try {
      const place = placeFor(wanted, wanted.where, planning)
      if (place === undefined) continue
      const name = nameIn(place, wanted.keyId)
      if (seen.has(name)) {
        planning.problems.push(`${wanted.where}: key ${wanted.keyId} is there twice; remove one`)
        continue
      }
      seen.add(name)
      if (!isAmong(place.region, keySpecs[wanted.keySpec].regions)) {
        planning.problems.push(
          `${wanted.where}: there are no keys of ${wanted.keySpec} in ${place.region}; choose another key spec or region`,
        )
        continue
      }
      const planned = await planKey(wanted, place, planning, kept)
      if (planned === undefined) continue
      planning.keys.set(name, planned)
      await planGrants(wanted.grants, planned, planning)
    } finally {
      for (const { bytes } of wanted.materials) bytes?.destroy()
    }
  }
}

/** The key as it will be; undefined when it can't be, which is noted. */
async function planKey(
  wanted: SeedKey,
  place: Place,
  planning: Planning,
  kept: Set<string>,
): Promise<KeyRecord | undefined> {
  const { reader, problems, now } = planning
  const before = problems.length
  const ids = await materialIds(wanted, planning)
  if (ids === undefined) return undefined
  const policy = await policyOf(wanted, place, planning)
  const tags = tagsOf(wanted, planning)
  const stored = reader.key(place, wanted.keyId)
  if (stored !== undefined) {
    compareKey({ ...wanted, policy: wanted.policy && { ...wanted.policy, value: policy } }, ids, stored, planning)
    return stored
  }
  const dates = datesOf(wanted, planning)
  if (dates === undefined || problems.length > before) return undefined
  const { keyId, keySpec, keyUsage, materials, rotation } = wanted
  const base = { ...place, keyId, origin: 'AWS_KMS', keySpec, keyUsage } as const
  const records: KeyMaterialRecord[] = []
  for (const [index, date] of dates.entries()) {
    const material = materials[index]
    const made = await materialRecord({ ...base, creationDate: date }, material, planning)
    const isLater = index > 0 && material !== undefined
    records.push(isLater ? { ...made, rotated: { date, type: material.rotated.type } } : made)
  }
  const [first, ...later] = records
  const current = records.at(-1)
  if (first === undefined || current === undefined) throw new TypeError('a key has material')
  if (new Set(records.map(({ materialId }) => materialId)).size < records.length) {
    problems.push(`${wanted.where}: two key materials are the same; a rotation brings another one`)
    return undefined
  }
  const onDemand = later.filter(({ rotated }) => rotated?.type === 'ON_DEMAND').length
  const automatic =
    rotation === undefined
      ? undefined
      : {
          ...rotatedEvery(rotation.value.periodDays, now),
          ...(rotation.value.nextDate === undefined ? {} : { nextDate: rotation.value.nextDate }),
        }
  const key: KeyRecord = {
    ...base,
    creationDate: first.creationDate,
    description: wanted.description?.value ?? '',
    keyManager: 'CUSTOMER',
    state: stateOf(wanted, now),
    tags,
    policy,
    currentMaterialId: current.materialId,
    ...(automatic === undefined && onDemand === 0 ? {} : { rotation: { automatic, onDemand } }),
  }
  planning.changes.push({ kind: 'key added', key, material: first })
  for (const material of later) planning.changes.push({ kind: 'key rotated', key, material })
  if (!kept.has(policy)) planning.changes.push(textKept(policy, now))
  kept.add(policy)
  planning.changes.push({ kind: 'event recorded', record: creationRecord(key, records.length, planning) })
  return key
}

async function materialRecord(
  owner: MaterialOwner,
  material: SeedMaterial | undefined,
  { keyStore }: Planning,
): Promise<KeyMaterialRecord> {
  if (material?.bytes === undefined) return await keyStore.generate(owner)
  const adopted = await keyStore.adopt(owner, material.bytes)
  if (adopted === undefined) throw new TypeError('key material was looked at before')
  return adopted
}

/** The ids of the chosen materials; undefined when one is none that the key can have, which is noted. */
async function materialIds(
  { materials, keySpec, keyId }: SeedKey,
  { problems }: Planning,
): Promise<readonly (KeyMaterialId | undefined)[] | undefined> {
  const before = problems.length
  const ids: (KeyMaterialId | undefined)[] = []
  for (const { where, bytes } of materials) {
    const kept = bytes === undefined ? undefined : await importedMaterial(keySpec, bytes.insecureSecretAccess())
    if (bytes !== undefined && kept === undefined) {
      problems.push(`${where}: this is no key material of ${keySpec}${sizeOf(keySpec)}`)
    }
    ids.push(kept === undefined ? undefined : keyMaterialId(kept, keyId))
    kept?.fill(0)
  }
  return problems.length === before ? ids : undefined
}

function sizeOf(spec: KeySpec): string {
  const length = randomMaterialLength(spec)
  if (length === undefined)
    return '; write a whole private key in PKCS #8, of a key spec whose material can be imported'
  return spec === 'SYMMETRIC_DEFAULT' ? `; write ${length} bytes` : `; write ${length} to 128 bytes`
}

/** The creation date, then the dates of the rotations: a second apart where the seed names none. */
function datesOf({ where, created, materials }: SeedKey, { problems, now }: Planning): readonly number[] | undefined {
  const count = Math.max(materials.length, 1)
  const first = created ?? Math.min(now, ...namedDates(materials)) - (count - 1) * 1000
  const dates = [first]
  for (const { rotated } of materials.slice(1)) dates.push(rotated.date ?? (dates.at(-1) ?? first) + 1000)
  const wrong = dates.find((date, index) => date > now || date < (dates[index - 1] ?? date))
  if (wrong === undefined) return dates
  const text = new Date(wrong).toISOString()
  problems.push(
    `${where}: ${text} is in the future or before an earlier date; write creation and rotations in their order`,
  )
  return undefined
}

function namedDates(materials: readonly SeedMaterial[]): readonly number[] {
  return materials.slice(1).flatMap(({ rotated: { date } }) => (date === undefined ? [] : [date]))
}

/** Thrown by rules of KMS that a seed breaks, and noted at once. */
class Broken extends Error {}

const broken = (_code: ErrorCode, message: string): never => {
  throw new Broken(message)
}

async function policyOf({ policy }: SeedKey, place: Place, { principals, problems }: Planning): Promise<string> {
  if (policy === undefined) return defaultKeyPolicy(place)
  try {
    return await storedPolicy(policy.value, place.region, principals, broken)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    problems.push(`${policy.where}: ${error.message}`)
    return ''
  }
}

function tagsOf({ tags }: SeedKey, { problems }: Planning): KeyRecord['tags'] {
  if (tags === undefined) return []
  try {
    return mergeTags([], tags.value, broken)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    problems.push(`${tags.where}: ${error.message}`)
    return []
  }
}

function stateOf({ state }: SeedKey, now: number): KeyState {
  if (state === undefined) return { kind: 'Enabled' }
  if (state.value.kind !== 'PendingDeletion') return { kind: state.value.kind }
  const { until } = state.value
  return { kind: 'PendingDeletion', deletionDate: 'date' in until ? until.date : now + until.days * dayMs }
}

/** As of keys that AWS services make: nobody's request, and by whose wish it was stands in the details. */
function creationRecord({ region, account, keyId, keySpec }: KeyRecord, materials: number, planning: Planning): string {
  return serviceEventText({
    eventName: 'CreateKey',
    region,
    account,
    arn: keyArn(region, account, keyId),
    time: secondText()(planning.now),
    eventId: planning.random.uuid(),
    serviceEventDetails: JSON.stringify({ seed: planning.digest, keySpec, keyMaterials: materials }),
  })
}
