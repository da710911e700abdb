/** RevokeGrant: ends a grant, in any key state. Who may is a matter of policies alone; RetireGrant is for those it names. */
import { parseGrantId } from '#base/brand.ts'
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { invalidGrantId, noSuchGrant } from '../grant/target.ts'
import { GrantIdType } from '../grant/members.ts'
import { keyIn, placeOfKey } from '../key/target.ts'
import { DryRunType, KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const RevokeGrant = changeOperation({
  name: 'RevokeGrant',
  effect: 'change',
  input: { KeyId: KeyIdType, GrantId: GrantIdType, DryRun: optional(DryRunType) },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:RevokeGrant',
      aliases: false,
      crossAccount: true,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: ['kms:GrantIsForAWSResource'],
  grantable: [],
  dryRun: true,
  quota: 'RevokeGrant',
  errors: [
    'DependencyTimeoutException',
    'DryRunOperationException',
    'InvalidArnException',
    'InvalidGrantIdException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'GrantId'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ targets: { key }, ports, fail }, { GrantId }) {
    const grantId = parseGrantId(GrantId)
    if (grantId === undefined) return fail('InvalidGrantIdException', invalidGrantId(GrantId).message)
    const place = placeOfKey(key)
    const { keyId } = key.record
    return after(ports.storage.grant(place, keyId, grantId), (grant) => {
      if (grant === undefined) return fail('NotFoundException', noSuchGrant(grantId).message)
      return { output: {}, changes: [{ kind: 'grant removed' as const, place, keyId, grantId }] }
    })
  },
})
