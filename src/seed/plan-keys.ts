import { partitionOf } from '#base/arn.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import { isAmong } from '#kms/key/region.ts'
import type { Place } from '#records/key.ts'
import { compareKey } from './compare-key.ts'
import { materialIds } from './chosen-materials.ts'
import { makeKey } from './make-key.ts'
import { contradiction, nameIn, placeFor, type Planning } from './planning.ts'
import { planGrants } from './plan-grants.ts'
import { policyOf, tagsOf, type Placed } from './placed.ts'
import { isMultiRegionId } from './read-key.ts'
import type { SeedKey, SeedReplica } from './seed.ts'

/** Adds the changes that bring the keys of a seed and their grants. */
export async function planKeys(keys: readonly SeedKey[], planning: Planning): Promise<void> {
  const seen = new Set<string>()
  const kept = new Set<string>()
  for (const wanted of keys) {
    try {
      await planKey(wanted, planning, seen, kept)
    } finally {
      for (const { bytes } of wanted.materials) bytes?.destroy()
    }
  }
}

/** One key with its replicas. `seen`: the names of the keys before it; `kept`: the policies that there are texts of. */
async function planKey(wanted: SeedKey, planning: Planning, seen: Set<string>, kept: Set<string>): Promise<void> {
  const { reader, problems } = planning
  const place = placeFor(wanted, wanted.where, planning)
  if (place === undefined) return
  const { keyId } = wanted
  // A multi-Region key is one key, wherever it is.
  const name = isMultiRegionId(keyId) ? `${place.account}/${keyId}` : nameIn(place, keyId)
  if (seen.has(name)) {
    problems.push(`${wanted.where}: key ${keyId} is there twice; remove one`)
    return
  }
  seen.add(name)
  // Replicas are in the same partition.
  if (!isAmong(place.region, keySpecs[wanted.keySpec].regions)) {
    problems.push(
      `${wanted.where}: there are no keys of ${wanted.keySpec} in ${place.region}; choose another key spec or region`,
    )
    return
  }
  const before = problems.length
  const replicas = wanted.replicas.flatMap((replica) => replicaPlace(replica, place, planning))
  const ids = await materialIds(wanted, place.region, planning)
  if (ids === undefined) return
  const placed: Placed[] = []
  for (const each of [{ place, own: wanted }, ...replicas]) {
    const policy = await policyOf(each.own, each.place, planning)
    placed.push({ ...each, policy, tags: tagsOf(each.own, planning) })
  }
  const stored = reader.key(place, keyId)
  if (stored === undefined) {
    const elsewhere = isMultiRegionId(keyId)
      ? planning.regions.find((region) => reader.key({ ...place, region }, keyId) !== undefined)
      : undefined
    if (elsewhere !== undefined) {
      contradiction(planning, wanted.where, `key ${keyId} is in ${elsewhere} there, and not in ${place.region}`)
    }
    if (problems.length > before) return
    for (const key of await makeKey(wanted, placed, planning, kept)) planning.keys.set(nameIn(key, keyId), key)
  } else {
    const primaryRegion = stored.multiRegion?.primaryRegion ?? place.region
    if (primaryRegion !== place.region) {
      contradiction(planning, wanted.where, `key ${keyId} has another primary region (${primaryRegion}) there`)
    }
    for (const each of placed) {
      const found = reader.key(each.place, keyId)
      if (found === undefined) {
        contradiction(planning, each.own.where, `key ${keyId} has no replica in ${each.place.region} there`)
        continue
      }
      const { own, policy } = each
      const like = { ...own, policy: own.policy && { ...own.policy, value: policy } }
      compareKey({ ...wanted, ...like }, ids, found, planning)
      planning.keys.set(nameIn(each.place, keyId), found)
    }
  }
  for (const each of placed) {
    const key = planning.keys.get(nameIn(each.place, keyId))
    if (key !== undefined) await planGrants(each.own.grants, key, planning)
  }
}

/** Where a replica is to be; nothing when it can't be there, which is noted. */
function replicaPlace(
  replica: SeedReplica,
  primary: Place,
  planning: Planning,
): readonly { readonly place: Place; readonly own: SeedReplica }[] {
  const { region, where } = replica
  const place = placeFor({ account: primary.account, region }, where, planning)
  if (place === undefined) return []
  if (partitionOf(region) !== partitionOf(primary.region)) {
    planning.problems.push(`${where}: keys of ${primary.region} have no replicas in ${region}; name another region`)
    return []
  }
  return [{ place, own: replica }]
}
