import type { OidcProviderRecord } from '#records/iam.ts'

/** What a verified token says of its bearer. */
export interface WebIdentityClaims {
  readonly issuer: string
  readonly subject: string
  /** The client id of the provider that the token was issued to: `azp`, or the `aud` that the provider lists. */
  readonly audience: string
  /** The claims that become condition keys, by their names in lower case: `sub`, `aud`, `oaud`, `amr`. */
  readonly conditions: Readonly<Record<string, string | readonly string[]>>
}

/**
 * `invalid`: not a token of this provider (its signature, issuer, audience, or a claim that it must have). `expired`: it was
 * one. `rejected`: a claim does not hold, such as a time that has not come. `unreachable`: the keys could not be fetched.
 */
export type WebIdentityVerdict =
  | { readonly ok: true; readonly claims: WebIdentityClaims }
  | {
      readonly ok: false
      readonly reason: 'invalid' | 'expired' | 'rejected' | 'unreachable'
      /** For the client. */
      readonly message: string
    }

/** Verifies tokens of OpenID Connect identity providers. */
export interface WebIdentity {
  /** The issuer that `token` names, which nobody has verified. Undefined: it is not a JSON Web Token, or names none. */
  issuerOf(token: string): string | undefined
  /** `machineNow`: epoch milliseconds of the machine. Never rejects. */
  verify(
    token: string,
    provider: Pick<OidcProviderRecord, 'url' | 'clientIds'>,
    machineNow: number,
  ): Promise<WebIdentityVerdict>
}
