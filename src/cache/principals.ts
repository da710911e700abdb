/**
 * From users, roles and root users as they are stored to callers with all their policies. Everything of one account is
 * cached under one name: IAM changes seldom, and what a caller may do hangs on many records. They are read one after the
 * other; a request that overlaps with several changes may meet them half done, and what was loaded meanwhile counts for that
 * request only.
 */
import { partitionOf, rootArn } from '#base/arn.ts'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Caller } from '#policy/principal.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import type { Session } from '#ports/sessions.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { RoleRecord, UserRecord } from '#records/iam.ts'
import type { AccountRecord } from '#records/identity.ts'
import { createAttachedPolicies, each, type Compile } from './attached-policies.ts'
import { CoherentCache } from './coherent-cache.ts'
import { arnOf } from './principal-arns.ts'
import type { RevisionSlots } from './revision-slots.ts'
import { createCallers, type Entity, type Standing } from './standing.ts'

export interface Principals {
  /** Undefined when there is no such entity (any more). */
  readonly standing: (entity: Entity) => MaybeAsync<Standing | undefined>
  /** The user or root user itself, with long-term credentials. Undefined for roles, which have none. */
  readonly caller: (standing: Standing, accessKeyId: AccessKeyId | undefined) => Caller | undefined
  /** The caller with temporary credentials; undefined when they were revoked, or are not of this entity. */
  sessionCaller(standing: Standing, accessKeyId: AccessKeyId, session: Session): MaybeAsync<Caller | undefined>
  /** The resource control policies of an account, by level. Throws IntegrityError when the account is gone. */
  readonly resourceControl: (account: AccountId) => MaybeAsync<PolicyLevels>
}

/** The policies of each level, the organization's root first. */
export type PolicyLevels = readonly (readonly AttachedPolicy[])[]

export interface PrincipalsOptions {
  /** How many users and roles are cached. Default 10,000. */
  readonly cached?: number
}

const noLevels: PolicyLevels = []

/** Whom a root user vouches for (GetFederationToken) is limited by session policies alone. */
export const allRights = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

/** `home` is a region of the installation: all are of one partition, which ARNs of identities name. */
export function createPrincipals(
  storage: Pick<StorageReader, 'account' | 'iamById' | 'iamByName'>,
  slots: RevisionSlots,
  compile: Compile,
  home: Region,
  { cached = 10_000 }: PrincipalsOptions = {},
): Principals {
  const partition = partitionOf(home)
  const policies = createAttachedPolicies(storage, compile, partition)
  const callers = createCallers(home)
  const standings = new CoherentCache<Standing>(slots, cached)
  const controls = new CoherentCache<PolicyLevels>(slots, cached)

  function loadStanding(entity: Entity): MaybeAsync<Standing | undefined> {
    return standings.load(entity.key, cacheName.identities(entity.account), () => read(entity))
  }

  function read({ account, kind, id }: Entity): MaybeAsync<Standing | undefined> {
    return after(storage.account(account), (owner) => {
      if (owner === undefined) return undefined
      if (kind === 'root') return ofRoot(owner)
      return after(storage.iamById(kind, id), (record) =>
        record?.account === account ? ofRecord(owner, record) : undefined,
      )
    })
  }

  function ofRoot(owner: AccountRecord): Standing {
    return {
      account: owner.account,
      record: undefined,
      arn: rootArn(home, owner.account),
      sessionsValidFrom: owner.rootSessionsValidFrom,
      identity: [{ name: 'all rights of the root user', policy: compile(allRights) }],
      boundary: undefined,
      serviceControl: levelsOf('service control policy', owner.serviceControl),
    }
  }

  function ofRecord(owner: AccountRecord, record: UserRecord | RoleRecord): MaybeAsync<Standing> {
    const { account, boundary: arn } = record
    return after(policies.identity(record), (identity) =>
      after(arn === undefined ? undefined : policies.managed(account, arn), (boundary) => ({
        account,
        record,
        arn: arnOf(partition, record),
        sessionsValidFrom: record.sessionsValidFrom,
        identity,
        boundary,
        serviceControl: levelsOf('service control policy', owner.serviceControl),
      })),
    )
  }

  function levelsOf(kind: string, levels: AccountRecord['serviceControl']): PolicyLevels {
    if (levels.length === 0) return noLevels
    return levels.map((documents, level) =>
      documents.map((text, index) => ({
        name: `${kind} ${index + 1} of level ${level + 1}`,
        policy: compile(text),
      })),
    )
  }

  function loadControl(account: AccountId): MaybeAsync<PolicyLevels> {
    const loaded = controls.load(account, cacheName.identities(account), () =>
      after(storage.account(account), (owner) =>
        owner === undefined ? undefined : levelsOf('resource control policy', owner.resourceControl),
      ),
    )
    return after(loaded, (levels) => {
      // Accounts are never removed, and without its row nobody knows what it denies.
      if (levels === undefined) throw new IntegrityError(`the record of account ${account} is missing`)
      return levels
    })
  }

  function passedPolicies(account: AccountId, passed: Session['policies']): MaybeAsync<readonly AttachedPolicy[]> {
    if (passed === undefined) return []
    const documents = passed.documents.map((text, index) => ({
      name: `session policy ${index + 1}`,
      policy: compile(text),
    }))
    return after(
      each(passed.arns, (arn) => policies.managed(account, arn)),
      (managed) => [...documents, ...managed],
    )
  }

  return {
    standing: (entity) => standings.fresh(entity.key) ?? loadStanding(entity),
    caller: callers.longTerm,
    sessionCaller: (standing, accessKeyId, session) =>
      session.issuedAt < standing.sessionsValidFrom
        ? undefined
        : after(passedPolicies(standing.account, session.policies), (passed) =>
            callers.temporary(standing, { session, accessKeyId, passed }),
          ),
    resourceControl: (account) => controls.fresh(account) ?? loadControl(account),
  }
}
