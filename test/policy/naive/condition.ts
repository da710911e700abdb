/** Conditions ("IAM JSON policy elements: Condition operators" and "Multivalued context keys", IAM User Guide). */
import { dateOf, inRange, numberOf } from './values.ts'
import { foldAscii, matches, matchesArn, tokens, type Reading } from './text.ts'

/** Undefined: one of the two is not a value of the operator's type. */
type Comparison = (given: string, wanted: string, reading: Reading) => boolean | undefined

const text =
  (wildcards: boolean, fold: (value: string) => string): Comparison =>
  (given, wanted, reading) => {
    const pattern = tokens(wanted, reading, wildcards)
    if (pattern === undefined) return false
    return matches(
      pattern.map(({ char, wild }) => ({ char: fold(char), wild })),
      fold(given),
    )
  }
const same = (value: string): string => value
const arn: Comparison = (given, wanted, reading) => {
  if (wanted === '*') return true
  const pattern = tokens(wanted, reading, true)
  return pattern !== undefined && matchesArn(pattern, given)
}
const ordered =
  (read: (value: string) => number | undefined, holds: (given: number, wanted: number) => boolean): Comparison =>
  (given, wanted) => {
    const [left, right] = [read(given), read(wanted)]
    return left === undefined || right === undefined ? undefined : holds(left, right)
  }
const six = (name: string, read: (value: string) => number | undefined): readonly [string, Comparison][] => [
  [`${name}Equals`, ordered(read, (given, wanted) => given === wanted)],
  [`${name}LessThan`, ordered(read, (given, wanted) => given < wanted)],
  [`${name}LessThanEquals`, ordered(read, (given, wanted) => given <= wanted)],
  [`${name}GreaterThan`, ordered(read, (given, wanted) => given > wanted)],
  [`${name}GreaterThanEquals`, ordered(read, (given, wanted) => given >= wanted)],
]
const positive = new Map<string, Comparison>([
  ['StringEquals', text(false, same)],
  ['StringEqualsIgnoreCase', text(false, foldAscii)],
  ['StringLike', text(true, same)],
  ['ArnEquals', arn],
  ['ArnLike', arn],
  ...six('Numeric', numberOf),
  ...six('Date', dateOf),
  ['Bool', (given, wanted) => (given === 'true' || given === 'false') && given === wanted],
  ['BinaryEquals', (given, wanted) => given === wanted],
  ['IpAddress', inRange],
])
const negated = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
  ['NumericNotEquals', 'NumericEquals'],
  ['DateNotEquals', 'DateEquals'],
  ['NotIpAddress', 'IpAddress'],
])

/** Whether the request meets one key of one operator in a statement with `effect`. */
export function meets(
  operator: string,
  key: string,
  wanted: readonly string[],
  effect: string,
  reading: Reading,
): boolean {
  const value = reading.context.value(foldAscii(key))
  const given = value === undefined ? [] : typeof value === 'string' ? [value] : value
  const absent = given.length === 0
  if (operator === 'Null') return wanted.some((text) => text === String(absent))

  const [, set, name = '', ifExists] = /^(ForAllValues:|ForAnyValue:)?(.*?)(IfExists)?$/.exec(operator) ?? []
  const isNegated = negated.has(name)
  const compare = positive.get(negated.get(name) ?? name)
  if (compare === undefined) throw new Error(`no such operator: ${operator}`)
  if (absent) {
    if (ifExists !== undefined) return true
    return set === undefined ? isNegated : set === 'ForAllValues:'
  }
  const satisfied = (one: string): boolean => {
    const results = wanted.map((text) => compare(one, text, reading))
    if (!isNegated) return results.includes(true)
    // What cannot be compared stops an Allow, and does not stop a Deny.
    return results.every((result) => (result === undefined ? effect === 'Deny' : !result))
  }
  if (set === 'ForAllValues:') return given.every(satisfied)
  if (set === 'ForAnyValue:') return given.some(satisfied)
  return isNegated ? given.every(satisfied) : given.some(satisfied)
}
