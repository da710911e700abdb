/**
 * A policy made ready for decisions: its statements with typed tests, and an index of them by action and by resource, so that
 * a decision looks at the few statements that could match, not at all of a large policy.
 */
import { takesVariables } from './condition/operator.ts'
import type { Candidates } from './candidates.ts'
import { isPolicyProblem, parsePolicy, type PolicyDocument } from './document.ts'
import { foldCase } from './fold.ts'
import { compileStatement, type CompiledStatement } from './statement.ts'
import { isVariable, pieces } from './variables.ts'

export interface CompiledPolicy {
  readonly text: string
  /** Why the text could not be understood: every decision that needs the policy is a denial then. */
  readonly problem: string | undefined
  readonly document: PolicyDocument | undefined
  /** The condition keys that conditions and variables read, in lower case. */
  readonly conditionKeys: ReadonlySet<string>
  /** For the evaluator (search.ts). */
  readonly statements: readonly CompiledStatement[]
  /** What of the policy concerns an action: filled by search.ts as actions are asked for. */
  readonly byAction: Map<string, ActionStatements>
}

export interface ActionStatements {
  readonly allow: Candidates
  readonly deny: Candidates
}

/** `text`, ready for decisions. Never throws: a text that isn't understood becomes a policy with a `problem`. */
export function compilePolicy(text: string): CompiledPolicy {
  try {
    const document = parsePolicy(text)
    if (isPolicyProblem(document)) {
      const { problem, at } = document
      return unusable(text, at === undefined ? problem : `${problem} (${at})`)
    }
    const variables = document.version !== '2008-10-17'
    const keys = new Map<string, string>()
    const sameKey = (key: string): string => {
      const known = keys.get(key)
      if (known === undefined) keys.set(key, key)
      return known ?? key
    }
    return {
      text,
      problem: undefined,
      document,
      conditionKeys: conditionKeys(document, variables),
      statements: document.statements.map((statement, index) =>
        compileStatement(statement, index, { variables, sameKey }),
      ),
      byAction: new Map(),
    }
  } catch (error) {
    // Such as a stack that a hostile text exhausts: whatever it is, nothing is allowed by what could not be compiled.
    return unusable(text, `the policy could not be compiled: ${String(error)}`)
  }
}

function unusable(text: string, problem: string): CompiledPolicy {
  return { text, problem, document: undefined, conditionKeys: new Set(), statements: [], byAction: new Map() }
}

function conditionKeys(document: PolicyDocument, variables: boolean): ReadonlySet<string> {
  const keys = new Set<string>()
  const addVariables = (text: string): void => {
    if (!variables) return
    for (const piece of pieces(text, { variables, wildcards: false }) ?? []) if (isVariable(piece)) keys.add(piece.key)
  }
  for (const { resources, notResources, conditions } of document.statements) {
    for (const text of resources ?? notResources ?? []) addVariables(text)
    for (const { operator, key, values } of conditions) {
      keys.add(foldCase(key))
      if (takesVariables(operator)) for (const value of values) addVariables(value)
    }
  }
  return keys
}

// What a compiled policy takes beyond its text, measured over the console's key policy and larger ones.
const bytesPerCharacter = 20
const bytesPerPolicy = 2_000

/**
 * Compiles each distinct text once: most keys of an account share a policy. It remembers what takes about `limitBytes`, the
 * most recently used first. It is pure memory of a pure function.
 */
export function compiledPolicies(limitBytes: number): (text: string) => CompiledPolicy {
  const policies = new Map<string, CompiledPolicy>()
  let held = 0
  let latest: CompiledPolicy | undefined
  const bytes = (text: string): number => bytesPerPolicy + text.length * bytesPerCharacter
  return (text) => {
    // Most requests are about the policy that the one before was about.
    if (latest !== undefined && latest.text === text) return latest
    const known = policies.get(text)
    if (known !== undefined) {
      // Maps keep the order of insertion: the first is the one not used for longest.
      policies.delete(text)
      policies.set(text, known)
      latest = known
      return known
    }
    const policy = compilePolicy(text)
    if (bytes(text) > limitBytes) return policy
    policies.set(text, policy)
    latest = policy
    held += bytes(text)
    for (const oldest of policies.keys()) {
      if (held <= limitBytes) break
      policies.delete(oldest)
      held -= bytes(oldest)
    }
    return policy
  }
}
