/**
 * What IAM stores of an account: users, groups, roles, managed policies and OIDC providers. Each is a record of one table,
 * found by its id or by its name, which is unique in its kind and account without regard to case.
 *
 * Every change to any of them is also a change of its account's row: operations expect that row as they saw it, so that two
 * of one account never interleave (a policy can't be deleted while it is being attached).
 */
import type { AccountId } from '#base/brand.ts'
import type { Tag } from './key.ts'

interface Named {
  readonly account: AccountId
  /** The unique id: `AIDA`, `AGPA`, `AROA` or `ANPA` and 17 characters; for an OIDC provider its name. Never used twice. */
  readonly id: string
  /** As typed. */
  readonly name: string
  /** Epoch milliseconds. */
  readonly creationDate: number
}

/** A policy embedded in a user, group or role. */
export interface InlinePolicy {
  readonly name: string
  /** As it was put. */
  readonly document: string
}

interface WithPath extends Named {
  /** `/`, or `/a/b/`. */
  readonly path: string
}

interface WithPolicies extends WithPath {
  readonly inline: readonly InlinePolicy[]
  /** ARNs of managed policies, in the order in which they were attached. */
  readonly attached: readonly string[]
}

export interface UserRecord extends WithPolicies {
  readonly kind: 'user'
  /** Ids of groups. */
  readonly groups: readonly string[]
  /** ARN of a managed policy. */
  readonly boundary: string | undefined
  readonly tags: readonly Tag[]
  /** Epoch milliseconds: temporary credentials issued before are dead. 0: none were revoked. */
  readonly sessionsValidFrom: number
}

export interface GroupRecord extends WithPolicies {
  readonly kind: 'group'
}

export interface RoleRecord extends WithPolicies {
  readonly kind: 'role'
  readonly description: string
  /** Seconds, 3600 to 43200. */
  readonly maxSessionDuration: number
  /** The trust policy, users and roles in it by unique id (policy/principal-text.ts). */
  readonly trustPolicy: string
  readonly boundary: string | undefined
  readonly tags: readonly Tag[]
  readonly sessionsValidFrom: number
}

export interface PolicyVersion {
  /** `v1`, `v2`...: numbers are never used again. */
  readonly id: string
  readonly document: string
  readonly creationDate: number
}

export interface ManagedPolicyRecord extends WithPath {
  readonly kind: 'policy'
  readonly description: string
  readonly updateDate: number
  /** At most five; one of them is the default. */
  readonly versions: readonly PolicyVersion[]
  readonly defaultVersion: string
  /** The number of the next version. */
  readonly nextVersion: number
  readonly tags: readonly Tag[]
}

/** An OpenID Connect identity provider; its name is the issuer's URL without `https://`, its id is the same. */
export interface OidcProviderRecord extends Named {
  readonly kind: 'oidc-provider'
  /** With its scheme: `https://...`; `http://` for issuers on loopback. */
  readonly url: string
  readonly clientIds: readonly string[]
  readonly thumbprints: readonly string[]
  readonly tags: readonly Tag[]
}

export type IamRecord = UserRecord | GroupRecord | RoleRecord | ManagedPolicyRecord | OidcProviderRecord
export type IamKind = IamRecord['kind']

/** What names one of them in changes and listings. */
export interface IamPlace {
  readonly account: AccountId
  readonly kind: IamKind
}
