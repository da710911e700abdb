/** Principals of policies on their way in and out of storage: asked of a directory, then put into the text. */
import { partitionOf, rootArn } from '#base/arn.ts'
import { parseAccountId, type Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { principalsIn, replacePrincipals } from './principal-text.ts'

/** How principals are named (PrincipalDirectory is one). */
export interface PrincipalNaming {
  storedName(given: string): MaybeAsync<string | undefined>
  shownName(stored: string): MaybeAsync<string>
}

/**
 * The principals of kind AWS that `text` names and that exist, with their stored names. Twelve digits become the root ARN in
 * the partition of `region`, so that what is read back does not depend on how it was put.
 */
export function storedPrincipals(
  text: string,
  region: Region,
  naming: Pick<PrincipalNaming, 'storedName'>,
): MaybeAsync<ReadonlyMap<string, string>> {
  return names(text, (given) => {
    if (given === '*') return given
    const account = parseAccountId(given)
    if (account !== undefined) return naming.storedName(rootArn(region, account))
    const partition = /^arn:([^:]*):/.exec(given)?.[1]
    // An ARN of another partition names nobody that could call here (AWS General Reference, "Amazon Resource Names").
    return partition === undefined || partition === partitionOf(region) ? naming.storedName(given) : undefined
  })
}

/** A stored text as its reader sees it: users and roles by their present ARNs, those that are gone by their ids. */
export function shownText(stored: string, naming: Pick<PrincipalNaming, 'shownName'>): MaybeAsync<string> {
  const shown = names(stored, (name) => (uniqueId.test(name) ? naming.shownName(name) : undefined))
  return after(shown, (found) => (found.size === 0 ? stored : replacePrincipals(stored, (name) => found.get(name))))
}

// A user's or role's unique id, or a role session's: the only stored names that are not what they are shown as.
const uniqueId = /^(?:AIDA|AROA)[A-Z0-9]{17}(?::|$)/

/** Each distinct principal of kind AWS with the name that `nameOf` has for it; those without one are left out. */
function names(
  text: string,
  nameOf: (principal: string) => MaybeAsync<string | undefined>,
): MaybeAsync<ReadonlyMap<string, string>> {
  const wanted = new Set<string>()
  for (const { kind, given } of principalsIn(text)) {
    if (kind === 'AWS') wanted.add(given)
  }
  const found = new Map<string, string>()
  const put = (principal: string, name: string | undefined): void => {
    if (name !== undefined) found.set(principal, name)
  }
  const late: Promise<void>[] = []
  for (const principal of wanted) {
    const name = nameOf(principal)
    if (name instanceof Promise) late.push(name.then((later) => put(principal, later)))
    else put(principal, name)
  }
  return late.length === 0 ? found : Promise.all(late).then(() => found)
}
