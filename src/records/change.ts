/**
 * All that a committed operation may do to what is stored. Handlers return changes instead of writing; a storage back end
 * applies them in one exhaustive switch, in one transaction with the audit record.
 */
import { exhaustive } from '#base/exhaustive.ts'
import type { AccessKeyId, AccountId, AliasName, KeyId } from '#base/brand.ts'
import type { AccessKeyRecord, AccountRecord } from './identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from './key.ts'

export type Change =
  | { readonly kind: 'key added'; readonly key: KeyRecord; readonly material: KeyMaterialRecord }
  | { readonly kind: 'key changed'; readonly key: KeyRecord }
  /**
   * The end of the waiting period: the key and its materials are gone. A conflict while it has aliases: each must have been
   * removed by a change of its own, for their names are cached too.
   */
  | { readonly kind: 'key deleted'; readonly place: Place; readonly keyId: KeyId }
  | { readonly kind: 'alias added'; readonly alias: AliasRecord }
  | { readonly kind: 'alias changed'; readonly alias: AliasRecord }
  | { readonly kind: 'alias removed'; readonly place: Place; readonly name: AliasName }
  | { readonly kind: 'account added'; readonly account: AccountRecord }
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

/** The name under which workers cache an entity; changing it invalidates that name in every worker. */
export const cacheName = {
  key: (place: Place, keyId: KeyId): string => `k/${place.region}/${place.account}/${keyId}`,
  alias: (place: Place, name: AliasName): string => `a/${place.region}/${place.account}/${name}`,
  accessKey: (id: AccessKeyId): string => `c/${id}`,
}

/** The cached entities that `change` touches. */
export function touchedBy(change: Change): string {
  switch (change.kind) {
    case 'key added':
    case 'key changed':
      return cacheName.key(change.key, change.key.keyId)
    case 'key deleted':
      return cacheName.key(change.place, change.keyId)
    case 'alias added':
    case 'alias changed':
      return cacheName.alias(change.alias, change.alias.name)
    case 'alias removed':
      return cacheName.alias(change.place, change.name)
    case 'account added':
      return `account/${change.account.account}`
    case 'access key added':
    case 'access key changed':
      return cacheName.accessKey(change.accessKey.accessKeyId)
    case 'access key removed':
      return cacheName.accessKey(change.accessKeyId)
    default:
      return exhaustive(change)
  }
}
