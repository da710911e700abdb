/**
 * CreateGrant. With a Name it is idempotent: the same name and parameters are the same grant, with a new token. Permission may
 * itself come from a grant, then for no more than that one allows.
 */
import { optional } from '#aws/shape.ts'
import { rootArn } from '#base/arn.ts'
import { parseGrantId, type GrantId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { GrantPrincipal, GrantRecord } from '#records/grant.ts'
import { conditionValue } from '../key/conditions.ts'
import { keyIn, placeOfKey, type KeyResource } from '../key/target.ts'
import {
  grantsPerKey,
  newGrant,
  refuseGrant,
  refuseGrantOn,
  requestedConstraints,
  unknownPrincipal,
  type GrantRequest,
} from '../grant/create.ts'
import { GrantConstraintsType, GrantIdType, GrantNameType, GrantOperationList } from '../grant/members.ts'
import { GrantTokenType, PrincipalIdType, ServicePrincipalType } from '../grant/members.ts'
import { DryRunType, GrantTokenList, KeyIdType } from '../members.ts'
import { changeOperation, type KmsPorts } from '../operation.ts'

type Fail = (code: 'InvalidArnException' | 'LimitExceededException' | 'ValidationException', message?: string) => never

const key = keyIn('KeyId', {
  action: 'kms:CreateGrant',
  aliases: false,
  crossAccount: true,
  states: 'enabled',
  usage: 'any',
})

export const CreateGrant = changeOperation({
  name: 'CreateGrant',
  effect: 'change',
  input: {
    KeyId: KeyIdType,
    GranteePrincipal: optional(PrincipalIdType),
    RetiringPrincipal: optional(PrincipalIdType),
    Operations: GrantOperationList,
    Constraints: optional(GrantConstraintsType),
    GrantTokens: optional(GrantTokenList),
    Name: optional(GrantNameType),
    DryRun: optional(DryRunType),
    GranteeServicePrincipal: optional(ServicePrincipalType),
    RetiringServicePrincipal: optional(ServicePrincipalType),
  },
  output: { GrantToken: GrantTokenType, GrantId: GrantIdType },
  targets: {
    key: {
      ...key,
      condition: (name, resource: KeyResource, input: Requested, facts) =>
        conditionValue(name, {
          key: resource,
          input,
          prefix: '',
          facts,
          constraints: requestedConstraints(input.Constraints),
        }),
      grantUse: (_key: KeyResource, { Operations, Constraints }: Requested) => ({
        operation: 'CreateGrant',
        encryptionContext: undefined,
        child: { operations: Operations, constraints: requestedConstraints(Constraints) },
      }),
    },
  },
  check: refuseGrant,
  conditions: [
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:GrantConstraintSourceArn',
    'kms:GrantConstraintType',
    'kms:GranteePrincipal',
    'kms:GranteeServicePrincipal',
    'kms:GrantIsForAWSResource',
    'kms:GrantOperations',
    'kms:RetiringPrincipal',
    'kms:RetiringServicePrincipal',
  ],
  grantable: ['CreateGrant'],
  dryRun: true,
  quota: 'CreateGrant',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'DryRunOperationException',
    'InvalidArnException',
    'InvalidGrantTokenException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: [
      'KeyId',
      'GranteePrincipal',
      'GranteeServicePrincipal',
      'RetiringPrincipal',
      'RetiringServicePrincipal',
      'Operations',
      'Constraints',
      'Name',
    ],
    response: ['GrantId'],
    responseExtra: ({ key: { arn } }) => ({ KeyId: arn }),
  },
  handle({ facts, targets: { key: granted }, ports, fail }, input) {
    const { record, arn } = granted
    const refused = refuseGrantOn(record, input)
    if (refused !== undefined) fail('ValidationException', refused.message)
    return after(partiesOf(input, ports, fail), (parties) => {
      const issuingAccount = rootArn(facts.region, facts.account)
      const grant = newGrant(record, newGrantId(ports), input, { ...parties, issuingAccount }, facts.now)
      const answer = (grantId: GrantId) => ({
        GrantToken: ports.grantTokens.seal({ grantId, keyArn: arn }),
        GrantId: grantId,
      })
      return after(sameGrant(grant, ports.storage), (known) =>
        known !== undefined
          ? { output: answer(known.grantId), changes: [] }
          : after(requireRoom(granted, ports.storage, fail), () => ({
              output: answer(grant.grantId),
              changes: [{ kind: 'grant added' as const, grant }],
            })),
      )
    })
  },
})

type Requested = GrantRequest & { readonly KeyId: string }

function newGrantId({ random }: KmsPorts): GrantId {
  const grantId = parseGrantId(random.bytes(32).toString('hex'))
  if (grantId === undefined) throw new TypeError('32 bytes in hex are no grant id')
  return grantId
}

/** The grantee and the retiring principal as they are stored. */
function partiesOf(
  request: GrantRequest,
  { principals }: KmsPorts,
  fail: Fail,
): MaybeAsync<{ readonly grantee: GrantPrincipal; readonly retiring: GrantPrincipal | undefined }> {
  const stored = (given: string | undefined, service: string | undefined): MaybeAsync<GrantPrincipal | undefined> => {
    if (service !== undefined) return { name: service, given: service, kind: 'Service' }
    if (given === undefined) return undefined
    return after(principals.storedName(given), (name): GrantPrincipal => {
      if (name === undefined) return fail('InvalidArnException', unknownPrincipal(given).message)
      return { name, given, kind: 'AWS' }
    })
  }
  return after(stored(request.GranteePrincipal, request.GranteeServicePrincipal), (grantee) => {
    if (grantee === undefined) return fail('ValidationException', refuseGrant(request)?.message)
    return after(stored(request.RetiringPrincipal, request.RetiringServicePrincipal), (retiring) => ({
      grantee,
      retiring,
    }))
  })
}

/** The grant that an earlier request made with the same name and parameters. */
function sameGrant(grant: GrantRecord, storage: StorageReader): MaybeAsync<GrantRecord | undefined> {
  return grant.nameKey === undefined ? undefined : storage.grantNamed(grant, grant.keyId, grant.nameKey)
}

function requireRoom(granted: KeyResource, storage: StorageReader, fail: Fail): MaybeAsync<void> {
  return after(storage.grantCount(placeOfKey(granted), granted.record.keyId), (count) => {
    if (count < grantsPerKey) return
    // Unverified wording.
    fail(
      'LimitExceededException',
      `Grants per key quota for this account in this region is ${grantsPerKey}, current usage is ${count}.`,
    )
  })
}
