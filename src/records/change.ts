/**
 * All that a committed operation may do to what is stored. Handlers return changes instead of writing; a storage back end
 * applies them in one exhaustive switch, in one transaction with the audit record.
 */
import { exhaustive } from '#base/exhaustive.ts'
import type { AccessKeyId, AccountId, AliasName, GrantId, KeyId, KeyMaterialId } from '#base/brand.ts'
import type { GrantRecord } from './grant.ts'
import type { IamKind, IamRecord } from './iam.ts'
import type { AccessKeyRecord, AccountRecord } from './identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from './key.ts'

export type Change =
  /** A key whose material is imported begins without any. */
  | { readonly kind: 'key added'; readonly key: KeyRecord; readonly material?: KeyMaterialRecord | undefined }
  | { readonly kind: 'key changed'; readonly key: KeyRecord }
  /** The key has new current material; what it had stays. */
  | { readonly kind: 'key rotated'; readonly key: KeyRecord; readonly material: KeyMaterialRecord }
  /** The bytes of a key material were imported, perhaps again. What the key knows of them is a change of the key beside it. */
  | { readonly kind: 'key material stored'; readonly material: KeyMaterialRecord }
  /** The bytes are gone for good. */
  | {
      readonly kind: 'key material removed'
      readonly place: Place
      readonly keyId: KeyId
      readonly materialId: KeyMaterialId
    }
  /**
   * The end of the waiting period: the key and its materials are gone. A conflict while it has aliases: each must have been
   * removed by a change of its own, for their names are cached too.
   */
  | { readonly kind: 'key deleted'; readonly place: Place; readonly keyId: KeyId }
  | { readonly kind: 'alias added'; readonly alias: AliasRecord }
  | { readonly kind: 'alias changed'; readonly alias: AliasRecord }
  | { readonly kind: 'alias removed'; readonly place: Place; readonly name: AliasName }
  /** Also a conflict when the key is gone. */
  | { readonly kind: 'grant added'; readonly grant: GrantRecord }
  | { readonly kind: 'grant removed'; readonly place: Place; readonly keyId: KeyId; readonly grantId: GrantId }
  | { readonly kind: 'account added'; readonly account: AccountRecord }
  | { readonly kind: 'account changed'; readonly account: AccountRecord }
  /** Beside it the account's row is written anew, unchanged, which gives it a new revision: see records/iam.ts. */
  | { readonly kind: 'iam added'; readonly entity: IamRecord }
  | { readonly kind: 'iam changed'; readonly entity: IamRecord }
  | { readonly kind: 'iam removed'; readonly account: AccountId; readonly of: IamKind; readonly id: string }
  /**
   * The text of a policy, kept under its hash for as long as the trail may speak of it. Adding what is kept already is no
   * conflict.
   */
  | { readonly kind: 'policy text kept'; readonly hash: string; readonly text: string; readonly keptAt: number }
  /** A record beside that of the commit, of what the service did because of the request (JSON text of a CloudTrail record). */
  | { readonly kind: 'event recorded'; readonly record: string }
  | { readonly kind: 'access key added'; readonly accessKey: AccessKeyRecord }
  | { readonly kind: 'access key changed'; readonly accessKey: AccessKeyRecord }
  | { readonly kind: 'access key removed'; readonly accessKeyId: AccessKeyId; readonly account: AccountId }

/**
 * A row as the operation saw it. A commit whose expectations no longer hold is refused as a conflict and the operation runs
 * again on what is there now.
 */
export type Expectation =
  | { readonly kind: 'key'; readonly place: Place; readonly keyId: KeyId; readonly rev: number }
  | { readonly kind: 'alias'; readonly place: Place; readonly name: AliasName; readonly rev: number }
  | {
      readonly kind: 'grant'
      readonly place: Place
      readonly keyId: KeyId
      readonly grantId: GrantId
      readonly rev: number
    }
  | { readonly kind: 'account'; readonly account: AccountId; readonly rev: number }

/** The name under which workers cache an entity; changing it invalidates that name in every worker. */
export const cacheName = {
  key: (place: Place, keyId: KeyId): string => `k/${place.region}/${place.account}/${keyId}`,
  alias: (place: Place, name: AliasName): string => `a/${place.region}/${place.account}/${name}`,
  accessKey: (id: AccessKeyId): string => `c/${id}`,
  /** All grants of a key. */
  grants: (place: Place, keyId: KeyId): string => `g/${place.region}/${place.account}/${keyId}`,
  /** Which aliases of a place point at which key: a change of an alias does not say where it pointed before. */
  aliasTargets: (place: Place): string => `t/${place.region}/${place.account}`,
  /** All principals and policies of an account: IAM changes seldom, and what a caller may do hangs on many of them. */
  identities: (account: AccountId): string => `i/${account}`,
}

/** The names of the cached entities that `change` touches. */
export function touchedBy(change: Change): readonly string[] {
  switch (change.kind) {
    case 'key added':
    case 'key changed':
    case 'key rotated':
      return [cacheName.key(change.key, change.key.keyId)]
    case 'key material stored':
      return [cacheName.key(change.material, change.material.keyId)]
    case 'key material removed':
      return [cacheName.key(change.place, change.keyId)]
    case 'key deleted':
      return [cacheName.key(change.place, change.keyId), cacheName.grants(change.place, change.keyId)]
    case 'alias added':
    case 'alias changed':
      return [cacheName.alias(change.alias, change.alias.name), cacheName.aliasTargets(change.alias)]
    case 'alias removed':
      return [cacheName.alias(change.place, change.name), cacheName.aliasTargets(change.place)]
    case 'grant added':
      return [cacheName.grants(change.grant, change.grant.keyId)]
    case 'grant removed':
      return [cacheName.grants(change.place, change.keyId)]
    case 'account added':
    case 'account changed':
      return [cacheName.identities(change.account.account)]
    case 'iam added':
    case 'iam changed':
      return [cacheName.identities(change.entity.account)]
    case 'iam removed':
      return [cacheName.identities(change.account)]
    case 'access key added':
    case 'access key changed':
      return [cacheName.accessKey(change.accessKey.accessKeyId)]
    case 'access key removed':
      return [cacheName.accessKey(change.accessKeyId)]
    case 'policy text kept':
    case 'event recorded':
      return []
    default:
      return exhaustive(change)
  }
}
