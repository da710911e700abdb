/** What records keep of a decision (policy/evidence.ts), as JSON text. */
import { sha256Hex } from '#crypto/hmac.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import { evidenceOf, evidenceText } from '#policy/evidence.ts'
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

/** The text, of at most `limit` bytes where it is a denial; allowances are short. */
export function judgementText({ question, decision }: Judgement, limit: number): string {
  if (!decision.allowed || decision.grant !== undefined) return made()
  const { resourceStatement, identityStatement } = decision
  const policy = resourceStatement?.policy ?? identityStatement?.policy
  if (policy === undefined) return made()
  let texts = allowances.get(policy)
  if (texts === undefined || texts.size >= textsPerPolicy) allowances.set(policy, (texts = new Map<string, string>()))
  const own = resourceStatement === undefined ? '' : resourceStatement.index
  const other = identityStatement === undefined ? '' : `${hashOf(identityStatement.policy)} ${identityStatement.index}`
  // Two policies of one text can have two names.
  const name = `${question.action} ${own} ${other} ${identityStatement?.policyName ?? ''}`
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = made()
  texts.set(name, text)
  return text

  function made(): string {
    return evidenceText(evidenceOf(question, decision, hashOf), limit)
  }
}
