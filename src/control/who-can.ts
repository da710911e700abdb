/**
 * `who-can`: which principals of the installation may do something with a key, and by which path. A role stands for its
 * sessions without session policies and session tags; endpoints are left out, and so is what the key's state says.
 */
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import { createPrincipals, type Principals } from '#cache/principals.ts'
import { loadGrants } from '#cache/grants.ts'
import { entityOf, type Standing } from '#cache/standing.ts'
import { keyArn, parseArn, rootArn } from '#base/arn.ts'
import { awsAccount, parseAccessKeyId, parseAccountId, type AccountId } from '#base/brand.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { KeyConditions } from '#kms/key/conditions.ts'
import { compiledPolicies, type CompiledPolicy } from '#policy/compile.ts'
import type { Grant } from '#policy/grant.ts'
import type { Caller } from '#policy/principal.ts'
import { principalsIn } from '#policy/principal-text.ts'
import { whoCan, type Verdict } from '#policy/who-can.ts'
import type { Session } from '#ports/sessions.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { KeyRecord, Stored } from '#records/key.ts'
import { openReader, type SqliteReader } from '#storage/sqlite/reader.ts'
import type { CommandOutput } from './server.ts'
import { keyAction, keyNamed, whoCanArguments, type KeyAction } from './who-can-arguments.ts'
import { knownContext, type Candidate } from './who-can-context.ts'

export interface WhoCanSources {
  readonly database: string
  readonly hierarchy: Hierarchy
}

/** What is answered for one principal. */
export type PrincipalVerdict = {
  readonly action: string
  readonly key: string
  readonly principal: string
  readonly kind: 'root user' | 'user' | 'role' | 'role session' | 'federated user' | 'service'
} & Verdict

export async function whoCanDo(args: unknown, output: CommandOutput, sources: WhoCanSources): Promise<void> {
  const given = whoCanArguments(args)
  const action = keyAction(given.action)
  const reader = openReader(sources.database, sources.hierarchy.stateMac)
  try {
    const inquiry = await inquire(keyNamed(given, reader), action, reader)
    for await (const candidate of candidates(inquiry)) {
      if (output.signal.aborted) return
      await output.item(await verdictOf(inquiry, candidate))
    }
  } finally {
    reader.close()
  }
}

/** What is asked, and all that answers it. */
interface Inquiry {
  readonly action: KeyAction
  readonly key: KeyConditions & { readonly record: Stored<KeyRecord> }
  readonly policy: CompiledPolicy
  readonly reader: SqliteReader
  readonly principals: Principals
  readonly resourceControl: Awaited<ReturnType<Principals['resourceControl']>>
}

interface Named extends Candidate {
  readonly name: string
  readonly kind: PrincipalVerdict['kind']
}

const policyBytes = 64 * 2 ** 20

async function inquire(record: Stored<KeyRecord>, action: KeyAction, reader: SqliteReader): Promise<Inquiry> {
  const { region, account, keyId } = record
  const compile = compiledPolicies(policyBytes)
  const principals = createPrincipals(reader, new RevisionSlots(allocateSlots()), compile, region)
  return {
    action,
    key: {
      arn: keyArn(region, account, keyId),
      record,
      requestAlias: undefined,
      aliasNames: reader.aliasNamesOf(record, keyId),
    },
    policy: compile(record.policy),
    reader,
    principals,
    resourceControl: await principals.resourceControl(account),
  }
}

async function verdictOf(inquiry: Inquiry, candidate: Named): Promise<PrincipalVerdict> {
  const { action, key, policy, resourceControl } = inquiry
  const { subject } = candidate.caller
  const context = knownContext(key, action.operation, candidate)
  const none = { encryptionContextEquals: undefined, encryptionContextSubset: undefined, sourceArn: undefined }
  const verdict = whoCan(
    {
      subject,
      action: action.name,
      resource: {
        arn: key.arn,
        account: key.record.account,
        policy,
        policyLayer: 'key policy',
        resourceControl,
        awsManaged: key.record.keyManager === 'AWS',
      },
      crossAccount: action.crossAccount,
      context,
      endpoint: undefined,
      grants: await grantsOf(inquiry, candidate.caller),
      grantUse:
        action.grantOperation === undefined
          ? undefined
          : {
              operation: action.grantOperation,
              encryptionContext: undefined,
              child: action.grantOperation === 'CreateGrant' ? { operations: [], constraints: none } : undefined,
            },
    },
    context.isUnknown,
  )
  return { action: action.name, key: key.arn, principal: candidate.name, kind: candidate.kind, ...verdict }
}

/** The grants that name the caller, at whatever level. */
async function grantsOf({ action, key, reader }: Inquiry, { subject }: Caller): Promise<readonly Grant[]> {
  if (action.grantOperation === undefined) return []
  const { direct, entity, account } = subject.names
  const found: Grant[] = []
  for (const name of [...direct, ...entity, ...account]) {
    found.push(...(await loadGrants(reader, key.record, key.record.keyId, name)))
  }
  return found
}

/** The key's account first, then the others, then who is named by the key's policy or grants alone. */
async function* candidates(inquiry: Inquiry): AsyncGenerator<Named> {
  const { reader, key } = inquiry
  const owner = key.record.account
  const others = reader.accounts().filter(({ account }) => account !== owner)
  for (const account of [owner, ...others.map((each) => each.account)]) yield* ofAccount(account, inquiry)
  const seen = new Set<string>()
  for (const named of namedAlone(inquiry)) {
    if (seen.has(named.name)) continue
    seen.add(named.name)
    const candidate = await candidateNamed(named, inquiry)
    if (candidate !== undefined) yield candidate
  }
}

