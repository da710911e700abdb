/** ListKeys: every key of account and region in any state, by key id. */
import { keyArn } from '#base/arn.ts'
import { list, optional, structure } from '#aws/shape.ts'
import { parseKeyId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { placeOf } from '../key/identifier.ts'
import { accountWide } from '../key/account-target.ts'
import { ArnType, KeyIdType, LimitType, MarkerType, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListKeys', { defaultLimit: 100, maxLimit: 1000 })

export const ListKeys = readOperation({
  name: 'ListKeys',
  effect: 'read',
  input: { Limit: optional(LimitType), Marker: optional(MarkerType) },
  output: {
    Keys: list(structure({ KeyId: optional(KeyIdType), KeyArn: optional(ArnType) })),
    NextMarker: optional(MarkerType),
    Truncated: TruncatedType,
  },
  targets: { account: accountWide({ action: 'kms:ListKeys' }) },
  check: (input) => paging.check(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListKeys',
  errors: ['DependencyTimeoutException', 'InvalidMarkerException', 'KMSInternalException'],
  audit: { readOnly: true, request: ['Limit', 'Marker'], response: [] },
  handle({ facts, ports, fail }, input) {
    const place = placeOf(facts)
    const page = paging.start(input, `${place.region}/${place.account}`, parseKeyId, fail)
    return after(ports.storage.keyIds(place, page.last, page.limit + 1), (found) => {
      const [ids, end] = paging.end(page, found, (id) => id)
      return { Keys: ids.map((id) => ({ KeyId: id, KeyArn: keyArn(place.region, place.account, id) })), ...end }
    })
  },
})
