import { exactText, filled, matchesGlob, templateOf } from '../pattern.ts'
import { foldCase } from '../fold.ts'
import { pieces, resolve, type Variable } from '../variables.ts'
import type { Positive } from './compare.ts'
import type { ConditionOperator } from './operator.ts'
import type { RequestContext } from '../context.ts'

/** StringEquals, StringEqualsIgnoreCase and StringLike. A value with a variable that cannot be resolved equals nothing. */
export function compileString(operator: ConditionOperator, values: readonly string[], variables: boolean): Positive {
  if (operator.comparison === 'like') return like(values, variables)
  if (operator.comparison === 'equals ignoring case') {
    const positive = equals(values, variables, foldCase)
    return (value, context) => positive(foldCase(value), context)
  }
  return equals(values, variables, (text) => text)
}

function equals(values: readonly string[], variables: boolean, fold: (text: string) => string): Positive {
  const texts = new Set<string>()
  const open: (readonly (string | Variable)[])[] = []
  for (const value of values) {
    const found = pieces(value, { variables, wildcards: false })
    // Without wildcards every piece is text or a variable.
    const parts = found?.filter((piece) => typeof piece !== 'symbol') ?? []
    if (parts.every((part) => typeof part === 'string')) texts.add(fold(parts.join('')))
    else open.push(parts)
  }
  if (open.length === 0) {
    const [only] = texts
    return texts.size === 1 ? (value) => value === only : (value) => texts.has(value)
  }
  const resolved = (parts: readonly (string | Variable)[], context: RequestContext): string | undefined => {
    let text = ''
    for (const part of parts) {
      const one = typeof part === 'string' ? part : resolve(part, context)
      if (one === undefined) return undefined
      text += one
    }
    return fold(text)
  }
  return (value, context) => texts.has(value) || open.some((parts) => resolved(parts, context) === value)
}

function like(values: readonly string[], variables: boolean): Positive {
  const texts = new Set<string>()
  const templates = values.flatMap((value) => {
    const template = templateOf(pieces(value, { variables, wildcards: true }) ?? [])
    const exact = 'pieces' in template ? undefined : exactText(template)
    if (exact === undefined) return [template]
    texts.add(exact)
    return []
  })
  return (value, context) => {
    if (texts.has(value)) return true
    for (const template of templates) {
      const glob = filled(template, context)
      if (glob !== undefined && matchesGlob(glob, value, context)) return true
    }
    return false
  }
}
