/** What records keep of a decision (policy/evidence.ts), as JSON text. */
import { sha256Hex } from '#crypto/hmac.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import { evidenceOf, evidenceText } from '#policy/evidence.ts'
import type { StatementRef } from '#policy/question.ts'
import type { Judgement } from './authorize.ts'

const hashes = new WeakMap<CompiledPolicy, string>()

function hashOf(policy: CompiledPolicy): string {
  const known = hashes.get(policy)
  if (known !== undefined) return known
  const hash = sha256Hex(policy.text)
  hashes.set(policy, hash)
  return hash
}

// Most requests are allowed by the same statements as the one before: their text is made once. By the key's or role's
// policy; the names say the rest.
const allowances = new WeakMap<CompiledPolicy, Map<string, string>>()
const textsPerPolicy = 256

/** The text that was asked for last, and what it is the text of. */
interface Latest {
  readonly action: string
  readonly resource: StatementRef | undefined
  readonly identity: StatementRef | undefined
  readonly text: string
}

const latest = new WeakMap<CompiledPolicy, Latest>()

function isSame(one: StatementRef | undefined, other: StatementRef | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.policy === other.policy && one.index === other.index && one.policyName === other.policyName
}

/** The text, of at most `limit` bytes where it is a denial; allowances are short. */
export function judgementText({ question, decision }: Judgement, limit: number): string {
  const made = (): string => evidenceText(evidenceOf(question, decision, hashOf), limit)
  if (!decision.allowed || decision.grant !== undefined) return made()
  const { resourceStatement: resource, identityStatement: identity } = decision
  const policy = resource?.policy ?? identity?.policy
  if (policy === undefined) return made()
  const { action } = question
  const last = latest.get(policy)
  if (last?.action === action && isSame(last.resource, resource) && isSame(last.identity, identity)) return last.text
  const text = textOf(policy, action, resource, identity, made)
  latest.set(policy, { action, resource, identity, text })
  return text
}

function textOf(
  policy: CompiledPolicy,
  action: string,
  resource: StatementRef | undefined,
  identity: StatementRef | undefined,
  make: () => string,
): string {
  let texts = allowances.get(policy)
  if (texts === undefined || texts.size >= textsPerPolicy) allowances.set(policy, (texts = new Map<string, string>()))
  const own = resource === undefined ? '' : resource.index
  const other = identity === undefined ? '' : `${hashOf(identity.policy)} ${identity.index}`
  // Two policies of one text can have two names.
  const name = `${action} ${own} ${other} ${identity?.policyName ?? ''}`
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = make()
  texts.set(name, text)
  return text
}
