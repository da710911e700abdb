/**
 * A key policy as the evaluator reads it. What is understood is what the default key policy uses: Allow and Deny statements
 * whose principal is the account, with action patterns and Resource "*". A document with anything else (conditions, other
 * principals, NotAction...) is not understood as a whole, and nothing is allowed by a policy that is not understood.
 */
export interface Statement {
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** Account ids, from `arn:<partition>:iam::<account>:root` or twelve digits. */
  readonly accounts: readonly string[]
  /** Lower-cased patterns, `*` and `?` as wildcards. */
  readonly actions: readonly string[]
}

export interface PolicyDocument {
  readonly statements: readonly Statement[]
}

type Json = { readonly [member: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const documentMembers = new Set(['Version', 'Id', 'Statement'])
const statementMembers = new Set(['Sid', 'Effect', 'Principal', 'Action', 'Resource'])

/** The policy in `text`, or undefined when it is not understood. */
export function parsePolicy(text: string): PolicyDocument | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (!isObject(document) || !onlyKnown(document, documentMembers)) return undefined
  const listed = Array.isArray(document['Statement']) ? document['Statement'] : [document['Statement']]
  const statements: Statement[] = []
  for (const entry of listed) {
    const statement = parseStatement(entry)
    if (statement === undefined) return undefined
    statements.push(statement)
  }
  return { statements }
}

function parseStatement(entry: unknown): Statement | undefined {
  if (!isObject(entry) || !onlyKnown(entry, statementMembers)) return undefined
  const { Sid: sid, Effect: effect, Principal: principal, Action: action, Resource: resource } = entry
  if (sid !== undefined && typeof sid !== 'string') return undefined
  if (effect !== 'Allow' && effect !== 'Deny') return undefined
  if (resource !== '*' || !isObject(principal) || !onlyKnown(principal, new Set(['AWS']))) return undefined
  const principals = strings(principal['AWS'])
  const actions = strings(action)
  if (principals === undefined || actions === undefined) return undefined
  const accounts: string[] = []
  for (const name of principals) {
    const match = accountPrincipal.exec(name)
    const account = match?.[1] ?? match?.[2]
    if (account === undefined) return undefined
    accounts.push(account)
  }
  return { sid, effect, accounts, actions: actions.map((pattern) => pattern.toLowerCase()) }
}

// The two forms of "AWS account principals" (IAM User Guide, "AWS JSON policy elements: Principal").
const accountPrincipal = /^(?:arn:aws[a-z-]*:iam::([0-9]{12}):root|([0-9]{12}))$/

function strings(value: unknown): readonly string[] | undefined {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value]
  return listed.every((entry) => typeof entry === 'string') ? listed : undefined
}

function onlyKnown(object: Json, known: ReadonlySet<string>): boolean {
  return Object.keys(object).every((member) => known.has(member))
}

/** Does `action` (lower-cased) match `pattern` (lower-cased, `*` any run, `?` any one)? Never backtracks past the last star. */
export function matchesPattern(pattern: string, action: string): boolean {
  let at = 0
  let position = 0
  let star = -1
  let retry = 0
  while (position < action.length) {
    const symbol = pattern[at]
    if (symbol === '*') {
      star = at
      retry = position
      at += 1
    } else if (symbol !== undefined && (symbol === '?' || symbol === action[position])) {
      at += 1
      position += 1
    } else if (star >= 0) {
      at = star + 1
      retry += 1
      position = retry
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
