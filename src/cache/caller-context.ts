/** The condition keys that describe a caller ("AWS global condition context keys", IAM User Guide). */
import { secondText } from '#cloudtrail/record.ts'
import type { ContextValue, RequestContext } from '#policy/context.ts'
import { foldCase } from '#policy/fold.ts'
import type { Session } from '#ports/sessions.ts'
import type { Tag } from '#records/key.ts'

export interface CallerFacts {
  /** For sessions of a role the role's own ARN, path included. */
  readonly principalArn: string
  readonly account: string
  readonly type: 'Account' | 'User' | 'AssumedRole' | 'FederatedUser'
  readonly userId: string
  /** Of users. */
  readonly userName: string | undefined
  /** Of the user or role. */
  readonly tags: readonly Tag[]
  readonly session: Session | undefined
}

/** The context of a caller. Most requests meet no policy that asks: what it says is put together when one does. */
export function callerContext(facts: CallerFacts): RequestContext {
  let values: ReadonlyMap<string, ContextValue> | undefined
  return { value: (key) => (values ??= valuesOf(facts)).get(key) }
}

const dateText = secondText()

// What an identity provider says of somebody must not pass for what only this program can know.
const ours = /^(?:aws|iam|kms|sts):/

function valuesOf(facts: CallerFacts): ReadonlyMap<string, ContextValue> {
  const { session } = facts
  const values = new Map<string, ContextValue>()
  for (const [name, value] of Object.entries(session?.claims ?? {})) {
    if (!ours.test(name) || name === 'aws:federatedprovider') values.set(name, value)
  }
  // Names of tags are compared without regard to case; a session's tags take the place of those of its role or user.
  for (const { TagKey, TagValue } of [...facts.tags, ...(session?.tags ?? [])]) {
    values.set(`aws:principaltag/${foldCase(TagKey)}`, TagValue)
  }
  values.set('aws:principalarn', facts.principalArn)
  values.set('aws:principalaccount', facts.account)
  values.set('aws:principaltype', facts.type)
  values.set('aws:principalisawsservice', 'false')
  values.set('aws:userid', facts.userId)
  values.set('aws:username', facts.userName)
  values.set('aws:tokenissuetime', session === undefined ? undefined : dateText(session.issuedAt))
  values.set('aws:sourceidentity', session?.sourceIdentity)
  // Absent, not false, for long-term credentials.
  values.set('aws:multifactorauthpresent', session === undefined ? undefined : 'false')
  return values
}
