/** ListRetirableGrants: the grants that a principal of the caller's account may retire, on whatever account's keys. */
import { foreignDenial } from '#aws/denial.ts'
import { refusal } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { list, optional } from '#aws/shape.ts'
import { parseArn } from '#base/arn.ts'
import { parseAccountId, parseGrantId, parseKeyId, type AccountId, type GrantId, type KeyId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { refuseNoArn } from '../grant/create.ts'
import { grantEntries, refuseServiceFilter } from '../grant/listing.ts'
import { GrantListEntry, PrincipalIdType, ServicePrincipalType } from '../grant/members.ts'
import { accountWide } from '../key/account-target.ts'
import { LimitType, MarkerType, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListRetirableGrants', { defaultLimit: 50, maxLimit: 100 })
const action = 'kms:ListRetirableGrants'

interface Naming {
  readonly RetiringPrincipal?: string | undefined
  readonly RetiringServicePrincipal?: string | undefined
}

export const ListRetirableGrants = readOperation({
  name: 'ListRetirableGrants',
  effect: 'read',
  input: {
    Limit: optional(LimitType),
    Marker: optional(MarkerType),
    RetiringPrincipal: optional(PrincipalIdType),
    RetiringServicePrincipal: optional(ServicePrincipalType),
  },
  output: { Grants: list(GrantListEntry), NextMarker: optional(MarkerType), Truncated: TruncatedType },
  targets: {
    account: {
      ...accountWide({ action }),
      // "Enter a principal in your AWS account": what others may retire is not the caller's to know.
      resolve: ({ RetiringPrincipal = '' }: Naming, facts: RequestFacts) =>
        parseArn(RetiringPrincipal)?.account === facts.account
          ? { account: facts.account }
          : foreignDenial(facts.callerArn, action),
    },
  },
  check: (input) => paging.check(input) ?? refuseNaming(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListRetirableGrants',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'InvalidMarkerException',
    'KMSInternalException',
    'NotFoundException',
  ],
  audit: {
    readOnly: true,
    request: ['RetiringPrincipal', 'RetiringServicePrincipal', 'Limit', 'Marker'],
    response: [],
  },
  handle({ facts, ports, fail }, input) {
    const { region } = facts
    const { RetiringPrincipal: given = '' } = input
    return after(ports.principals.storedName(given), (name = given) => {
      const page = paging.start(input, `${region}/${name}`, parsePosition, fail)
      return after(ports.storage.retirableGrants(region, name, page.last, page.limit + 1), (found) => {
        const [grants, end] = paging.end(page, found, (grant) => `${grant.account}/${grant.keyId}/${grant.grantId}`)
        return after(grantEntries(grants, ports.principals), (Grants) => ({ Grants, ...end }))
      })
    })
  },
})

function refuseNaming({ RetiringPrincipal, RetiringServicePrincipal }: Naming) {
  const refused = refuseServiceFilter('RetiringServicePrincipal', RetiringServicePrincipal, RetiringPrincipal)
  if (refused !== undefined) return refused
  // Unverified wording.
  return RetiringPrincipal === undefined
    ? refusal('ValidationException', 'You must specify either RetiringPrincipal or RetiringServicePrincipal.')
    : refuseNoArn(RetiringPrincipal)
}

interface Position {
  readonly account: AccountId
  readonly keyId: KeyId
  readonly grantId: GrantId
}

function parsePosition(text: string): Position | undefined {
  const [first = '', second = '', third = ''] = text.split('/')
  const account = parseAccountId(first)
  const keyId = parseKeyId(second)
  const grantId = parseGrantId(third)
  if (account === undefined || keyId === undefined || grantId === undefined) return undefined
  return { account, keyId, grantId }
}
