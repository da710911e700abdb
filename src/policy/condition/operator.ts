/** Condition operators by name ("IAM JSON policy elements: Condition operators", IAM User Guide). */
import { foldCase } from '../fold.ts'

/** What values are compared as, and whether variables may stand in them. */
export type OperatorFamily = 'string' | 'numeric' | 'date' | 'bool' | 'binary' | 'ip' | 'arn' | 'null'

export type Comparison =
  | 'equals'
  | 'equals ignoring case'
  | 'like'
  | 'less than'
  | 'less than or equals'
  | 'greater than'
  | 'greater than or equals'

export interface ConditionOperator {
  /** As IAM spells it, without prefix and `IfExists`: `StringNotLike`. */
  readonly name: string
  readonly family: OperatorFamily
  readonly comparison: Comparison
  /** Not any of the values instead of one of them. */
  readonly negated: boolean
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  /** A key that isn't in the request satisfies the condition. */
  readonly ifExists: boolean
}

type Plain = Pick<ConditionOperator, 'name' | 'family' | 'comparison' | 'negated'>

const plain = (name: string, family: OperatorFamily, comparison: Comparison, negated = false): Plain => ({
  name,
  family,
  comparison,
  negated,
})

const ordered = (word: string, family: OperatorFamily): readonly Plain[] => [
  plain(`${word}Equals`, family, 'equals'),
  plain(`${word}NotEquals`, family, 'equals', true),
  plain(`${word}LessThan`, family, 'less than'),
  plain(`${word}LessThanEquals`, family, 'less than or equals'),
  plain(`${word}GreaterThan`, family, 'greater than'),
  plain(`${word}GreaterThanEquals`, family, 'greater than or equals'),
]

const operators: ReadonlyMap<string, Plain> = new Map(
  [
    plain('StringEquals', 'string', 'equals'),
    plain('StringNotEquals', 'string', 'equals', true),
    plain('StringEqualsIgnoreCase', 'string', 'equals ignoring case'),
    plain('StringNotEqualsIgnoreCase', 'string', 'equals ignoring case', true),
    plain('StringLike', 'string', 'like'),
    plain('StringNotLike', 'string', 'like', true),
    ...ordered('Numeric', 'numeric'),
    ...ordered('Date', 'date'),
    plain('Bool', 'bool', 'equals'),
    plain('BinaryEquals', 'binary', 'equals'),
    plain('IpAddress', 'ip', 'equals'),
    plain('NotIpAddress', 'ip', 'equals', true),
    // The two behave identically ("Amazon Resource Name (ARN) condition operators").
    plain('ArnEquals', 'arn', 'like'),
    plain('ArnNotEquals', 'arn', 'like', true),
    plain('ArnLike', 'arn', 'like'),
    plain('ArnNotLike', 'arn', 'like', true),
    plain('Null', 'null', 'equals'),
  ].map((operator) => [operator.name.toLowerCase(), operator]),
)

const shape = /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/

/** The operator that `text` names, without regard to case; undefined: there is none. */
export function parseOperator(text: string): ConditionOperator | undefined {
  const [, prefix, name, suffix] = shape.exec(foldCase(text)) ?? []
  const found = name === undefined ? undefined : operators.get(name)
  if (found === undefined) return undefined
  // Null asks whether the key exists: neither a set nor `IfExists` would mean anything.
  if (found.family === 'null' && (prefix !== undefined || suffix !== undefined)) return undefined
  return {
    ...found,
    set: prefix === undefined ? undefined : prefix === 'forallvalues' ? 'ForAllValues' : 'ForAnyValue',
    ifExists: suffix !== undefined,
  }
}

/** May policy variables stand in the values of the operator ("IAM policy elements: Variables and tags")? */
export function takesVariables(operator: ConditionOperator): boolean {
  return operator.family === 'string' || operator.family === 'arn'
}
