/**
 * Matching with wildcards: `*` is any run of characters, `?` any one (a UTF-16 code unit). A pattern is its stretches between
 * stars; each is looked for once, from where the one before it ended, so there is nothing to come back to and a storm of
 * stars costs no more than one. Looking for a long stretch with a `?` in a long text takes the product of both, and a request
 * can bring texts of half a megabyte: what one decision spends on that is bounded.
 */
import type { RequestContext } from './context.ts'
import { gappedSearch } from './gapped-search.ts'
import { anyOne, anyRun, isFixed, isVariable, resolve, type Fixed, type Piece, type Variable } from './variables.ts'

interface Stretch {
  /** With some character in the place of each `?`. */
  readonly text: string
  /** Where the `?` stand. */
  readonly ones: ReadonlySet<number> | undefined
}

/** At least one stretch; between each two of them stood a star. */
export interface Glob {
  readonly stretches: readonly Stretch[]
  /** The length of all stretches: no shorter text matches. */
  readonly least: number
}

/** A pattern whose variables are still to be put in. */
export interface Template {
  readonly pieces: readonly Piece[]
  readonly variables: readonly Variable[]
}

export function globOf(pieces: readonly Fixed[]): Glob {
  const stretches: Stretch[] = []
  let text = ''
  let ones: Set<number> | undefined
  const end = (): void => {
    stretches.push({ text, ones })
    text = ''
    ones = undefined
  }
  for (const piece of pieces) {
    if (piece === anyRun) end()
    else if (piece === anyOne) {
      ones ??= new Set()
      ones.add(text.length)
      text += '?'
    } else text += piece
  }
  end()
  return { stretches, least: stretches.reduce((sum, stretch) => sum + stretch.text.length, 0) }
}

/** Does the whole of `text` match? Throws TooManySteps when the decisions about `context` have taken too many before. */
export function matchesGlob({ stretches, least }: Glob, text: string, context?: RequestContext): boolean {
  if (text.length < least) return false
  const first = stretches[0]
  const last = stretches[stretches.length - 1]
  if (first === undefined || last === undefined || !standsAt(first, text, 0)) return false
  if (stretches.length === 1) return text.length === least
  const end = text.length - last.text.length
  if (!standsAt(last, text, end)) return false
  let at = first.text.length
  for (let i = 1; i < stretches.length - 1; i++) {
    const stretch = stretches[i]
    if (stretch === undefined) return false
    const found = find(stretch, text, at, context)
    if (found < 0) return false
    at = found + stretch.text.length
    if (at > end) return false
  }
  return true
}

function standsAt({ text, ones }: Stretch, whole: string, at: number): boolean {
  if (ones === undefined) return at === 0 ? beginsWith(whole, text) : whole.startsWith(text, at)
  if (at + text.length > whole.length) return false
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== whole.charCodeAt(at + i) && !ones.has(i)) return false
  }
  return true
}

/** As startsWith, but it looks at the end first: ARNs that differ begin alike. */
export function beginsWith(whole: string, text: string): boolean {
  const last = text.length - 1
  return last < 0 || (whole.charCodeAt(last) === text.charCodeAt(last) && whole.startsWith(text))
}

// Up to here comparing at each place is quicker than getting ready for the search.
const shortStretch = 32

/** Matching would hold up everybody else: the decision is none, so it is a denial. */
export class TooManySteps extends Error {}

// A step takes some nanoseconds. What ARNs and tags need counts for nothing.
const stepsPerContext = 4_000_000
const freeSteps = 4_096
const stepsTaken = new WeakMap<RequestContext, number>()

function charge(context: RequestContext, steps: number): void {
  const taken = (stepsTaken.get(context) ?? 0) + steps
  if (taken > stepsPerContext) throw new TooManySteps('matching wildcards takes too many steps')
  stepsTaken.set(context, taken)
}

function find(stretch: Stretch, whole: string, from: number, context: RequestContext | undefined): number {
  const steps = (whole.length - from) * (stretch.ones === undefined ? 1 : Math.ceil(stretch.text.length / 32))
  if (steps > freeSteps && context !== undefined) charge(context, steps)
  if (stretch.ones === undefined) return whole.indexOf(stretch.text, from)
  if (stretch.text.length > shortStretch) return gappedSearch(stretch.text, stretch.ones, whole, from)
  for (let at = from; at + stretch.text.length <= whole.length; at++) if (standsAt(stretch, whole, at)) return at
  return -1
}

/** `pieces` as a template, or as a glob where they hold no variables. */
export function templateOf(pieces: readonly Piece[]): Glob | Template {
  const variables = pieces.filter(isVariable)
  if (variables.length > 0) return { pieces, variables }
  return globOf(pieces.filter(isFixed))
}

/** Puts in the variables; undefined: one of them cannot be resolved. */
export function filled(template: Glob | Template, context: RequestContext): Glob | undefined {
  if (!('pieces' in template)) return template
  const fixed: Fixed[] = []
  for (const piece of template.pieces) {
    const one = isVariable(piece) ? resolve(piece, context) : piece
    if (one === undefined) return undefined
    fixed.push(one)
  }
  return globOf(fixed)
}

/** The one text that `glob` matches; undefined when it has wildcards. */
export function exactText({ stretches }: Glob): string | undefined {
  const [only] = stretches
  return stretches.length === 1 && only?.ones === undefined ? only?.text : undefined
}
