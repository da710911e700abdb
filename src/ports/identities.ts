import type { AccessKeyId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { Caller } from '#policy/principal.ts'

/** Verifies signatures of one access key. Signing keys are cached; verdicts never are. */
export interface Credential {
  readonly caller: Caller
  /** The `userIdentity` element of a CloudTrail record for this caller, as JSON text. */
  readonly userIdentity: string
  readonly status: 'Active' | 'Inactive'
}
/** Who may sign requests. `SigningKey` is what the signature check works with. */
export interface Identities<SigningKey> {
  /** The credential of `id`, or undefined for an unknown access key. */
  credential(id: AccessKeyId): MaybeAsync<Credential | undefined>
  /** The SigV4 signing key of a credential for one scope; for an unknown access key a key of a secret nobody has. */
  signingKey(credential: Credential | undefined, date: string, region: string, service: string): SigningKey
}
