/**
 * STS on a storage in memory, with the steps of a request that decide (reading the form, identification, targets,
 * authorization, the handler). Sessions are kept by access key in place of tokens; nobody is authenticated.
 */
import assert from 'node:assert/strict'
import { isRefusal, RefusalError, type Refusal } from '#aws/errors.ts'
import type { Members, RequestFacts } from '#aws/operation.ts'
import { compileQueryAnswer } from '#aws/query-encode.ts'
import { compileQueryInput } from '#aws/query-decode.ts'
import { parseAccessKeyId, parseAccountId, parseRegion, parseRequestId, type AccountId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { createPrincipals } from '#cache/principals.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import { entityOf, entityOfSession } from '#cache/standing.ts'
import { authorize } from '#gateway/authorize.ts'
import { refusedMember } from '#gateway/refusals.ts'
import type { IncomingRequest } from '#gateway/request.ts'
import { webIdentity } from '#oidc/web-identity.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { Caller } from '#policy/principal.ts'
import type { Session } from '#ports/sessions.ts'
import type { IamRecord, ManagedPolicyRecord, OidcProviderRecord, RoleRecord, UserRecord } from '#records/iam.ts'
import { cacheName } from '#records/change.ts'
import type { StsPorts } from '#sts/operation.ts'
import { operations, type OperationName } from '#sts/service.ts'
import type { JSONWebKeySet } from 'jose'
import { MemoryStorage } from '../support/memory-storage.ts'

function present<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

export const region = present(parseRegion('us-east-1'))
export const account = present(parseAccountId('111122223333'))
export const otherAccount = present(parseAccountId('444455556666'))
/** The machine's time of all requests; half a second past a whole one. */
export const now = Date.UTC(2026, 10, 22, 10, 0, 0, 500)
const requestId = present(parseRequestId('01890a5d-ac96-774b-bcce-b302099a8057'))

/** What a request came to. */
export interface Called {
  readonly refused: Refusal | undefined
  readonly output: Members
  /** The answer on the wire; empty when it was refused. */
  readonly xml: string
  readonly userIdentity: string | undefined
  /** The names of the targets that the request acted on. */
  readonly targets: readonly string[]
}

const unique = (prefix: string, name: string): string =>
  `${prefix}${name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .padEnd(17, 'X')
    .slice(0, 17)}`

/** A policy with one statement. */
export function statement(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] })
}

/** A trust policy that lets `principal`, by its stored name, assume the role. */
export function trusts(principal: string | readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  return statement({ Principal: { AWS: principal }, Action: 'sts:AssumeRole', ...more })
}

export class MemorySts {
  readonly storage = new MemoryStorage()
  /** All sessions that were issued, by access key. */
  readonly sessions = new Map<string, Session>()
  readonly #slots = new RevisionSlots(allocateSlots())
  readonly #principals = createPrincipals(this.storage.reader, this.#slots, compilePolicy, region)
  readonly #ports: StsPorts

