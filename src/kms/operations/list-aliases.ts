/** ListAliases: the aliases of account and region by name, or those of one key. */
import { aliasArn } from '#base/arn.ts'
import { list, optional, structure } from '#aws/shape.ts'
import { parseAliasName } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { placeOf } from '../key/identifier.ts'
import { accountNarrowedTo } from '../key/account-target.ts'
import { AliasNameType, ArnType, DateType, KeyIdType, LimitType, MarkerType, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListAliases', { defaultLimit: 50, maxLimit: 100 })

export const ListAliases = readOperation({
  name: 'ListAliases',
  effect: 'read',
  input: { KeyId: optional(KeyIdType), Limit: optional(LimitType), Marker: optional(MarkerType) },
  output: {
    Aliases: list(
      structure({
        AliasName: optional(AliasNameType),
        AliasArn: optional(ArnType),
        TargetKeyId: optional(KeyIdType),
        CreationDate: optional(DateType),
        LastUpdatedDate: optional(DateType),
      }),
    ),
    NextMarker: optional(MarkerType),
    Truncated: TruncatedType,
  },
  targets: { narrowed: accountNarrowedTo('KeyId', { action: 'kms:ListAliases' }) },
  check: (input) => paging.check(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListAliases',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'InvalidMarkerException',
    'KMSInternalException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'Limit', 'Marker'], response: [] },
  handle({ facts, targets: { narrowed }, ports, fail }, input) {
    const place = placeOf(facts)
    const keyId = narrowed.key?.record.keyId
    const page = paging.start(input, `${place.region}/${place.account}/${keyId ?? ''}`, parseAliasName, fail)
    return after(ports.storage.aliases(place, page.last, page.limit + 1, keyId), (found) => {
      const [aliases, end] = paging.end(page, found, ({ name }) => name)
      return {
        Aliases: aliases.map((alias) => ({
          AliasName: alias.name,
          AliasArn: aliasArn(alias.region, alias.account, alias.name),
          TargetKeyId: alias.targetKeyId,
          CreationDate: new Date(alias.creationDate),
          LastUpdatedDate: new Date(alias.lastUpdatedDate),
        })),
        ...end,
      }
    })
  },
})
