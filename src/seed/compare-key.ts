import type { KeyMaterialId } from '#base/brand.ts'
import { materialsIn } from '#kms/key/imported.ts'
import type { KeyRecord } from '#records/key.ts'
import { contradiction, type Planning } from './planning.ts'
import type { SeedKey, SeedState } from './seed.ts'

/** Notes what of a seed contradicts a key that is there. What the seed leaves open agrees with everything. */
export function compareKey(
  wanted: Omit<SeedKey, 'account' | 'region'>,
  materials: readonly (KeyMaterialId | undefined)[],
  stored: KeyRecord,
  planning: Planning,
): void {
  const differs = (where: string, what: string): void =>
    contradiction(planning, where, `key ${stored.keyId} has ${what} there`)
  const { where, description, tags, policy, state, rotation } = wanted
  if (stored.keySpec !== wanted.keySpec || stored.keyUsage !== wanted.keyUsage) {
    differs(where, `another spec or usage (${stored.keySpec}, ${stored.keyUsage})`)
    return
  }
  if (stored.origin !== wanted.origin) {
    differs(where, `another origin (${stored.origin})`)
    return
  }
  const hasNone = state?.value.kind === 'PendingImport'
  const known = new Set(planning.reader.materials(stored, stored.keyId).map(({ materialId }) => materialId))
  const strange = hasNone ? -1 : materials.findIndex((id) => id !== undefined && !known.has(id))
  const last = wanted.materials.at(-1)
  const current = last?.imported?.pending === true ? materials.at(-2) : materials.at(-1)
  if (strange >= 0) differs(wanted.materials[strange]?.where ?? where, 'other key material')
  else if (current !== undefined && current !== stored.currentMaterialId) {
    differs(last?.where ?? where, 'another current key material')
  } else if (!hasNone) compareExpiry(wanted, materials, stored, differs)
  if (wanted.created !== undefined && wanted.created !== stored.creationDate) {
    differs(where, `another creation date (${new Date(stored.creationDate).toISOString()})`)
  }
  if (description !== undefined && description.value !== stored.description) {
    differs(description.where, 'another description')
  }
  if (tags !== undefined && tagText(tags.value) !== tagText(stored.tags)) differs(tags.where, 'other tags')
  if (policy !== undefined && policy.value !== stored.policy) differs(policy.where, 'another key policy')
  if (state !== undefined && !agrees(state.value, stored)) differs(state.where, `another state (${stored.state.kind})`)
  const period = stored.rotation?.automatic?.periodDays
  if (rotation !== undefined && rotation.value.periodDays !== period) {
    differs(rotation.where, period === undefined ? 'no automatic rotation' : `another rotation period (${period} days)`)
  }
}

/** An expiry in so many days agrees with any: they were counted from another day. */
function compareExpiry(
  { materials }: Pick<SeedKey, 'materials'>,
  ids: readonly (KeyMaterialId | undefined)[],
  stored: KeyRecord,
  differs: (where: string, what: string) => void,
): void {
  for (const [index, { imported }] of materials.entries()) {
    const expires = imported?.expires
    const bytes = materialsIn(stored).find(({ materialId }) => materialId === ids[index])?.bytes
    if (expires === undefined || bytes === undefined || bytes.kind === 'absent') continue
    const { validTo } = bytes
    if ('date' in expires.value ? expires.value.date === validTo : validTo !== undefined) continue
    const date = validTo === undefined ? 'never' : new Date(validTo).toISOString()
    differs(expires.where, `another expiry of this key material (${date})`)
  }
}

/** A waiting period in days ends when it ends. */
function agrees(wanted: SeedState, { state }: KeyRecord): boolean {
  if (wanted.kind !== state.kind) return false
  if (wanted.kind === 'PendingReplicaDeletion') return 'windowDays' in state && wanted.windowDays === state.windowDays
  if (wanted.kind !== 'PendingDeletion' || state.kind !== 'PendingDeletion') return true
  return !('date' in wanted.until) || wanted.until.date === state.deletionDate
}

function tagText(tags: KeyRecord['tags']): string {
  return JSON.stringify(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]).sort())
}
