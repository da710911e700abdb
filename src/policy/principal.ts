import type { AccessKeyId, AccountId } from '#base/brand.ts'
import type { RequestContext } from './context.ts'
import type { Subject } from './subject.ts'

/** The caller of a request once its signature is verified, or a service of this process that calls for itself. */
export interface Caller {
  readonly account: AccountId
  /** As STS reports it: of the session, not of the role behind it. */
  readonly arn: string
  /** What STS calls UserId: `AIDA...`, `AROA...:session`, the account id for the root user, `account:name` when federated. */
  readonly userId: string
  readonly accessKeyId: AccessKeyId | undefined
  readonly subject: Subject
  /** The condition keys that describe the caller (`aws:PrincipalArn`, `aws:PrincipalTag/...`, `aws:userid`...). */
  readonly context: RequestContext
  /** Undefined: long-term credentials. */
  readonly session?: CallerSession | undefined
}

/** What sessions that are made with temporary credentials inherit from them. */
export interface CallerSession {
  readonly transitiveTags: readonly { readonly key: string; readonly value: string }[]
  readonly sourceIdentity: string | undefined
}
