/**
 * GetSessionToken: temporary credentials of the calling user or root user, with the same rights. It needs no permission, and
 * only long-term credentials may call it (API Reference).
 */
import { optional } from '#aws/shape.ts'
import type { SessionPrincipal } from '#ports/sessions.ts'
import type { Caller } from '#policy/principal.ts'
import { issueCredentials, userSessionDuration } from '../credentials.ts'
import { CredentialsShape, DurationType, MinimumSessionTokenSizeType } from '../members.ts'
import { SerialNumberType, TokenCodeType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetSessionToken = readOperation({
  name: 'GetSessionToken',
  effect: 'read',
  input: {
    DurationSeconds: optional(DurationType),
    SerialNumber: optional(SerialNumberType),
    TokenCode: optional(TokenCodeType),
    MinimumSessionTokenSize: optional(MinimumSessionTokenSizeType),
  },
  output: { Credentials: CredentialsShape },
  targets: {},
  permission: 'none',
  refuses: ['SerialNumber', 'TokenCode', 'MinimumSessionTokenSize'],
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'sts',
  errors: ['AccessDeniedException'],
  audit: { readOnly: true, request: ['DurationSeconds'], response: ['Credentials'] },
  handle({ facts, ports, fail }, { DurationSeconds }) {
    const principal =
      principalOf(facts.caller) ?? fail('AccessDeniedException', 'Cannot call GetSessionToken with session credentials')
    const session = {
      account: facts.account,
      principal,
      policies: undefined,
      tags: [],
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      claims: {},
    }
    const seconds = userSessionDuration(DurationSeconds, principal.kind === 'root')
    return { Credentials: issueCredentials(session, seconds, ports) }
  },
})

function principalOf({ session, subject, userId }: Caller): SessionPrincipal | undefined {
  if (session !== undefined) return undefined
  if (subject.kind === 'root') return { kind: 'root' }
  return subject.kind === 'user' ? { kind: 'user', userId } : undefined
}
