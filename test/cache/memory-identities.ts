/** What IAM stores, in memory, read as the caches read it; a change raises the revision slots as the writer does. */
import { parseAccessKeyId, parseAccountId, parseRegion, type AccessKeyId, type AccountId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { createIdentities } from '#cache/identities.ts'
import { createPrincipals } from '#cache/principals.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { createSoftwareSessions } from '#keystores/software/sessions.ts'
import { compiledPolicies } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Caller } from '#policy/principal.ts'
import type { Decision } from '#policy/question.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { Session, SessionCredentials } from '#ports/sessions.ts'
import type { IamOf, StorageReader } from '#ports/storage.ts'
import { touchedBy, type Change } from '#records/change.ts'
import type { GroupRecord, IamKind, IamRecord, ManagedPolicyRecord, RoleRecord, UserRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import { newHierarchy } from '../crypto/key-fixtures.ts'
import { systemRandom } from '../../src/system.ts'

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new TypeError('a literal of this file is not what it must be')
  return value
}

export const account = present(parseAccountId('111122223333'))
export const otherAccount = present(parseAccountId('444455556666'))
export const home = present(parseRegion('eu-central-1'))
export const keyIdOf = (text: string): AccessKeyId => present(parseAccessKeyId(text))
export const random = systemRandom()

/** A document that allows or denies `actions`. */
export function document(effect: 'Allow' | 'Deny', ...actions: readonly string[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: actions, Resource: '*' }] })
}

const named = { account, path: '/', creationDate: 0, inline: [], attached: [], tags: [] } as const

export function user(overrides: Partial<UserRecord> = {}): UserRecord {
  const own = { kind: 'user', id: 'AIDAUSERUSERUSERUSER1', name: 'Alice', groups: [], boundary: undefined } as const
  return { ...named, ...own, sessionsValidFrom: 0, ...overrides }
}

export function role(overrides: Partial<RoleRecord> = {}): RoleRecord {
  const own = {
    kind: 'role',
    id: 'AROAROLEROLEROLEROLE1',
    name: 'Deploy',
    description: '',
    boundary: undefined,
  } as const
  return { ...named, ...own, maxSessionDuration: 3600, trustPolicy: '{}', sessionsValidFrom: 0, ...overrides }
}

export function group(overrides: Partial<GroupRecord> = {}): GroupRecord {
  return { ...named, kind: 'group', id: 'AGPAGROUPGROUPGROUP12', name: 'Operators', ...overrides }
}

export function managed(text: string, overrides: Partial<ManagedPolicyRecord> = {}): ManagedPolicyRecord {
  return {
    ...named,
    kind: 'policy',
    id: 'ANPAPOLICYPOLICYPOLI1',
    name: 'Limits',
    description: '',
    updateDate: 0,
    versions: [
      { id: 'v1', document: document('Deny', '*'), creationDate: 0 },
      { id: 'v2', document: text, creationDate: 0 },
    ],
    defaultVersion: 'v2',
    nextVersion: 3,
    ...overrides,
  }
}

export function roleSession(overrides: Partial<Session> = {}): Session {
  return {
    account,
    principal: { kind: 'role', roleId: 'AROAROLEROLEROLEROLE1', sessionName: 'build-7' },
    issuedAt: Date.UTC(2026, 10, 22, 10, 0, 0, 250),
    expiresAt: Date.UTC(2026, 10, 22, 11),
    policies: undefined,
    tags: [],
    transitiveTagKeys: [],
    sourceIdentity: undefined,
    claims: {},
    ...overrides,
  }
}

type Reading = Pick<StorageReader, 'account' | 'iamById' | 'iamByName' | 'accessKey'>

export class MemoryIdentities {
  readonly accounts = new Map<AccountId, AccountRecord>()
  readonly records = new Map<string, IamRecord>()
  readonly accessKeys = new Map<AccessKeyId, AccessKeyRecord>()
  readonly slots = new RevisionSlots(allocateSlots())
  /** Secrets that were handed to the identities. */
  readonly opened: Buffer[] = []
  readonly sessions = createSoftwareSessions(newHierarchy(), random)
  /** How often storage was read. */
  reads = 0
  readonly storage: Reading
  readonly identities: Identities<HmacKey>

