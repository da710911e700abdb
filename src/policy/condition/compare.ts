/** What the operator families share: from values of a policy to a test of one value of a request. */
import type { RequestContext } from '../context.ts'

/** Is `value`, one value of the request, any of the policy's? Negated operators turn the answer round. */
export type Positive = (value: string, context: RequestContext) => boolean

/** Does `value`, one value of the request, satisfy the operator? */
export type ValueTest = Positive

export interface TypedOperator {
  readonly negated: boolean
  /** The answer of a negated comparison with something that has no such value: it must allow nothing, and deny. */
  readonly unparsable: boolean
}

/**
 * A test over parsed values. Nothing compares positively with a value that does not parse, whether it is the policy's or the
 * request's.
 */
export function compileTyped<T>(
  values: readonly string[],
  parse: (text: string) => T | undefined,
  compare: (requested: T, wanted: T) => boolean,
  { negated, unparsable }: TypedOperator,
): ValueTest {
  const parsed = values.map((value) => parse(value))
  const wanted = parsed.filter((value) => value !== undefined)
  const broken = wanted.length < parsed.length
  if (!negated) {
    return (value) => {
      const requested = parse(value)
      return requested !== undefined && wanted.some((one) => compare(requested, one))
    }
  }
  return (value) => {
    const requested = parse(value)
    if (requested === undefined) return unparsable
    return (!broken || unparsable) && !wanted.some((one) => compare(requested, one))
  }
}
