/** Making the credentials of a session, and what answers show of them. */
import type { Infer } from '#aws/shape.ts'
import type { Session } from '#ports/sessions.ts'
import type { CredentialsShape } from './members.ts'
import type { StsPorts } from './operation.ts'

/** What a session is besides its times. */
export type NewSession = Omit<Session, 'issuedAt' | 'expiresAt'>

/** Credentials that live for `seconds`. Expirations are whole seconds, for answers show no more. */
export function issueCredentials(
  session: NewSession,
  seconds: number,
  { sessions, clock }: Pick<StsPorts, 'sessions' | 'clock'>,
): Infer<typeof CredentialsShape> {
  const issuedAt = clock.machineNow()
  const expiresAt = (Math.floor(issuedAt / 1000) + seconds) * 1000
  const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({ ...session, issuedAt, expiresAt })
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expiresAt),
  }
}

const hour = 3600

/**
 * The lifetime of a session of a role, seconds: at most what the role allows, and an hour when the credentials of a role are
 * used to get those of another.
 */
export function roleSessionDuration(
  requested: number | undefined,
  maximum: number,
  chained: boolean,
  refuse: (code: 'ValidationException', message: string) => never,
): number {
  if (requested === undefined) return hour
  if (chained && requested > hour) {
    refuse(
      'ValidationException',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  }
  if (requested > maximum) {
    refuse('ValidationException', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  return requested
}

/** The lifetime of a session of a user, seconds; the root user's are an hour at most, whatever was asked for. */
export function userSessionDuration(requested: number | undefined, root: boolean): number {
  return root ? Math.min(requested ?? hour, hour) : (requested ?? 12 * hour)
}
