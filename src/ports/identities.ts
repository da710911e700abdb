import type { AccessKeyId, AccountId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { Caller } from '#policy/principal.ts'
import type { AttachedPolicy } from '#policy/subject.ts'

/** Verifies signatures of one access key, long-term or temporary. Signing keys are cached; verdicts never are. */
export interface Credential {
  readonly caller: Caller
  /** The `userIdentity` element of a CloudTrail record for this caller, as JSON text. */
  readonly userIdentity: string
  readonly status: 'Active' | 'Inactive'
  /** Epoch milliseconds (of the machine) at which temporary credentials end; undefined for long-term ones. */
  readonly expiresAt: number | undefined
}

/** Who may sign requests. `SigningKey` is what the signature check works with. */
export interface Identities<SigningKey> {
  /**
   * The credential of `id`, with the session token that came with it. Undefined for an unknown access key, a token that is
   * not ours or not of `id`, a long-term key with a token, and when the principal is gone or its sessions were revoked.
   */
  credential(id: AccessKeyId, sessionToken: string | undefined): MaybeAsync<Credential | undefined>
  /** The SigV4 signing key of a credential for one scope; for an unknown access key a key of a secret nobody has. */
  signingKey(credential: Credential | undefined, date: string, region: string, service: string): SigningKey
  /** The resource control policies of an account, by level. */
  resourceControl(account: AccountId): MaybeAsync<readonly (readonly AttachedPolicy[])[]>
}