const pageSize = 1000

async function* ofAccount(account: AccountId, inquiry: Inquiry): AsyncGenerator<Named> {
  const { principals, reader, key } = inquiry
  const root = await principals.standing(entityOf(account, 'root', account))
  const rootCaller = root && principals.caller(root, undefined)
  if (rootCaller !== undefined) {
    yield { name: rootArn(key.record.region, account), kind: 'root user', caller: rootCaller, session: false }
  }
  for (const kind of ['user', 'role'] as const) {
    let last: string | undefined
    for (;;) {
      const page = reader.iamList(account, kind, last, pageSize)
      for (const { id } of page) {
        const standing = await principals.standing(entityOf(account, kind, id))
        if (standing === undefined) continue
        const candidate =
          kind === 'user' ? userOf(standing, inquiry) : await sessionOf(standing, id, anySession, inquiry)
        if (candidate !== undefined) yield candidate
      }
      last = page.at(-1)?.name.toLowerCase()
      if (page.length < pageSize || last === undefined) break
    }
  }
}

function userOf(standing: Standing, { principals }: Inquiry): Named | undefined {
  const caller = principals.caller(standing, undefined)
  return caller && { name: standing.arn, kind: 'user', caller, session: false }
}

// A name that no session can have: policies and grants that name one session mean another.
const anySession = '*'

async function sessionOf(
  standing: Standing,
  roleId: string,
  sessionName: string,
  { principals }: Inquiry,
): Promise<Named | undefined> {
  const accessKeyId = parseAccessKeyId('none')
  if (accessKeyId === undefined) return undefined
  const session: Session = {
    account: standing.account,
    principal: { kind: 'role', roleId, sessionName },
    issuedAt: standing.sessionsValidFrom,
    expiresAt: standing.sessionsValidFrom,
    policies: undefined,
    tags: [],
    transitiveTagKeys: [],
    sourceIdentity: undefined,
    claims: {},
  }
  const caller = await principals.sessionCaller(standing, accessKeyId, session)
  if (caller === undefined) return undefined
  if (sessionName === anySession) return { name: standing.arn, kind: 'role', caller, session: true }
  return { name: caller.arn, kind: 'role session', caller, session: true }
}

interface NamedPrincipal {
  readonly kind: 'AWS' | 'Service'
  readonly name: string
}

/** Whom the key's policy and its grants name. */
function namedAlone({ key, reader }: Inquiry): readonly NamedPrincipal[] {
  const { record } = key
  const inPolicy = principalsIn(record.policy).flatMap(({ kind, given }): readonly NamedPrincipal[] =>
    kind === 'Federated' ? [] : [{ kind, name: given }],
  )
  const grantees: NamedPrincipal[] = []
  let page: readonly Stored<GrantRecord>[] = []
  do {
    page = reader.grants(record, record.keyId, page.at(-1)?.grantId, pageSize, undefined)
    grantees.push(...page.map(({ grantee: { kind, name } }) => ({ kind, name })))
  } while (page.length === pageSize)
  return [...inPolicy, ...grantees]
}

const roleSession = /^(?<role>AROA[A-Z0-9]{17}):(?<session>.+)$/

/** Who has a name of its own and is none of an account's users and roles. */
async function candidateNamed({ kind, name }: NamedPrincipal, inquiry: Inquiry): Promise<Named | undefined> {
  if (kind === 'Service') return service(name)
  const { role, session } = roleSession.exec(name)?.groups ?? {}
  const { principals, reader } = inquiry
  if (role !== undefined && session !== undefined) {
    const record = reader.iamById('role', role)
    const standing = record && (await principals.standing(entityOf(record.account, 'role', role)))
    return standing && sessionOf(standing, role, session, inquiry)
  }
  const arn = parseArn(name)
  const account = arn === undefined ? undefined : parseAccountId(arn.account)
  if (arn?.service !== 'sts' || !arn.resource.startsWith('federated-user/') || account === undefined) return undefined
  const root = await principals.standing(entityOf(account, 'root', account))
  return root && federatedUser(name, root)
}

/** By its own name alone: what it was passed when it was made nobody knows. */
function federatedUser(name: string, { account, serviceControl, arn }: Standing): Named {
  return {
    name,
    kind: 'federated user',
    session: true,
    caller: {
      account,
      arn: name,
      userId: name,
      accessKeyId: undefined,
      subject: {
        kind: 'federated user',
        account,
        names: { direct: [name], entity: [], account: [arn, account] },
        identity: [],
        boundary: undefined,
        session: [],
        serviceControl,
      },
      context: {
        value: (key) =>
          key === 'aws:principalarn'
            ? name
            : key === 'aws:principalaccount'
              ? account
              : key === 'aws:principaltype'
                ? 'FederatedUser'
                : undefined,
      },
    },
  }
}

function service(name: string): Named {
  return {
    name,
    kind: 'service',
    session: false,
    caller: {
      account: awsAccount,
      arn: name,
      userId: name,
      accessKeyId: undefined,
      subject: {
        kind: 'service',
        account: undefined,
        names: { direct: [name], entity: [], account: [] },
        identity: [],
        boundary: undefined,
        session: undefined,
        serviceControl: [],
      },
      context: { value: (key) => (key === 'aws:principalisawsservice' ? 'true' : undefined) },
    },
  }
}
