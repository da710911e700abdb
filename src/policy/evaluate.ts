/**
 * The authorization decision, pure: from the caller, the action and what the resource brings to a decision that names what
 * decided. The logic is the key policy chapter's ("Key policies in AWS KMS"): a key's policy is not implicitly joined by its
 * account's policies, so not even the root user has a right that no statement gives; an explicit Deny always wins.
 */
import type { ResourceFacts } from '#aws/operation.ts'
import { matchesPattern, parsePolicy, type PolicyDocument } from './document.ts'
import type { Caller } from './principal.ts'

export interface Question {
  readonly caller: Caller
  /** e.g. `kms:Encrypt` */
  readonly action: string
  readonly crossAccount: boolean
  readonly resource: ResourceFacts
}

export type Decision =
  | { readonly allowed: true; readonly by: 'root user' | 'key policy'; readonly statement: string | undefined }
  | {
      readonly allowed: false
      readonly because: 'explicit deny' | 'no statement' | 'policy not understood' | 'other account'
      readonly statement: string | undefined
    }

export function evaluate({ caller, action, crossAccount, resource }: Question): Decision {
  if (resource.account !== caller.account && !crossAccount) {
    return { allowed: false, because: 'other account', statement: undefined }
  }
  if (resource.policy.kind === 'identity') {
    // The root user of an account may do everything that only the account's own policies decide.
    return resource.account === caller.account
      ? { allowed: true, by: 'root user', statement: undefined }
      : { allowed: false, because: 'other account', statement: undefined }
  }
  const document = compiled(resource.policy.text)
  if (document === undefined) return { allowed: false, because: 'policy not understood', statement: undefined }
  const wanted = action.toLowerCase()
  let allowing: Decision | undefined
  for (const { sid, effect, accounts, actions } of document.statements) {
    if (!accounts.includes(caller.account)) continue
    if (!actions.some((pattern) => matchesPattern(pattern, wanted))) continue
    if (effect === 'Deny') return { allowed: false, because: 'explicit deny', statement: sid }
    allowing ??= { allowed: true, by: 'key policy', statement: sid }
  }
  return allowing ?? { allowed: false, because: 'no statement', statement: undefined }
}

// A policy is parsed once per distinct text: most keys of an account share the default one. The table is pure memory of a
// pure function; it is emptied when it grows, so that many distinct policies cost time, not memory.
const documents = new Map<string, PolicyDocument | undefined>()
const documentLimit = 10_000

function compiled(text: string): PolicyDocument | undefined {
  if (documents.has(text)) return documents.get(text)
  if (documents.size >= documentLimit) documents.clear()
  const document = parsePolicy(text)
  documents.set(text, document)
  return document
}
