/**
 * Grant tokens of requests (Developer Guide, "Grant tokens"). A grant decides from the moment it exists, so a token changes
 * nothing: one of another key, of another grantee or of a grant that is gone has no effect. One that this installation did
 * not make is an error.
 */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { GrantTokens } from '#ports/grant-tokens.ts'

// Unverified wording: the service model's description of the error.
const invalidToken = refusal('InvalidGrantTokenException', 'The specified grant token is not valid.')

/** Refuses the request when one of its GrantTokens is none. */
export function refuseGrantTokens(input: object, tokens: GrantTokens): Refusal | undefined {
  const sent: unknown = Reflect.get(input, 'GrantTokens')
  if (!Array.isArray(sent)) return undefined
  return sent.every((token) => typeof token === 'string' && tokens.open(token) !== undefined) ? undefined : invalidToken
}

/** What is answered to a token that is none. */
export function refuseInvalidToken(): Refusal {
  return invalidToken
}
