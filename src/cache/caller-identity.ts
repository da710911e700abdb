/** What audit records say of a caller. */
import { userIdentityText, type SessionIdentity, type SessionIssuerIdentity } from '#cloudtrail/user-identity.ts'
import type { AccessKeyId } from '#base/brand.ts'
import type { Caller } from '#policy/principal.ts'
import type { Session } from '#ports/sessions.ts'
import type { Standing } from './standing.ts'

const types = {
  root: 'Root',
  user: 'IAMUser',
  'role session': 'AssumedRole',
  'federated user': 'FederatedUser',
} as const

/** The `userIdentity` element for a caller with an access key. */
export function userIdentityOf(
  caller: Caller,
  accessKeyId: AccessKeyId,
  standing: Standing,
  session: Session | undefined,
): string {
  const { kind } = caller.subject
  if (kind === 'service') throw new TypeError('a service has no access key')
  return userIdentityText({
    type: types[kind],
    principalId: caller.userId,
    arn: caller.arn,
    account: caller.account,
    accessKeyId,
    userName: kind === 'user' ? standing.record?.name : undefined,
    session: session === undefined ? undefined : sessionIdentity(standing, session),
  })
}

function sessionIdentity(standing: Standing, session: Session): SessionIdentity {
  const { principal, issuedAt, sourceIdentity, claims } = session
  const { 'aws:federatedprovider': provider, ...attributes } = claims
  return {
    issuer: principal.kind === 'role' || principal.kind === 'federated' ? issuerOf(standing) : undefined,
    issuedAt,
    sourceIdentity,
    webIdentity: typeof provider === 'string' ? { provider, attributes } : undefined,
  }
}

function issuerOf({ account, record, arn }: Standing): SessionIssuerIdentity {
  if (record === undefined) return { type: 'Root', principalId: account, arn, account, userName: undefined }
  const type = record.kind === 'role' ? 'Role' : 'IAMUser'
  return { type, principalId: record.id, arn, account, userName: record.name }
}
