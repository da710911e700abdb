/** Which statement of a policy matches a question. */
import { candidatesOf, indexedFor, type Candidates } from './candidates.ts'
import type { ActionStatements, CompiledPolicy } from './compile.ts'
import type { RequestContext } from './context.ts'
import { exempts, levelOf, meansForDeny, type Level, type Principal } from './principals.ts'
import type { CompiledStatement } from './statement.ts'

/** A question as statements see it. */
export interface Asked {
  /** In lower case. */
  readonly action: string
  readonly resource: string
  readonly context: RequestContext
  readonly principal: Principal
}

/**
 * How the statements of a policy stand to principals and resources. `attached`: they speak of whom the policy is attached to.
 * `resource`: they name principals; without a resource they have no effect. `trust`: they name principals, the resource is
 * the role that the policy belongs to.
 */
export type PolicyKind = 'attached' | 'resource' | 'trust'

/** The policy could not be understood. Its text stays out of the message: it says who may do what. */
export class PolicyNotUnderstood extends Error {}

/** The first Deny that matches. Throws PolicyNotUnderstood. */
export function findDeny(policy: CompiledPolicy, kind: PolicyKind, asked: Asked): CompiledStatement | undefined {
  return firstMatch(statementsFor(policy, asked.action).deny, kind, asked, kind === 'attached' ? always : meansToDeny)
}

/** The first Allow of an attached policy that matches. Throws PolicyNotUnderstood. */
export function findAllow(policy: CompiledPolicy, asked: Asked): CompiledStatement | undefined {
  return firstMatch(statementsFor(policy, asked.action).allow, 'attached', asked, namesNobody)
}

/** An Allow, and how closely it means the caller. */
export interface Allowing {
  readonly level: Level
  readonly statement: CompiledStatement
}

/** The Allow that means the caller most closely; of equals the first. Throws PolicyNotUnderstood. */
export function closestAllow(policy: CompiledPolicy, kind: 'resource' | 'trust', asked: Asked): Allowing | undefined {
  const candidates = statementsFor(policy, asked.action).allow
  let best = closest(candidates.others, kind, asked, undefined)
  for (const listed of indexedFor(candidates, asked.resource, asked.context)) best = closest(listed, kind, asked, best)
  return best
}

function closest(
  statements: readonly CompiledStatement[],
  kind: PolicyKind,
  asked: Asked,
  before: Allowing | undefined,
): Allowing | undefined {
  let best = before
  for (const statement of statements) {
    const { principal, index } = statement
    const level = principal === undefined ? undefined : levelOf(principal, asked.principal)
    if (level === undefined) continue
    if (best !== undefined) {
      const nearer = distance[level] - distance[best.level]
      if (nearer > 0 || (nearer === 0 && index > best.statement.index)) continue
    }
    if (matches(statement, kind, asked)) best = { level, statement }
  }
  return best
}

const distance: Readonly<Record<Level, number>> = { direct: 0, entity: 1, account: 2 }

type MeansCaller = (statement: CompiledStatement, asked: Asked) => boolean

// Where principals have no place, and where they are missing, a Deny is for everybody: no reading of it denies less.
const always: MeansCaller = () => true
const meansToDeny: MeansCaller = ({ principal, notPrincipal }, asked) => {
  if (principal !== undefined) return meansForDeny(principal, asked.principal)
  return notPrincipal === undefined || !exempts(notPrincipal, asked.principal)
}
const namesNobody: MeansCaller = ({ principal }) => principal === undefined

function firstMatch(
  candidates: Candidates,
  kind: PolicyKind,
  asked: Asked,
  means: MeansCaller,
): CompiledStatement | undefined {
  let found = firstOf(candidates.others, kind, asked, means, undefined)
  for (const listed of indexedFor(candidates, asked.resource, asked.context))
    found = firstOf(listed, kind, asked, means, found)
  return found
}

function firstOf(
  statements: readonly CompiledStatement[],
  kind: PolicyKind,
  asked: Asked,
  means: MeansCaller,
  before: CompiledStatement | undefined,
): CompiledStatement | undefined {
  for (const statement of statements) {
    if (before !== undefined && before.index < statement.index) return before
    if (means(statement, asked) && matches(statement, kind, asked)) return statement
  }
  return before
}

/** Whether the statement's resources and conditions match. */
function matches({ resources, conditions }: CompiledStatement, kind: PolicyKind, asked: Asked): boolean {
  if (resources === undefined) {
    if (kind !== 'trust') return false
  } else if (!resources.everything && !resources.matches(asked.resource, asked.context)) return false
  for (const condition of conditions) if (!condition(asked.context)) return false
  return true
}

// Callers can ask for actions that don't exist (policy simulation); those aren't remembered without end.
const rememberedActions = 1_000

function statementsFor(policy: CompiledPolicy, action: string): ActionStatements {
  const known = policy.byAction.get(action)
  if (known !== undefined) return known
  if (policy.problem !== undefined) throw new PolicyNotUnderstood(`a policy is not understood: ${policy.problem}`)
  const about = policy.statements.filter((statement) => statement.actions?.(action) === true)
  const found = {
    allow: candidatesOf(about.filter(({ effect }) => effect === 'Allow')),
    deny: candidatesOf(about.filter(({ effect }) => effect === 'Deny')),
  }
  if (policy.byAction.size >= rememberedActions) policy.byAction.clear()
  policy.byAction.set(action, found)
  return found
}
