import { keyArn } from '#base/arn.ts'
import type { Region } from '#base/brand.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import { asReplica, nothingImported, withImported, withPendingCurrent } from '#kms/key/imported.ts'
import { materialOwner, rotatedEvery } from '#kms/key/rotation.ts'
import type { KeyMaterialRecord, KeyRecord, KeyRotation } from '#records/key.ts'
import { textKept } from '#records/policy-texts.ts'
import { datesOf, importedBytes, materialRecords } from './chosen-materials.ts'
import type { Planning } from './planning.ts'
import { stateOf, type Placed } from './placed.ts'
import { isMultiRegionId } from './read-key.ts'
import type { SeedKey } from './seed.ts'

/**
 * Adds the changes that bring a key that is not there, and its replicas: `placed`, the primary first. Answers the keys; none
 * when it can't be made, which is noted. `kept`: the policies that there are texts of.
 */
export async function makeKey(
  wanted: SeedKey,
  placed: readonly Placed[],
  planning: Planning,
  kept: Set<string>,
): Promise<readonly KeyRecord[]> {
  const { keyStore, changes, problems, now } = planning
  const before = problems.length
  const [primary, ...replicas] = placed
  const dates = datesOf(wanted, planning)
  const multiRegion = multiRegionOf(wanted, placed, planning)
  if (primary === undefined || dates === undefined) return []
  const { keyId, keySpec, keyUsage, origin } = wanted
  const owner = { ...primary.place, keyId, keySpec, keyUsage, origin }
  const isWaiting = origin === 'EXTERNAL' && wanted.materials.length === 0
  const records = isWaiting ? [] : await materialRecords(owner, wanted, dates, planning)
  if (records === undefined) return []
  const key = withMaterial(
    {
      ...owner,
      creationDate: dates[0],
      description: primary.own.description?.value ?? '',
      keyManager: 'CUSTOMER',
      state: { kind: isWaiting ? 'PendingImport' : 'Enabled' },
      tags: primary.tags,
      policy: primary.policy,
      ...(multiRegion === undefined ? {} : { multiRegion }),
    },
    records,
    wanted,
    planning,
  )
  const keys = [{ ...key, state: stateOf(primary.own, now) ?? key.state }]
  const copies: KeyMaterialRecord[][] = []
  for (const { place, own, policy, tags } of replicas) {
    const creationDate = own.created ?? key.creationDate
    if (creationDate < key.creationDate || creationDate > now) {
      const text = new Date(creationDate).toISOString()
      problems.push(`${own.where}: ${text} is in the future or before its primary was created; write a later date`)
    }
    const state = stateOf(own, now)
    const isEmpty = state?.kind === 'PendingImport'
    const like = isEmpty ? asReplica(key) : key
    const description = own.description?.value ?? ''
    const replica = { ...like, ...place, creationDate, description, policy, tags, state: state ?? like.state }
    keys.push(replica)
    const copied: KeyMaterialRecord[] = []
    for (const { rotated, ...record } of isEmpty ? [] : records) {
      const copy = await keyStore.replicate(record, materialOwner(replica, record.creationDate))
      copied.push(rotated === undefined ? copy : { ...copy, rotated })
    }
    copies.push(copied)
  }
  if (problems.length > before) return []
  for (const [index, each] of keys.entries()) {
    const [first, ...later] = index === 0 ? records : (copies[index - 1] ?? [])
    changes.push({ kind: 'key added', key: each, material: first })
    for (const material of later) changes.push({ kind: 'key material stored', material })
    if (!kept.has(each.policy)) changes.push(textKept(each.policy, now))
    kept.add(each.policy)
    const count = first === undefined ? 0 : later.length + 1
    changes.push({ kind: 'event recorded', record: creationRecord(each, count, planning) })
  }
  return keys
}

/** Undefined of a single-Region key, and when two replicas are to be in one region, which is noted. */
function multiRegionOf(
  { keyId }: SeedKey,
  placed: readonly Placed[],
  { problems }: Planning,
): KeyRecord['multiRegion'] {
  const [primary, ...replicas] = placed
  if (primary === undefined || !isMultiRegionId(keyId)) return undefined
  const seen = new Set<Region>([primary.place.region])
  for (const { place, own } of replicas) {
    if (seen.has(place.region)) problems.push(`${own.where}: key ${keyId} is in ${place.region} twice; remove one`)
    seen.add(place.region)
  }
  return { primaryRegion: primary.place.region, replicaRegions: replicas.map(({ place }) => place.region) }
}

/** `key` with its material, and with what the seed says of its rotations. */
function withMaterial(
  key: KeyRecord,
  records: readonly KeyMaterialRecord[],
  { origin, rotation, materials }: SeedKey,
  planning: Planning,
): KeyRecord {
  if (origin === 'EXTERNAL') return withImports(key, records, materials, planning)
  const current = records.at(-1)
  if (current === undefined) throw new TypeError('a key has material')
  const onDemand = records.filter(({ rotated }) => rotated?.type === 'ON_DEMAND').length
  const automatic: KeyRotation['automatic'] = rotation && {
    ...rotatedEvery(rotation.value.periodDays, planning.now),
    ...(rotation.value.nextDate === undefined ? {} : { nextDate: rotation.value.nextDate }),
  }
  return {
    ...key,
    currentMaterialId: current.materialId,
    ...(automatic === undefined && onDemand === 0 ? {} : { rotation: { automatic, onDemand } }),
  }
}

/** `key` as if its material had been imported, and rotated to, one after the other. */
function withImports(
  key: KeyRecord,
  records: readonly KeyMaterialRecord[],
  materials: SeedKey['materials'],
  planning: Planning,
): KeyRecord {
  let made: KeyRecord = { ...key, imported: nothingImported }
  let onDemand = 0
  for (const [index, { materialId, creationDate }] of records.entries()) {
    const material = materials[index]
    const bytes = material === undefined ? undefined : importedBytes(material, planning)
    if (bytes === undefined) continue
    made = withImported(made, { materialId, bytes, description: material?.imported?.description })
    if (index === 0 || material?.imported?.pending === true) continue
    made = withPendingCurrent(made, materialId, creationDate, 'ON_DEMAND')
    onDemand += 1
  }
  return onDemand === 0 ? made : { ...made, rotation: { onDemand } }
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
