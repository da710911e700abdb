import { conditionPattern } from '../arn-pattern.ts'
import type { Positive } from './compare.ts'

/** ArnEquals and ArnLike, which behave identically. */
export function compileArn(values: readonly string[], variables: boolean): Positive {
  const exact = new Set<string>()
  const patterns = values.flatMap((value) => {
    const pattern = conditionPattern(value, variables)
    if (pattern.exact === undefined) return [pattern]
    exact.add(pattern.exact)
    return []
  })
  return (value, context) => {
    if (exact.has(value)) return true
    return patterns.some((pattern) => pattern.matches(value, context))
  }
}