  constructor(staticKeys: ReadonlyMap<string, JSONWebKeySet> = new Map()) {
    this.#ports = {
      storage: this.storage.reader,
      sessions: { issue: (session) => this.#issue(session) },
      webIdentity: webIdentity({
        staticKeys,
        get: () => Promise.reject(new Error('no network')),
        failed: () => undefined,
      }),
      clock: { machineNow: () => now },
      compile: compilePolicy,
    }
    for (const id of [account, otherAccount]) {
      this.#commit({
        kind: 'account added',
        account: {
          account: id,
          creationDate: 0,
          name: '',
          serviceControl: [],
          resourceControl: [],
          rootSessionsValidFrom: 0,
        },
      })
    }
  }

  addUser(name: string, policies: readonly string[] = [], owner = account): UserRecord {
    return this.#add<UserRecord>({
      kind: 'user',
      ...named(owner, unique('AIDA', name), name),
      ...withPolicies(policies),
      groups: [],
    })
  }

  addRole(name: string, trustPolicy: string, more: Partial<RoleRecord> = {}): RoleRecord {
    return this.#add<RoleRecord>({
      kind: 'role',
      ...named(more.account ?? account, unique('AROA', name), name),
      ...withPolicies([]),
      description: '',
      maxSessionDuration: 7200,
      trustPolicy,
      ...more,
    })
  }

  addPolicy(name: string, document: string, owner = account): ManagedPolicyRecord {
    return this.#add<ManagedPolicyRecord>({
      kind: 'policy',
      ...named(owner, unique('ANPA', name), name),
      path: '/team/',
      description: '',
      updateDate: 0,
      versions: [{ id: 'v1', document, creationDate: 0 }],
      defaultVersion: 'v1',
      nextVersion: 2,
      tags: [],
    })
  }

  addProvider(url: string, clientIds: readonly string[]): OidcProviderRecord {
    const name = url.replace(/^https?:\/\//, '')
    return this.#add<OidcProviderRecord>({
      kind: 'oidc-provider',
      ...named(account, name, name),
      url,
      clientIds,
      thumbprints: [],
      tags: [],
    })
  }

  async root(owner = account): Promise<Caller> {
    return this.#longTerm('root', owner, owner)
  }

  async user({ account: owner, id }: UserRecord): Promise<Caller> {
    return this.#longTerm('user', owner, id)
  }

  /** Who calls with the credentials that a request was answered. */
  async bearer({ output }: Pick<Called, 'output'>): Promise<Caller> {
    const session = this.sessionOf({ output })
    const standing = present(await this.#principals.standing(entityOfSession(session)))
    return present(await this.#principals.sessionCaller(standing, present(parseAccessKeyId('ASIAX')), session))
  }

  sessionOf({ output }: Pick<Called, 'output'>): Session {
    const { Credentials: credentials } = output
    assert.ok(typeof credentials === 'object' && credentials !== null && 'AccessKeyId' in credentials)
    return present(this.sessions.get(String(credentials.AccessKeyId)))
  }

  /** `caller` undefined: nobody signed. */
  async call(name: OperationName, caller: Caller | undefined, form: Readonly<Record<string, string>>): Promise<Called> {
    const operation = operations[name]
    const targets: Record<string, unknown> = {}
    const refuse = (refused: Refusal, userIdentity?: string): Called => ({
      refused,
      output: {},
      xml: '',
      userIdentity,
      targets: Object.keys(targets),
    })
    const input = compileQueryInput(operation.input)(new URLSearchParams(form))
    if (isRefusal(input)) return refuse(input)
    const beforehand = operation.check(input) ?? refusedMember(operation, input)
    if (beforehand !== undefined) return refuse(beforehand)
    const identified =
      caller === undefined ? await operation.identify?.(input, region, this.#ports) : { caller, userIdentity: '' }
    assert.ok(identified !== undefined)
    if (isRefusal(identified)) return refuse(identified)
    const { userIdentity } = identified
    const facts = factsOf(identified.caller)
    for (const target of operation.targets) {
      if (target.applies?.(input, facts) === false) continue
      const resource = await target.resolve(input, facts, this.#ports)
      if (isRefusal(resource)) return refuse(resource, userIdentity)
      targets[target.name] = resource
    }
    for (const target of operation.targets) {
      if (!Object.hasOwn(targets, target.name)) continue
      const resource = targets[target.name]
      const asked = { request, facts, target, resource, input, ports: this.#ports }
      const { decision } = await authorize(asked, () => [])
      if (!decision.allowed)
        return refuse(
          target.denial?.(resource, input) ?? { refused: true, code: 'AccessDeniedException', message: 'denied' },
        )
    }
    const fail = (code: Refusal['code'], message?: string): never => {
      throw new RefusalError({ refused: true, code, message })
    }
    try {
      const { output } = await operation.handle({ facts, targets, ports: this.#ports, fail }, input)
      const xml = compileQueryAnswer(name, 'urn:x', operation.output)(output, requestId).toString('utf8')
      return { refused: undefined, output, xml, userIdentity, targets: Object.keys(targets) }
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error
      assert.ok(operation.errors.includes(error.refusal.code) || error.refusal.code === 'ValidationException')
      return refuse(error.refusal, userIdentity)
    }
  }

  #issue(session: Session): ReturnType<StsPorts['sessions']['issue']> {
    const accessKeyId = present(parseAccessKeyId(`ASIA${String(this.sessions.size).padStart(16, '0')}`))
    this.sessions.set(accessKeyId, session)
    return { accessKeyId, secretAccessKey: new SecretBytes(Buffer.from('s'.repeat(40))), sessionToken: 'token' }
  }

  async #longTerm(kind: 'root' | 'user', owner: AccountId, id: string): Promise<Caller> {
    const standing = present(await this.#principals.standing(entityOf(owner, kind, id)))
    return present(this.#principals.caller(standing, undefined))
  }

  #add<T extends IamRecord>(entity: T): T {
    this.#commit({ kind: 'iam added', entity })
    return entity
  }

  #commit(change: Parameters<MemoryStorage['commit']>[0]['changes'][number]): void {
    assert.equal(this.storage.commit({ changes: [change], expectations: [], record: '' }), 'committed')
    this.#slots.raise(cacheName.identities(account))
    this.#slots.raise(cacheName.identities(otherAccount))
  }
}

function named(owner: AccountId, id: string, name: string) {
  return { account: owner, id, name, creationDate: 0 }
}

function withPolicies(policies: readonly string[]) {
  const inline = policies.map((document, index) => ({ name: `p${index}`, document }))
  return { path: '/', inline, attached: [], boundary: undefined, tags: [], sessionsValidFrom: 0 }
}

function factsOf(caller: Caller): RequestFacts {
  return {
    requestId,
    region,
    account: caller.account,
    callerArn: caller.arn,
    callerUserId: caller.userId,
    caller,
    viaService: undefined,
    now,
  }
}

const request: IncomingRequest = {
  requestId,
  receivedMs: now,
  method: 'POST',
  path: '/',
  query: '',
  rawHeaders: ['User-Agent', 'test'],
  body: Buffer.alloc(0),
  sourceIp: '192.0.2.7',
  endpoint: undefined,
  client: '',
  tlsDetails: undefined,
}
