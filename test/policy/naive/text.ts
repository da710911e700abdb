/**
 * Texts with wildcards and policy variables, matched the slow and obvious way, by trying everything ("IAM policy elements:
 * Variables and tags", IAM User Guide).
 */
import type { ContextValue, RequestContext } from '#policy/context.ts'

/** One character of a pattern: itself, or a wildcard. */
export interface Token {
  readonly char: string
  readonly wild: boolean
  /** It came from a variable. */
  readonly filledIn?: boolean
}

export interface Reading {
  readonly context: RequestContext
  /** 2008-10-17 knows no variables. */
  readonly variables: boolean
}

const literal = (text: string): Token[] => text.split('').map((char) => ({ char, wild: false }))

/** `pattern` with its variables replaced by literal text; undefined: one of them has no value. */
export function tokens(pattern: string, { context, variables }: Reading, wildcards: boolean): Token[] | undefined {
  const found: Token[] = []
  for (let at = 0; at < pattern.length; at++) {
    if (variables && pattern.startsWith('${', at)) {
      const end = pattern.indexOf('}', at)
      const value = variable(pattern.slice(at + 2, end), context)
      if (value === undefined) return undefined
      found.push(...literal(value).map((token) => ({ ...token, filledIn: true })))
      at = end
    } else {
      const char = pattern.charAt(at)
      found.push({ char, wild: wildcards && (char === '*' || char === '?') })
    }
  }
  return found
}

function variable(inside: string, context: RequestContext): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const comma = inside.indexOf(',')
  const value: ContextValue = context.value((comma < 0 ? inside : inside.slice(0, comma)).trim().toLowerCase())
  if (value !== undefined) return typeof value === 'string' ? value : undefined
  return comma < 0 ? undefined : /'(.*)'/.exec(inside.slice(comma))?.[1]
}

/** Does the pattern from `used` on match the text from `read` on? A star is tried at every length. */
export function matches(pattern: readonly Token[], text: string, used = 0, read = 0): boolean {
  const token = pattern[used]
  if (token === undefined) return read === text.length
  if (token.wild && token.char === '*') {
    for (let end = read; end <= text.length; end++) if (matches(pattern, text, used + 1, end)) return true
    return false
  }
  return (
    read < text.length && (token.wild || token.char === text.charAt(read)) && matches(pattern, text, used + 1, read + 1)
  )
}

/** The six parts of an ARN, the sixth with all that follows; undefined: fewer. */
function arnParts(pattern: readonly Token[], divides: (colon: Token) => boolean): Token[][] | undefined {
  const parts: Token[][] = [[]]
  for (const token of pattern) {
    if (token.char === ':' && parts.length < 6 && divides(token)) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.length === 6 ? parts : undefined
}

/** Whether `text` is an ARN whose parts match, one by one, those of `pattern`. */
export function matchesArn(pattern: readonly Token[], text: string): boolean {
  // The colons of what stands for a variable divide nothing, unless there is nothing but a variable.
  const only = pattern.every(({ filledIn }) => filledIn)
  const wanted = arnParts(pattern, ({ filledIn }) => only || filledIn !== true)
  const given = arnParts(literal(text), () => true)
  if (wanted === undefined || given === undefined) return false
  return wanted.every((part, index) => matches(part, (given[index] ?? []).map(({ char }) => char).join('')))
}

/** A to Z are equal to a to z; no other letters have two forms. */
export const foldAscii = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
