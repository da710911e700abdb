/**
 * Policy variables ("IAM policy elements: Variables and tags", IAM User Guide): `${key}`, `${key, 'default'}`, and `${*}`,
 * `${?}`, `${$}` for the characters themselves. What is put in for a variable is text, never a pattern.
 */
import type { RequestContext } from './context.ts'
import { foldCase } from './fold.ts'

export interface Variable {
  /** In lower case. */
  readonly key: string
  readonly fallback: string | undefined
}

/** A piece of a value: text, a variable, or a wildcard. */
export type Piece = string | Variable | typeof anyRun | typeof anyOne
/** `*` */
export const anyRun = Symbol('*')
/** `?` */
export const anyOne = Symbol('?')

/** A piece of a pattern without variables. */
export type Fixed = Exclude<Piece, Variable>
export const isFixed = (piece: Piece): piece is Fixed => typeof piece !== 'object'
export const isVariable = (piece: Piece): piece is Variable => typeof piece === 'object'

const reference = /\$\{([^,'{}]*)(?:,\s*'([^']*)'\s*)?\}/y

/**
 * The pieces of `text`, or undefined when a `${` begins no variable. Without `variables` (before version 2012-10-17) `${` is
 * text; without `wildcards` `*` and `?` are. Neighbouring pieces of text are one.
 */
export function pieces(
  text: string,
  { variables, wildcards }: { readonly variables: boolean; readonly wildcards: boolean },
): readonly Piece[] | undefined {
  const found: Piece[] = []
  let plain = ''
  const add = (piece: Piece): void => {
    if (plain !== '') found.push(plain)
    plain = ''
    found.push(piece)
  }
  for (let at = 0; at < text.length; at++) {
    const symbol = text.charAt(at)
    if (variables && symbol === '$' && text[at + 1] === '{') {
      reference.lastIndex = at
      const [whole, inner, fallback] = reference.exec(text) ?? []
      const key = inner?.trim()
      if (whole === undefined || key === undefined || key === '') return undefined
      at += whole.length - 1
      if (fallback === undefined && (key === '*' || key === '?' || key === '$')) plain += key
      else add({ key: foldCase(key), fallback })
    } else if (wildcards && symbol === '*') {
      add(anyRun)
    } else if (wildcards && symbol === '?') {
      add(anyOne)
    } else {
      plain += symbol
    }
  }
  if (plain !== '') found.push(plain)
  return found
}

/** The text that stands for `variable`; undefined: it cannot be resolved, as a key with several values never can. */
export function resolve(variable: Variable, context: RequestContext): string | undefined {
  const value = context.value(variable.key)
  return typeof value === 'string' ? value : value === undefined ? variable.fallback : undefined
}
