/** Makes a failing random case smaller while it goes on failing, so that a person can read it. */
import type { RandomCase } from './random-policies.ts'

type Json = unknown

const isMembers = (json: Json): json is Readonly<Record<string, Json>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof Map)

/** Everything that is `json` without one part of it, larger parts first. */
function* smaller(json: Json): Iterable<Json> {
  if (Array.isArray(json)) {
    const entries: readonly Json[] = json
    for (const index of entries.keys()) yield entries.toSpliced(index, 1)
    for (const [index, entry] of entries.entries()) {
      for (const less of smaller(entry)) yield entries.with(index, less)
    }
  } else if (isMembers(json)) {
    for (const [name, value] of Object.entries(json)) {
      yield Object.fromEntries(Object.entries(json).filter(([other]) => other !== name))
      for (const less of smaller(value)) yield { ...json, [name]: less }
    }
  }
}

/** The smallest case that was found for which `fails` is still true. */
export function shrink(given: RandomCase, fails: (changed: RandomCase) => boolean): RandomCase {
  const steps = function* (): Iterable<RandomCase> {
    const { policies, context } = given
    for (const layer of Object.keys(policies)) {
      for (const less of smaller(policies[layer as keyof typeof policies])) {
        yield { ...given, policies: { ...policies, [layer]: less } }
      }
    }
    if (policies.session?.length === 0) yield { ...given, policies: { ...policies, session: undefined } }
    for (const index of given.grants.keys()) yield { ...given, grants: given.grants.toSpliced(index, 1) }
    for (const key of Object.keys(context)) {
      yield { ...given, context: Object.fromEntries(Object.entries(context).filter(([name]) => name !== key)) }
    }
  }
  for (const step of steps()) if (fails(step)) return shrink(step, fails)
  return given
}

/** `given` as text, its maps as lists of pairs. */
export const shown = (given: RandomCase): string =>
  JSON.stringify(given, (_, value: unknown) => (value instanceof Map ? [...value] : value))
