/**
 * From one condition of a statement to a test of the request context ("Multivalued context keys", "Condition operators", IAM
 * User Guide). A key that is not in the request fails, unless the operator is negated or says `IfExists`; for the set
 * operators it is an empty set.
 */
import { ambiguous, type RequestContext } from '../context.ts'
import type { ConditionBlock } from '../document.ts'
import { foldCase } from '../fold.ts'
import { compileArn } from './arn.ts'
import { parseBinary } from './binary.ts'
import { parseBool } from './bool.ts'
import { compileTyped, type Positive, type ValueTest } from './compare.ts'
import { parseDate } from './date.ts'
import { inRange, parseIpRange } from './ip.ts'
import { ordering, parseNumeric } from './numeric.ts'
import { compileString } from './string.ts'

export type ConditionTest = (context: RequestContext) => boolean

/** Where a condition stands. */
export interface ConditionPlace {
  readonly effect: 'Allow' | 'Deny'
  /** Whether the policy's version knows variables. */
  readonly variables: boolean
  /** The same string object for the same key, so that comparing keys is comparing pointers. */
  readonly sameKey: (key: string) => string
}

export function compileCondition(block: ConditionBlock, place: ConditionPlace): ConditionTest {
  const { operator, values } = block
  const key = place.sameKey(foldCase(block.key))
  if (operator.family === 'null') return compileNull(key, values)
  const test = valueTest(block, place)
  const { set, negated } = operator
  const absent = operator.ifExists || (set === undefined ? negated : set === 'ForAllValues')
  // Of a key with several values and no set operator one has to match, or none when negated.
  const every = set === undefined ? negated : set === 'ForAllValues'
  const unclear = place.effect === 'Deny'
  return (context) => {
    const value = context.value(key)
    if (typeof value === 'string') return value === ambiguous ? unclear : test(value, context)
    if (value === undefined || value.length === 0) return absent
    for (const one of value) if (test(one, context) !== every) return !every
    return every
  }
}

function valueTest({ operator, values }: ConditionBlock, { effect, variables }: ConditionPlace): ValueTest {
  const { family, comparison, negated } = operator
  const typed = { negated, unparsable: effect === 'Deny' }
  switch (family) {
    case 'string':
      return turned(compileString(operator, values, variables), negated)
    case 'arn':
      return turned(compileArn(values, variables), negated)
    case 'numeric':
      return compileTyped(values, parseNumeric, ordering(comparison), typed)
    case 'date':
      return compileTyped(values, parseDate, ordering(comparison), typed)
    case 'ip':
      return compileTyped(values, parseIpRange, inRange, typed)
    case 'bool':
      return compileTyped(values, parseBool, (requested, wanted) => requested === wanted, typed)
    case 'binary':
      return compileTyped(values, parseBinary, (requested, wanted) => requested === wanted, typed)
    case 'null':
      throw new TypeError('Null compares no values')
  }
}

const turned = (positive: Positive, negated: boolean): ValueTest =>
  negated ? (value, context) => !positive(value, context) : positive

function compileNull(key: string, values: readonly string[]): ConditionTest {
  const wanted = new Set(values.map(parseBool))
  return (context) => {
    const value = context.value(key)
    return wanted.has(value === undefined || (typeof value !== 'string' && value.length === 0))
  }
}
