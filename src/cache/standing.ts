/** Users, roles and root users with all that comes with them, and who calls with credentials of theirs. */
import { federatedUserArn, partitionOf, rootArn, roleSessionArn } from '#base/arn.ts'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import { foldCase } from '#policy/fold.ts'
import type { Caller, CallerSession } from '#policy/principal.ts'
import type { PrincipalNames } from '#policy/names.ts'
import type { AttachedPolicy, Subject } from '#policy/subject.ts'
import type { Session } from '#ports/sessions.ts'
import type { RoleRecord, UserRecord } from '#records/iam.ts'
import { callerContext, type CallerFacts } from './caller-context.ts'

/** Whose rights credentials have. */
export interface Entity {
  readonly kind: 'root' | 'user' | 'role'
  readonly account: AccountId
  /** The unique id; of root users the account's. */
  readonly id: string
  /** Its name in the cache, made once. */
  readonly key: string
}

export function entityOf(account: AccountId, kind: Entity['kind'], id: string): Entity {
  return { kind, account, id, key: `${kind} ${id} ${account}` }
}

/** The entity that a session takes its rights from. */
export function entityOfSession({ account, principal }: Session): Entity {
  switch (principal.kind) {
    case 'role':
      return entityOf(account, 'role', principal.roleId)
    case 'user':
      return entityOf(account, 'user', principal.userId)
    case 'root':
      return entityOf(account, 'root', account)
    case 'federated':
      return principal.userId === undefined
        ? entityOf(account, 'root', account)
        : entityOf(account, 'user', principal.userId)
  }
}

/** An entity and its policies as they are now: another object as soon as anything of its account has changed. */
export interface Standing {
  readonly account: AccountId
  /** Undefined for root users. */
  readonly record: UserRecord | RoleRecord | undefined
  /** With its path. */
  readonly arn: string
  /** Epoch milliseconds: temporary credentials issued before are dead. */
  readonly sessionsValidFrom: number
  /** Of root users: what allows everything, for the federated users they vouch for. */
  readonly identity: readonly AttachedPolicy[]
  readonly boundary: AttachedPolicy | undefined
  readonly serviceControl: readonly (readonly AttachedPolicy[])[]
}

/** Who calls with temporary credentials. */
export interface SessionUse {
  readonly session: Session
  readonly accessKeyId: AccessKeyId
  /** The policies that were passed for the session, loaded; none: no policy was passed, or an empty list. */
  readonly passed: readonly AttachedPolicy[]
}

export interface Callers {
  /** The user or root user itself, with long-term credentials. Undefined for roles, which have none. */
  readonly longTerm: (standing: Standing, accessKeyId: AccessKeyId | undefined) => Caller | undefined
  /** Undefined when the session is not of this entity. */
  readonly temporary: (standing: Standing, use: SessionUse) => Caller | undefined
}

/** What sessions take over that are made with the credentials of `session`. */
function inherited({ tags, transitiveTagKeys, sourceIdentity }: Session): CallerSession {
  const transitive = new Set(transitiveTagKeys.map(foldCase))
  return {
    transitiveTags: tags
      .filter(({ TagKey }) => transitive.has(foldCase(TagKey)))
      .map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue })),
    sourceIdentity,
  }
}

/** What differs between callers of one entity. */
interface Described {
  readonly arn: string
  readonly accessKeyId: AccessKeyId | undefined
  readonly kind: Subject['kind']
  readonly names: Pick<PrincipalNames, 'direct' | 'entity'>
  readonly passed: readonly AttachedPolicy[] | undefined
  readonly facts: Omit<CallerFacts, 'account'>
}

/** `home` is a region of the installation: all are of one partition, which ARNs of identities name. */
export function createCallers(home: Region): Callers {
  const partition = partitionOf(home)

  function caller(standing: Standing, { arn, accessKeyId, kind, names, passed, facts }: Described): Caller {
    const { account, identity, boundary, serviceControl } = standing
    const subject: Subject = {
      kind,
      account,
      names: { ...names, account: [rootArn(home, account), account] },
      identity: kind === 'root' ? [] : identity,
      boundary,
      session: passed,
      serviceControl,
    }
    return {
      account,
      arn,
      userId: facts.userId,
      accessKeyId,
      subject,
      context: callerContext({ ...facts, account }),
      session: facts.session === undefined ? undefined : inherited(facts.session),
    }
  }

  function root(standing: Standing, accessKeyId: AccessKeyId | undefined, session: Session | undefined): Caller {
    const { account, arn } = standing
    return caller(standing, {
      arn,
      accessKeyId,
      kind: 'root',
      names: { direct: [arn], entity: [] },
      passed: undefined,
      facts: { principalArn: arn, type: 'Account', userId: account, userName: undefined, tags: [], session },
    })
  }

  function user(
    standing: Standing,
    { id, name, tags }: UserRecord,
    accessKeyId: AccessKeyId | undefined,
    session: Session | undefined,
  ): Caller {
    const { arn } = standing
    return caller(standing, {
      arn,
      accessKeyId,
      kind: 'user',
      names: { direct: [id], entity: [] },
      passed: undefined,
      facts: { principalArn: arn, type: 'User', userId: id, userName: name, tags, session },
    })
  }

  function roleSession(standing: Standing, role: RoleRecord, sessionName: string, use: SessionUse): Caller {
    const { session, accessKeyId, passed } = use
    const userId = `${role.id}:${sessionName}`
    return caller(standing, {
      arn: roleSessionArn(partition, role.account, role.name, sessionName),
      accessKeyId,
      kind: 'role session',
      names: { direct: [userId], entity: [role.id] },
      passed: session.policies === undefined ? undefined : passed,
      facts: {
        principalArn: standing.arn,
        type: 'AssumedRole',
        userId,
        userName: undefined,
        tags: role.tags,
        session,
      },
    })
  }

  function federated(standing: Standing, behind: UserRecord | undefined, name: string, use: SessionUse): Caller {
    const { session, accessKeyId, passed } = use
    const arn = federatedUserArn(partition, standing.account, name)
    return caller(standing, {
      arn,
      accessKeyId,
      kind: 'federated user',
      names: { direct: [arn], entity: behind === undefined ? [] : [behind.id] },
      // Without a session policy a federated user may do nothing but what resources allow it by its own name.
      passed,
      facts: {
        principalArn: arn,
        type: 'FederatedUser',
        userId: `${standing.account}:${name}`,
        userName: undefined,
        tags: behind?.tags ?? [],
        session,
      },
    })
  }

  return {
    longTerm: (standing, accessKeyId) => {
      const { record } = standing
      if (record === undefined) return root(standing, accessKeyId, undefined)
      return record.kind === 'user' ? user(standing, record, accessKeyId, undefined) : undefined
    },
    temporary: (standing, use) => {
      const { account, record } = standing
      const { session, accessKeyId } = use
      const { principal } = session
      if (session.account !== account) return undefined
      switch (principal.kind) {
        case 'root':
          return record === undefined ? root(standing, accessKeyId, session) : undefined
        case 'user':
          if (record?.kind !== 'user' || record.id !== principal.userId) return undefined
          return user(standing, record, accessKeyId, session)
        case 'role':
          if (record?.kind !== 'role' || record.id !== principal.roleId) return undefined
          return roleSession(standing, record, principal.sessionName, use)
        case 'federated':
          if (record?.kind === 'role' || record?.id !== principal.userId) return undefined
          return federated(standing, record, principal.name, use)
      }
    },
  }
}
