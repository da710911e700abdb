import { refuseAliasName } from '#kms/key/alias.ts'
import { contradiction, nameIn, placeFor, type Planning } from './planning.ts'
import type { SeedAlias } from './seed.ts'

// Developer Guide, "Resource quotas".
const aliasesPerKey = 50

/** Adds the changes that bring the aliases of a seed, whose keys were planned before. */
export function planAliases(aliases: readonly SeedAlias[], planning: Planning): void {
  const { reader, keys, changes, problems, now } = planning
  const seen = new Set<string>()
  const ofKey = new Map<string, number>()
  for (const alias of aliases) {
    const { where, name, target } = alias
    const place = placeFor(alias, where, planning)
    if (place === undefined) continue
    const refused = refuseAliasName(name)
    const full = nameIn(place, name)
    const key = nameIn(place, target)
    const count = (ofKey.get(key) ?? 0) + 1
    ofKey.set(key, count)
    if (refused !== undefined) {
      problems.push(
        `${where}: ${refused.message ?? 'names that begin with alias/aws/ are reserved'}; write another name`,
      )
    } else if (seen.has(full)) problems.push(`${where}: ${name} is there twice; an alias points at one key`)
    else if (count > aliasesPerKey) problems.push(`${where}: a key has at most ${aliasesPerKey} aliases; remove some`)
    else if (!keys.has(key) && reader.key(place, target) === undefined) {
      problems.push(
        `${where}: there is no key ${target} in account ${place.account} and ${place.region}; correct the id`,
      )
    } else {
      const stored = reader.alias(place, name)
      if (stored === undefined) {
        const dates = { creationDate: now, lastUpdatedDate: now }
        changes.push({ kind: 'alias added', alias: { ...place, name, targetKeyId: target, ...dates } })
      } else if (stored.targetKeyId !== target) {
        contradiction(planning, where, `${name} points at another key there: ${stored.targetKeyId}`)
      }
    }
    seen.add(full)
  }
}
