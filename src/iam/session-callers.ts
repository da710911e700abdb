/**
 * IAM is not for everybody who has temporary credentials ("Compare AWS STS credentials", IAM User Guide): those of
 * GetSessionToken are for it only with multi-factor authentication, which this version does not have, and those of
 * GetFederationToken never. Else a session that leaks for an hour could make itself an access key for ever.
 */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Caller } from '#policy/principal.ts'

const unserved = refusal('UnrecognizedClientException', 'The security token included in the request is invalid.')

export function refuseSessions({ session, subject }: Caller): Refusal | undefined {
  return session === undefined || subject.kind === 'role session' ? undefined : unserved
}
