import type { KeyMaterialId } from '#base/brand.ts'
import type { KeyRecord } from '#records/key.ts'
import { contradiction, type Planning } from './planning.ts'
import type { SeedKey, SeedState } from './seed.ts'

/** Notes what of a seed contradicts a key that is there. What the seed leaves open agrees with everything. */
export function compareKey(
  wanted: SeedKey,
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
  const known = new Set(planning.reader.materials(stored, stored.keyId).map(({ materialId }) => materialId))
  const strange = materials.findIndex((id) => id !== undefined && !known.has(id))
  if (strange >= 0) differs(wanted.materials[strange]?.where ?? where, 'other key material')
  else if (materials.at(-1) !== undefined && materials.at(-1) !== stored.currentMaterialId) {
    differs(wanted.materials.at(-1)?.where ?? where, 'another current key material')
  }
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

/** A waiting period in days ends when it ends. */
function agrees(wanted: SeedState, { state }: KeyRecord): boolean {
  if (wanted.kind !== state.kind) return false
  if (wanted.kind !== 'PendingDeletion' || state.kind !== 'PendingDeletion') return true
  return !('date' in wanted.until) || wanted.until.date === state.deletionDate
}

function tagText(tags: KeyRecord['tags']): string {
  return JSON.stringify(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]).sort())
}
