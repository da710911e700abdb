/** RetireGrant: ends a grant, for those whom the grant names and the account that issued it (grant/retire.ts). */
import { optional } from '#aws/shape.ts'
import { GrantIdType, GrantTokenType } from '../grant/members.ts'
import { refuseGrantNaming, retiredGrant } from '../grant/target.ts'
import { placeOfKey } from '../key/target.ts'
import { DryRunType, KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const RetireGrant = changeOperation({
  name: 'RetireGrant',
  effect: 'change',
  input: {
    GrantToken: optional(GrantTokenType),
    KeyId: optional(KeyIdType),
    GrantId: optional(GrantIdType),
    DryRun: optional(DryRunType),
  },
  output: {},
  targets: { grant: retiredGrant() },
  check: refuseGrantNaming,
  conditions: ['kms:EncryptionContext', 'kms:EncryptionContextKeys', 'kms:GrantConstraintType'],
  grantable: ['RetireGrant'],
  dryRun: true,
  quota: 'RetireGrant',
  errors: [
    'DependencyTimeoutException',
    'DryRunOperationException',
    'InvalidArnException',
    'InvalidGrantIdException',
    'InvalidGrantTokenException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: [],
    response: [],
    responseExtra: ({ grant: { key } }) => ({ KeyId: key.arn }),
    additional: ({ grant: { grant } }) => ({ grantId: grant.grantId }),
  },
  handle: ({ targets: { grant: retired } }) => ({
    output: {},
    changes: [
      {
        kind: 'grant removed',
        place: placeOfKey(retired.key),
        keyId: retired.grant.keyId,
        grantId: retired.grant.grantId,
      },
    ],
  }),
})
