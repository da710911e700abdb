/** ListGrants: the grants of a key by grant id, all or those of a grantee; no tokens. */
import { list, optional } from '#aws/shape.ts'
import { parseGrantId, type GrantId, type KeyId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { Place } from '#records/key.ts'
import { grantEntries, refuseServiceFilter } from '../grant/listing.ts'
import { GrantIdType, GrantListEntry, PrincipalIdType, ServicePrincipalType } from '../grant/members.ts'
import { invalidGrantId } from '../grant/target.ts'
import { keyIn, placeOfKey } from '../key/target.ts'
import { KeyIdType, LimitType, MarkerType, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListGrants', { defaultLimit: 50, maxLimit: 100 })

export const ListGrants = readOperation({
  name: 'ListGrants',
  effect: 'read',
  input: {
    Limit: optional(LimitType),
    Marker: optional(MarkerType),
    KeyId: KeyIdType,
    GrantId: optional(GrantIdType),
    GranteePrincipal: optional(PrincipalIdType),
    GranteeServicePrincipal: optional(ServicePrincipalType),
  },
  output: { Grants: list(GrantListEntry), NextMarker: optional(MarkerType), Truncated: TruncatedType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ListGrants',
      aliases: false,
      crossAccount: true,
      states: 'any',
      usage: 'any',
    }),
  },
  check: (input) =>
    paging.check(input) ??
    refuseServiceFilter('GranteeServicePrincipal', input.GranteeServicePrincipal, input.GranteePrincipal),
  conditions: ['kms:GrantIsForAWSResource'],
  grantable: [],
  dryRun: false,
  quota: 'ListGrants',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'InvalidGrantIdException',
    'InvalidMarkerException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: {
    readOnly: true,
    request: ['KeyId', 'GrantId', 'GranteePrincipal', 'GranteeServicePrincipal', 'Limit', 'Marker'],
    response: [],
  },
  handle({ targets: { key }, ports, fail }, input) {
    const { GrantId, GranteePrincipal: given } = input
    const only = GrantId === undefined ? undefined : parseGrantId(GrantId)
    if (GrantId !== undefined && only === undefined) fail('InvalidGrantIdException', invalidGrantId(GrantId).message)
    const page = paging.start(input, JSON.stringify([key.arn, only, given]), parseGrantId, fail)
    // Grants of a principal that is gone are found by its unique id, which is how they show it.
    const grantee = given === undefined ? undefined : after(ports.principals.storedName(given), (name) => name ?? given)
    return after(grantee, (name) =>
      after(
        grantsOf(placeOfKey(key), key.record.keyId, only, page.last, page.limit + 1, name, ports.storage),
        (found) => {
          const [grants, end] = paging.end(page, found, ({ grantId }) => grantId)
          return after(grantEntries(grants, ports.principals), (Grants) => ({ Grants, ...end }))
        },
      ),
    )
  },
})

/** The grants after `last`, or the one that `only` names. */
function grantsOf(
  place: Place,
  keyId: KeyId,
  only: GrantId | undefined,
  last: GrantId | undefined,
  limit: number,
  grantee: string | undefined,
  storage: StorageReader,
): MaybeAsync<readonly GrantRecord[]> {
  if (only === undefined) return storage.grants(place, keyId, last, limit, grantee)
  return after(storage.grant(place, keyId, only), (grant) =>
    grant === undefined || last !== undefined || (grantee !== undefined && grant.grantee.name !== grantee)
      ? []
      : [grant],
  )
}
