/**
 * ARNs against patterns, component by component: a wildcard never reaches over one of the first five colons; the sixth
 * component is all that is left ("IAM JSON policy elements: Resource", "Amazon Resource Name (ARN) condition operators").
 */
import type { RequestContext } from './context.ts'
import { beginsWith, exactText, filled, globOf, matchesGlob, templateOf } from './pattern.ts'
import {
  anyOne,
  anyRun,
  isFixed,
  isVariable,
  pieces,
  resolve,
  type Fixed,
  type Piece,
  type Variable,
} from './variables.ts'

export interface ArnPattern {
  /** The one text that matches, where there is only one. */
  readonly exact: string | undefined
  /** What every text that matches begins with. */
  readonly prefix: string
  /** Whether all of its variables have a value. */
  readonly resolvable: (context: RequestContext) => boolean
  /** A pattern with a variable that cannot be resolved matches nothing. */
  readonly matches: (arn: string, context: RequestContext) => boolean
}

const always = (): boolean => true
const everything: ArnPattern = { exact: undefined, prefix: '', resolvable: always, matches: always }
const nothing: ArnPattern = { exact: undefined, prefix: '', resolvable: always, matches: () => false }

/** The pattern of a Resource element: variables stand in the sixth component only. */
export function resourcePattern(text: string, variables: boolean): ArnPattern {
  if (text === '*') return everything
  const parts = components(text)
  const sixth = parts[5]
  if (sixth === undefined) return nothing
  const head = parts.slice(0, 5).map((part) => pieces(part, { variables: false, wildcards: true }))
  return patternOf([...head, pieces(sixth, { variables, wildcards: true })])
}

/**
 * The pattern of a value of ArnLike or ArnEquals: variables may stand anywhere. `*` alone is any value. What stands for a
 * variable stays inside its component, so that nobody's tag moves the others; a variable alone is a whole ARN.
 */
export function conditionPattern(text: string, variables: boolean): ArnPattern {
  if (text === '*') return everything
  const found = pieces(text, { variables, wildcards: true })
  if (found === undefined) return nothing
  const [first, ...others] = found
  if (first !== undefined && others.length === 0 && isVariable(first)) return variablePattern(first)
  const parts: Piece[][] = [[]]
  const current = (): Piece[] | undefined => parts[parts.length - 1]
  for (const piece of found) {
    if (typeof piece !== 'string') current()?.push(piece)
    else {
      const [first = '', ...others] = piece.split(':')
      current()?.push(first)
      for (const other of others) {
        if (parts.length < 6) parts.push([other])
        else current()?.push(`:${other}`)
      }
    }
  }
  return parts.length < 6 ? nothing : patternOf(parts)
}

function variablePattern(variable: Variable): ArnPattern {
  return {
    exact: undefined,
    prefix: '',
    resolvable: (context) => resolve(variable, context) !== undefined,
    matches: (arn, context) => resolve(variable, context) === arn && components(arn).length === 6,
  }
}

function patternOf(parts: readonly (readonly Piece[] | undefined)[]): ArnPattern {
  const known: (readonly Piece[])[] = []
  for (const part of parts) {
    if (part === undefined) return nothing
    known.push(part)
  }
  const variables = known.flat().filter(isVariable)
  const prefix = prefixOf(known)
  // Wildcards in the sixth component alone cannot reach over a colon before it: the text is compared as a whole.
  if (variables.length === 0 && !known.slice(0, 5).flat().some(isWild)) {
    const whole = globOf(known.flatMap((part, index) => (index === 0 ? fixed(part) : [':', ...fixed(part)])))
    const exact = exactText(whole)
    if (exact !== undefined) return { exact, prefix: exact, resolvable: always, matches: (arn) => arn === exact }
    return { exact, prefix, resolvable: always, matches: (arn, context) => matchesGlob(whole, arn, context) }
  }
  // The parts within the prefix are compared with it, together.
  const whole = prefix.split(':').slice(0, -1).slice(0, 5)
  const tests = known.slice(whole.length).map(partTest)
  const from = whole.reduce((length, part) => length + part.length + 1, 0)
  return {
    exact: undefined,
    prefix,
    resolvable: (context) => variables.every((variable) => resolve(variable, context) !== undefined),
    matches: (arn, context) => beginsWith(arn, prefix) && matchesParts(tests, arn, from, context),
  }
}

/** What stands before the first wildcard or variable, colons included: a text that begins otherwise cannot match. */
function prefixOf(parts: readonly (readonly Piece[])[]): string {
  let prefix = ''
  for (const [index, part] of parts.entries()) {
    if (index > 0) prefix += ':'
    for (const piece of part) {
      if (typeof piece !== 'string') return prefix
      prefix += piece
    }
  }
  return prefix
}

/** Does the component of `arn` from `from` to `end` match? */
type PartTest = (arn: string, from: number, end: number, context: RequestContext) => boolean

function partTest(part: readonly Piece[]): PartTest {
  const template = templateOf(part)
  if ('pieces' in template) {
    return (arn, from, end, context) => {
      const glob = filled(template, context)
      return glob !== undefined && matchesGlob(glob, arn.slice(from, end), context)
    }
  }
  const exact = exactText(template)
  if (exact !== undefined) return (arn, from, end) => end - from === exact.length && arn.startsWith(exact, from)
  if (part.length === 1 && part[0] === anyRun) return always
  return (arn, from, end, context) => matchesGlob(template, arn.slice(from, end), context)
}

const isWild = (piece: Piece): boolean => piece === anyRun || piece === anyOne
const fixed = (part: readonly Piece[]): readonly Fixed[] => part.filter(isFixed)

/** Compares the last components of `arn`, as many as there are tests; the first of them begins at `begin`. */
function matchesParts(tests: readonly PartTest[], arn: string, begin: number, context: RequestContext): boolean {
  let from = begin
  for (let index = 0; index < tests.length; index += 1) {
    const end = index === tests.length - 1 ? arn.length : arn.indexOf(':', from)
    if (end < 0 || tests[index]?.(arn, from, end, context) !== true) return false
    from = end + 1
  }
  return true
}

/** The six components of `text`; none when there are fewer. */
function components(text: string): readonly string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < 5; i++) {
    const colon = text.indexOf(':', from)
    if (colon < 0) return []
    parts.push(text.slice(from, colon))
    from = colon + 1
  }
  parts.push(text.slice(from))
  return parts
}
