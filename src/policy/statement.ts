/** A statement made ready for decisions. */
import { resourcePattern, type ArnPattern } from './arn-pattern.ts'
import { compileCondition, type ConditionPlace, type ConditionTest } from './condition/compile.ts'
import type { RequestContext } from './context.ts'
import type { Statement } from './document.ts'
import { foldCase } from './fold.ts'
import { exactText, globOf, matchesGlob, type Glob } from './pattern.ts'
import { compilePrincipal, type PrincipalMatcher } from './principals.ts'
import { isFixed, pieces } from './variables.ts'

export interface CompiledStatement {
  /** Counted from zero. */
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly principal: PrincipalMatcher | undefined
  readonly notPrincipal: PrincipalMatcher | undefined
  /** Undefined: the statement has neither Action nor NotAction, and no effect. */
  readonly actions: ActionTest | undefined
  /** Undefined: the statement has neither Resource nor NotResource. */
  readonly resources: ResourceTest | undefined
  readonly conditions: readonly ConditionTest[]
  /** One of the conditions, where it is that a key has one of some values: for finding the statement by it. */
  readonly wanted: WantedValue | undefined
}

export interface WantedValue {
  /** In lower case. */
  readonly key: string
  readonly values: readonly string[]
}

/** Whether the statement is about an action, which is in lower case. */
export type ActionTest = (action: string) => boolean

export interface ResourceTest {
  /** The only ARNs that match; undefined: there are others. */
  readonly exact: readonly string[] | undefined
  /** What every ARN that matches begins with. */
  readonly prefix: string
  /** Everything matches: `*` is listed. */
  readonly everything: boolean
  readonly matches: (arn: string, context: RequestContext) => boolean
}

/** What the statements of a policy have in common: whether its version knows variables, and the keys they read. */
export type PolicyTraits = Pick<ConditionPlace, 'variables' | 'sameKey'>

export function compileStatement(
  statement: Statement,
  index: number,
  { variables, sameKey }: PolicyTraits,
): CompiledStatement {
  const { sid, effect, principal, notPrincipal, actions, notActions, resources, notResources } = statement
  return {
    index,
    sid,
    effect,
    principal: principal === undefined ? undefined : compilePrincipal(principal),
    notPrincipal: notPrincipal === undefined ? undefined : compilePrincipal(notPrincipal),
    actions: compileActions(actions, notActions),
    resources: compileResources(resources, notResources, variables),
    conditions: statement.conditions.map((block) => compileCondition(block, { effect, variables, sameKey })),
    wanted: wantedValue(statement, variables),
  }
}

function wantedValue({ conditions }: Statement, variables: boolean): WantedValue | undefined {
  for (const { operator, key, values } of conditions) {
    const { name, set, ifExists } = operator
    if (name !== 'StringEquals' || set === 'ForAllValues' || ifExists) continue
    if (variables && values.some((value) => value.includes('${'))) continue
    return { key: foldCase(key), values }
  }
  return undefined
}

function compileActions(
  actions: readonly string[] | undefined,
  notActions: readonly string[] | undefined,
): ActionTest | undefined {
  const listed = actions ?? notActions
  if (listed === undefined) return undefined
  const exact = new Set<string>()
  const globs = listed.flatMap((text): Glob[] => {
    const glob = globOf((pieces(foldCase(text), { variables: false, wildcards: true }) ?? []).filter(isFixed))
    const only = exactText(glob)
    if (only === undefined) return [glob]
    exact.add(only)
    return []
  })
  const named: ActionTest = (action) => exact.has(action) || globs.some((glob) => matchesGlob(glob, action))
  return actions === undefined ? (action) => !named(action) : named
}

function compileResources(
  resources: readonly string[] | undefined,
  notResources: readonly string[] | undefined,
  variables: boolean,
): ResourceTest | undefined {
  const listed = resources ?? notResources
  if (listed === undefined) return undefined
  const patterns = listed.map((text) => resourcePattern(text, variables))
  if (resources === undefined) {
    return { exact: undefined, prefix: '', everything: false, matches: (arn, context) => none(patterns, arn, context) }
  }
  const exact = patterns.map((pattern) => pattern.exact).filter((one) => one !== undefined)
  const [only] = patterns
  return {
    exact: exact.length === patterns.length ? exact : undefined,
    // Only of a single one: a list rarely has more in common than the account.
    prefix: patterns.length === 1 ? (only?.prefix ?? '') : '',
    everything: listed.includes('*'),
    matches:
      patterns.length === 1 && only !== undefined
        ? only.matches
        : (arn, context) => patterns.some((pattern) => pattern.matches(arn, context)),
  }
}

/** NotResource: a variable without a value makes the statement match nothing, whatever else it lists. */
function none(patterns: readonly ArnPattern[], arn: string, context: RequestContext): boolean {
  return patterns.every((pattern) => pattern.resolvable(context) && !pattern.matches(arn, context))
}
