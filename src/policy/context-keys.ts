/** The condition keys that policies ask for, as they spell them: in conditions as they stand, in variables in lower case. */
import type { CompiledPolicy } from './compile.ts'
import { foldCase } from './fold.ts'

/** By lower-cased name, the first spelling of each. */
export function contextKeys(policies: readonly CompiledPolicy[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const { document, conditionKeys } of policies) {
    for (const { conditions } of document?.statements ?? []) {
      for (const { key } of conditions) if (!keys.has(foldCase(key))) keys.set(foldCase(key), key)
    }
    for (const key of conditionKeys) if (!keys.has(key)) keys.set(key, key)
  }
  return keys
}