  /** `later`: storage answers as a remote database does. */
  constructor(answers: 'at once' | 'later' = 'at once', cached = 100) {
    const answer = <T>(value: T): T | Promise<T> => {
      this.reads += 1
      return answers === 'later' ? Promise.resolve(value) : value
    }
    const stored = <T>(value: T | undefined) => answer(value === undefined ? undefined : { ...value, rev: 1 })
    this.storage = {
      account: (id) => stored(this.accounts.get(id)),
      accessKey: (id) => stored(this.accessKeys.get(id)),
      iamById: <K extends IamKind>(kind: K, id: string) =>
        stored(
          [...this.records.values()].find((record): record is IamOf<K> => record.kind === kind && record.id === id),
        ),
      iamByName: <K extends IamKind>(owner: AccountId, kind: K, name: string) =>
        stored(
          [...this.records.values()].find(
            (record): record is IamOf<K> =>
              record.kind === kind && record.account === owner && record.name.toLowerCase() === name.toLowerCase(),
          ),
        ),
    }
    this.put({ kind: 'account added', account: accountRecord() })
    const compile = compiledPolicies(1_000_000)
    const principals = createPrincipals(this.storage, this.slots, compile, home, { cached })
    this.identities = createIdentities(
      this.storage,
      principals,
      {
        secret: () => {
          const bytes = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
          this.opened.push(bytes)
          return new SecretBytes(bytes)
        },
        session: (token) => {
          const opened = this.sessions.open(token)
          if (opened !== undefined) this.opened.push(opened.secretAccessKey.insecureSecretAccess())
          return opened
        },
      },
      this.slots,
      random,
      { cached },
    )
  }

  /** Stores what `change` says and tells the caches, as a commit does. */
  put(change: Change): void {
    if ('accessKey' in change) this.accessKeys.set(change.accessKey.accessKeyId, change.accessKey)
    else if ('entity' in change) this.records.set(change.entity.id, change.entity)
    else if (change.kind === 'account added' || change.kind === 'account changed') {
      this.accounts.set(change.account.account, change.account)
    } else if (change.kind === 'iam removed') this.records.delete(change.id)
    else if (change.kind === 'access key removed') this.accessKeys.delete(change.accessKeyId)
    else throw new TypeError(`no change of identities: ${change.kind}`)
    for (const name of touchedBy(change)) this.slots.raise(name)
  }

  /** Adds or replaces users, groups, roles and policies. */
  add(...entities: readonly IamRecord[]): void {
    for (const entity of entities) this.put({ kind: 'iam changed', entity })
  }

  /** A long-term access key; of the root user without `userId`. */
  accessKey(id: string, userId?: string): AccessKeyRecord {
    const accessKey: AccessKeyRecord = {
      accessKeyId: keyIdOf(id),
      account,
      principal: userId === undefined ? { kind: 'root' } : { kind: 'user', userId },
      status: 'Active',
      creationDate: 0,
      epoch: 1,
      wrappedSecret: '',
    }
    this.put({ kind: 'access key added', accessKey })
    return accessKey
  }

  /** Temporary credentials for `session`. */
  issue(session: Session): Pick<SessionCredentials, 'accessKeyId' | 'sessionToken'> {
    return this.sessions.issue(session)
  }

  /** The credential of a long-term access key. */
  async longTerm(id: string): Promise<Credential | undefined> {
    return await this.identities.credential(keyIdOf(id), undefined)
  }

  /** The credential of issued temporary credentials. */
  async temporary(issued: Pick<SessionCredentials, 'accessKeyId' | 'sessionToken'>): Promise<Credential | undefined> {
    return await this.identities.credential(issued.accessKeyId, issued.sessionToken)
  }
}

export function accountRecord(overrides: Partial<AccountRecord> = {}): AccountRecord {
  const levels = { serviceControl: [], resourceControl: [] }
  return { account, creationDate: 0, name: '', rootSessionsValidFrom: 0, ...levels, ...overrides }
}

/** What `caller` is told when it asks for `action` where its own policies decide. */
export function decisionFor(caller: Caller, action: string): Decision {
  return evaluate({
    subject: caller.subject,
    action,
    resource: {
      arn: '*',
      account: caller.account,
      policy: undefined,
      policyLayer: 'key policy',
      resourceControl: [],
      awsManaged: false,
    },
    crossAccount: false,
    context: caller.context,
    endpoint: undefined,
    grants: undefined,
    grantUse: undefined,
  })
}

/** `allowed`, or why not. */
export function verdict(credential: Credential | undefined, action: string): string {
  if (credential === undefined) return 'no credential'
  const decision = decisionFor(credential.caller, action)
  return decision.allowed ? 'allowed' : `${decision.because}: ${decision.layer}`
}
