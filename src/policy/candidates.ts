/**
 * The statements of a policy about one action and of one effect, found by their resource or by a value that they want of the
 * request: in a policy with a statement for each of a thousand keys or callers a decision looks at one of them.
 */
import { ambiguous, type RequestContext } from './context.ts'
import type { CompiledStatement } from './statement.ts'

/** Each list is in the order of the document. */
export interface Candidates {
  /** By the resources that they name in full. */
  readonly byArn: StatementsByText
  /** By the values that they want of a condition key, for each key. */
  readonly byValue: readonly { readonly key: string; readonly statements: StatementsByText }[]
  /** By what their resources begin with, for each length of that. */
  readonly byPrefix: readonly { readonly length: number; readonly statements: StatementsByText }[]
  readonly others: readonly CompiledStatement[]
}

type StatementsByText = ReadonlyMap<string, readonly CompiledStatement[]>
type Lists = Map<string, CompiledStatement[]>

// A look-up costs as much as some statements, and there is one for each key and for each length.
const fewStatements = 16
const lookUps = 16

export function candidatesOf(statements: readonly CompiledStatement[]): Candidates {
  const byArn: Lists = new Map()
  const keys = new Map<string, Lists>()
  const lengths = new Map<number, Lists>()
  const others: CompiledStatement[] = []
  const many = statements.length > fewStatements
  for (const statement of statements) {
    const { exact, prefix } = statement.resources ?? { exact: undefined, prefix: '' }
    const { wanted } = statement
    if (exact !== undefined) add(byArn, exact, statement)
    else if (!many) others.push(statement)
    else if (wanted !== undefined) add(listsOf(keys, wanted.key), wanted.values, statement, others)
    else if (prefix !== '') add(listsOf(lengths, prefix.length), [prefix], statement, others)
    else others.push(statement)
  }
  return {
    byArn,
    byValue: [...keys].map(([key, found]) => ({ key, statements: found })),
    byPrefix: [...lengths].map(([length, found]) => ({ length, statements: found })),
    others,
  }
}

/** The lists of `one`; undefined when there are look-ups enough. */
function listsOf<T>(all: Map<T, Lists>, one: T): Lists | undefined {
  const known = all.get(one)
  if (known !== undefined || all.size >= lookUps) return known
  const lists: Lists = new Map()
  all.set(one, lists)
  return lists
}

function add(
  lists: Lists | undefined,
  texts: readonly string[],
  statement: CompiledStatement,
  others: CompiledStatement[] = [],
): void {
  if (lists === undefined) {
    others.push(statement)
    return
  }
  for (const text of new Set(texts)) {
    const listed = lists.get(text)
    if (listed === undefined) lists.set(text, [statement])
    else listed.push(statement)
  }
}

/** The lists of statements that can be about `arn`, beside `others`. A statement can be in more than one of them. */
export function indexedFor(
  { byArn, byValue, byPrefix }: Candidates,
  arn: string,
  context: RequestContext,
): readonly (readonly CompiledStatement[])[] {
  if (byArn.size === 0 && byValue.length === 0 && byPrefix.length === 0) return none
  const lists: (readonly CompiledStatement[])[] = []
  const take = (listed: readonly CompiledStatement[] | undefined): void => {
    if (listed !== undefined) lists.push(listed)
  }
  take(byArn.get(arn))
  for (const { key, statements } of byValue) {
    const value = context.value(key)
    // Conditions on it hold for a Deny, whatever value they want.
    if (value === ambiguous) for (const listed of statements.values()) take(listed)
    else if (typeof value === 'string') take(statements.get(value))
    else for (const one of value ?? []) take(statements.get(one))
  }
  for (const { length, statements } of byPrefix) take(statements.get(arn.slice(0, length)))
  return lists
}

const none: readonly (readonly CompiledStatement[])[] = []
