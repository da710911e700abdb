/**
 * A decision in all its parts: each policy that had a say, each of its statements, and which of their elements did not match.
 * It looks at every statement, where the evaluator stops at the first that decides; what it finds are the evaluator's own
 * tests, so the two can't disagree about a statement.
 */
import type { CompiledPolicy } from './compile.ts'
import type { ContextValue } from './context.ts'
import type { ConditionBlock } from './document.ts'
import { policiesIn } from './evidence.ts'
import { allowsUse } from './grant-match.ts'
import type { Grant } from './grant.ts'
import { exempts, levelOf, meansForDeny, principalOf, type Level, type Principal } from './principals.ts'
import type { Layer, Question } from './question.ts'
import type { CompiledStatement } from './statement.ts'
import { foldCase } from './fold.ts'

export interface ConditionTrace {
  readonly operator: string
  readonly key: string
  readonly wanted: readonly string[]
  /** What the request had; undefined: the key was not in it. */
  readonly actual: ContextValue
  readonly satisfied: boolean
}

export interface StatementTrace {
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** Whether the statement means the caller, and how closely; in attached policies it always does. */
  readonly principal: Level | 'attached' | 'no match'
  readonly action: boolean
  readonly resource: boolean
  readonly conditions: readonly ConditionTrace[]
  /** All of it matched. */
  readonly matched: boolean
}

export interface PolicyTrace {
  readonly layer: Layer
  readonly name: string | undefined
  readonly level: number | undefined
  /** Why the policy could not be understood. */
  readonly problem: string | undefined
  readonly verdict: 'allows' | 'denies' | 'says nothing' | 'not understood'
  readonly statements: readonly StatementTrace[]
}

export interface GrantTrace {
  readonly grantId: string
  readonly operations: readonly string[]
  readonly matched: boolean
}

export interface Trace {
  readonly policies: readonly PolicyTrace[]
  readonly grants: readonly GrantTrace[]
}

export function traceOf(question: Question): Trace {
  const principal = principalOf(question.subject, question.resource.policyLayer === 'trust policy')
  return {
    policies: policiesIn(question).map(({ layer, name, level, policy }) => {
      const statements = policy.statements.map((statement) =>
        traceStatement(statement, policy, layer, principal, question),
      )
      return { layer, name, level, problem: policy.problem, verdict: verdictOf(policy, statements), statements }
    }),
    grants: (question.grants ?? []).map((grant) => traceGrant(grant, question)),
  }
}

function verdictOf(policy: CompiledPolicy, statements: readonly StatementTrace[]): PolicyTrace['verdict'] {
  if (policy.problem !== undefined) return 'not understood'
  if (statements.some(({ matched, effect }) => matched && effect === 'Deny')) return 'denies'
  return statements.some(({ matched }) => matched) ? 'allows' : 'says nothing'
}

function traceStatement(
  statement: CompiledStatement,
  policy: CompiledPolicy,
  layer: Layer,
  caller: Principal,
  question: Question,
): StatementTrace {
  const { index, sid, effect, actions, resources } = statement
  const principal = principalMatch(statement, layer, caller)
  const action = actions?.(foldCase(question.action)) === true
  const resource =
    resources === undefined
      ? layer === 'trust policy'
      : resources.everything || resources.matches(question.resource.arn, question.context)
  const blocks = policy.document?.statements[index]?.conditions ?? []
  const conditions = statement.conditions.map((test, at) =>
    traceCondition(test(question.context), blocks[at], question),
  )
  const matched = principal !== 'no match' && action && resource && conditions.every(({ satisfied }) => satisfied)
  return { index, sid, effect, principal, action, resource, conditions, matched }
}

function principalMatch(
  { effect, principal, notPrincipal }: CompiledStatement,
  layer: Layer,
  caller: Principal,
): StatementTrace['principal'] {
  const named = layer === 'key policy' || layer === 'trust policy' || layer === 'endpoint policy'
  if (!named && layer !== 'resource control policy') {
    // An attached policy speaks of whom it is attached to: one that names others allows nobody anything (search.ts).
    return effect === 'Allow' && principal !== undefined ? 'no match' : 'attached'
  }
  if (effect === 'Allow') return principal === undefined ? 'no match' : (levelOf(principal, caller) ?? 'no match')
  if (notPrincipal !== undefined) return exempts(notPrincipal, caller) ? 'no match' : 'direct'
  if (principal === undefined) return 'direct'
  return meansForDeny(principal, caller) ? (levelOf(principal, caller) ?? 'direct') : 'no match'
}

function traceCondition(satisfied: boolean, block: ConditionBlock | undefined, question: Question): ConditionTrace {
  if (block === undefined) throw new TypeError('a compiled condition is of no statement')
  const { operator, key, values } = block
  const prefix = operator.set === undefined ? '' : `${operator.set}:`
  return {
    operator: `${prefix}${operator.name}${operator.ifExists ? 'IfExists' : ''}`,
    key,
    wanted: values,
    actual: question.context.value(foldCase(key)),
    satisfied,
  }
}

function traceGrant(grant: Grant, { grantUse, context }: Question): GrantTrace {
  const matched = grantUse !== undefined && allowsUse(grant, grantUse, context)
  return { grantId: grant.grantId, operations: grant.operations, matched }
}
