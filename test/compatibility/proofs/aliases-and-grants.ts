import { parseGrantId } from '#base/brand.ts'
import type { InProcessKms } from '../../support/in-process-kms.ts'
import { aboutKey, type Proofs } from '../proof.ts'
import type { Json, Stage, StageKey } from '../stage.ts'

const aliasesPerKey = 50

/** A key with as many aliases as it may have. */
async function fullKey(stage: Stage): Promise<StageKey> {
  const key = await stage.fresh()
  await Promise.all(Array.from({ length: aliasesPerKey }, () => stage.alias(key.id)))
  return key
}

const ofRoot = async (_key: StageKey, stage: Stage): Promise<Json> => ({
  GranteePrincipal: await stage.rootArn(),
  Operations: ['DescribeKey'],
})

/** The members that name a grant of the key, which is there. */
async function grantOf(key: StageKey, stage: Stage): Promise<Json> {
  const { GrantId } = await stage.grant(key.id)
  return { GrantId }
}

const grantsPerKey = 50_000

/** Copies the one grant that there is until there are `count`: so many requests would take minutes. */
function copyGrant(grants: InProcessKms['memory']['grants'], count: number): void {
  const [[name, grant] = []] = grants
  if (name === undefined || grant === undefined) throw new TypeError('there is no grant')
  for (let number = 1; number < count; number += 1) {
    const grantId = parseGrantId(number.toString(16).padStart(64, '0'))
    if (grantId !== undefined) grants.set(name.replace(grant.grantId, grantId), { ...grant, grantId })
  }
}

const noGrant = 'no grant id'
const unknownGrant = '0'.repeat(64)

export const aliasAndGrantProofs: Proofs = {
  CreateAlias: {
    ...aboutKey({ member: 'TargetKeyId', changes: true, others: (_key, stage) => ({ AliasName: stage.aliasName() }) }, [
      'KMSInvalidStateException',
      'NotFoundException',
    ]),
    AlreadyExistsException: async (stage) => {
      const { id } = await stage.fresh()
      return { AliasName: await stage.alias(id), TargetKeyId: id }
    },
    LimitExceededException: async (stage) => ({
      AliasName: stage.aliasName(),
      TargetKeyId: (await fullKey(stage)).id,
    }),
  },
  UpdateAlias: {
    success: async (stage) => ({
      AliasName: await stage.alias((await stage.fresh()).id),
      TargetKeyId: (await stage.fresh()).id,
    }),
    KMSInvalidStateException: async (stage) => ({
      AliasName: await stage.alias((await stage.fresh()).id),
      TargetKeyId: (await stage.key('symmetric', 'PendingDeletion')).id,
    }),
    LimitExceededException: async (stage) => ({
      AliasName: await stage.alias((await stage.fresh()).id),
      TargetKeyId: (await fullKey(stage)).id,
    }),
    NotFoundException: async (stage) => ({ AliasName: 'alias/nobody', TargetKeyId: (await stage.key()).id }),
  },
  DeleteAlias: {
    success: async (stage) => ({ AliasName: await stage.alias((await stage.fresh()).id) }),
    NotFoundException: () => ({ AliasName: 'alias/nobody' }),
  },
  ListAliases: aboutKey({}, ['InvalidArnException', 'InvalidMarkerException', 'NotFoundException']),
  CreateGrant: {
    ...aboutKey({ changes: true, others: ofRoot }, [
      'DisabledException',
      'DryRunOperationException',
      'InvalidArnException',
      'InvalidGrantTokenException',
      'KMSInvalidStateException',
      'NotFoundException',
    ]),
    LimitExceededException: {
      here: async (stage, kms) => {
        const key = await stage.fresh()
        await stage.grant(key.id)
        copyGrant(kms.memory.grants, grantsPerKey)
        return { KeyId: key.id, ...(await ofRoot(key, stage)) }
      },
    },
  },
  ListGrants: {
    ...aboutKey({}, ['InvalidArnException', 'InvalidMarkerException', 'NotFoundException']),
    InvalidGrantIdException: async (stage) => ({ KeyId: (await stage.key()).id, GrantId: noGrant }),
  },
  ListRetirableGrants: {
    success: async (stage) => ({ RetiringPrincipal: await stage.rootArn() }),
    InvalidArnException: () => ({ RetiringPrincipal: 'nobody' }),
    InvalidMarkerException: async (stage) => ({ RetiringPrincipal: await stage.rootArn(), Marker: 'nonsense' }),
  },
  RetireGrant: {
    success: async (stage) => {
      const { id } = await stage.fresh()
      const { GrantToken } = await stage.grant(id)
      return { GrantToken }
    },
    DryRunOperationException: async (stage) => {
      const { GrantToken } = await stage.grant((await stage.fresh()).id)
      return { GrantToken, DryRun: true }
    },
    InvalidArnException: () => ({ KeyId: 'no ARN', GrantId: unknownGrant }),
    InvalidGrantIdException: async (stage) => ({ KeyId: (await stage.key()).arn, GrantId: noGrant }),
    InvalidGrantTokenException: () => ({ GrantToken: 'nonsense' }),
    NotFoundException: async (stage) => ({ KeyId: (await stage.key()).arn, GrantId: unknownGrant }),
  },
  RevokeGrant: {
    ...aboutKey({ changes: true, others: grantOf }, [
      'DryRunOperationException',
      'InvalidArnException',
      'NotFoundException',
    ]),
    InvalidGrantIdException: async (stage) => ({ KeyId: (await stage.key()).id, GrantId: noGrant }),
  },
}
