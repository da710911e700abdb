import type { GrantId } from '#base/brand.ts'

/** What a grant token names. */
export interface GrantTokenContent {
  readonly grantId: GrantId
  /** The ARN of the grant's key. */
  readonly keyArn: string
}

/** Grant tokens: no secrets, but only this installation makes them. */
export interface GrantTokens {
  /** A new token of a grant; all tokens of a grant are worth the same. */
  seal(content: GrantTokenContent): string
  /** What `token` names, or undefined when this installation did not make it. The grant may be gone. */
  open(token: string): GrantTokenContent | undefined
}
