/** What operators do to accounts: they are made and limited by who runs the installation, not by an API. */
import { parseAccountId, type AccountId, type Region } from '#base/brand.ts'
import { operatorEventText, secondText } from '#cloudtrail/record.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { wrapSecret } from '#keystores/software/secret-wrap.ts'
import { compilePolicy } from '#policy/compile.ts'
import { controlPolicyProblem, type ControlPolicyKind } from '#policy/control-policy.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import type { Change } from '#records/change.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { Stored } from '#records/key.ts'
import { textKept, textsIn, textsSuperseded } from '#records/policy-texts.ts'
import { newAccessKeyId, newSecret } from '#server/new-access-key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { accountArguments, type AccountArguments } from './account-arguments.ts'
import { fileAccessKey, filedAccessKey } from './credentials-file.ts'

export interface AccountSources {
  readonly reader: SqliteReader
  readonly hierarchy: Hierarchy
  readonly random: Random
  readonly clock: Clock
  /** Where the file with the first account's root access key is. */
  readonly dataDir: string
  /** The region that records of operators name. */
  readonly home: Region
  commit(commit: Commit): Promise<CommitOutcome>
}

export const accountCommandNames = [
  'account create',
  'account list',
  'account policy',
  'account rotate-root-key',
  'account revoke-sessions',
] as const
export type AccountCommand = (typeof accountCommandNames)[number]

/** What `account create` and `account rotate-root-key` answer. */
export interface AccountCredentials {
  readonly account: AccountId
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The root access keys that this one took the place of. */
  readonly replaced: readonly string[]
  /** What became of DIR/credentials, where that was one of them; a failure in words. */
  readonly credentialsFile?: 'rewritten' | { readonly failed: string }
}

const attempts = 8

/** Carries out `command`; answers its items. Throws ControlError. */
export async function runAccountCommand(
  command: AccountCommand,
  args: unknown,
  sources: AccountSources,
): Promise<readonly unknown[]> {
  const given = accountArguments(args)
  switch (command) {
    case 'account create':
      return [await create(given, sources)]
    case 'account list':
      return sources.reader.accounts().map(({ account, name, creationDate, serviceControl, resourceControl }) => ({
        account,
        name,
        created: new Date(creationDate).toISOString(),
        serviceControlLevels: serviceControl.length,
        resourceControlLevels: resourceControl.length,
      }))
    case 'account policy':
      return [await policy(given, sources)]
    case 'account rotate-root-key':
      return [await rotate(given, sources)]
    case 'account revoke-sessions':
      return [await revoke(given, sources)]
  }
}

async function create({ id, name }: AccountArguments, sources: AccountSources): Promise<AccountCredentials> {
  const { reader, clock } = sources
  const account = accountId(id)
  if (reader.account(account) !== undefined) {
    throw new ControlError(`account ${account} exists already; see trent account list`, exitCode.busy)
  }
  const now = clock.now()
  const made = rootKey(account, sources, now)
  const changes: Change[] = [
    {
      kind: 'account added',
      account: {
        account,
        creationDate: now,
        name: name ?? '',
        serviceControl: [],
        resourceControl: [],
        rootSessionsValidFrom: 0,
      },
    },
    { kind: 'access key added', accessKey: made.record },
  ]
  const record = recordOf('CreateAccount', account, { accountName: name ?? '' }, sources)
  const outcome = await sources.commit({ changes, expectations: [], record })
  if (outcome === 'conflict') {
    made.secret.fill(0)
    throw new ControlError(`account ${account} exists already; see trent account list`, exitCode.busy)
  }
  return { ...shown(made), name: name ?? '', replaced: [] }
}

async function rotate({ id }: AccountArguments, sources: AccountSources): Promise<AccountCredentials> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const account = existing(id, sources)
    const old = sources.reader.accessKeysOf(account.account, undefined)
    const made = rootKey(account.account, sources, sources.clock.now())
    const changes: Change[] = [
      { kind: 'access key added', accessKey: made.record },
      ...old.map(({ accessKeyId }): Change => ({ kind: 'access key removed', accessKeyId, account: account.account })),
    ]
    const record = recordOf('RotateRootAccessKey', account.account, { accessKeyId: made.record.accessKeyId }, sources)
    if ((await sources.commit({ changes, expectations: [expectation(account)], record })) === 'committed') {
      const key = shown(made)
      const replaced = old.map(({ accessKeyId }) => accessKeyId)
      const file = await refile(account, key, replaced, sources)
      return { ...key, name: account.name, replaced, ...(file === undefined ? {} : { credentialsFile: file }) }
    }
    made.secret.fill(0)
  }
  throw unsettled()
}

/**
 * Writes the new key into DIR/credentials where that has one that was replaced, now or by a rotation that ended before it
 * came to the file. The key is the right one whatever happens here, so a failure is told beside it.
 */
async function refile(
  { account }: AccountRecord,
  key: Pick<AccountCredentials, 'accessKeyId' | 'secretAccessKey'>,
  replaced: readonly string[],
  { reader, dataDir, random }: AccountSources,
): Promise<AccountCredentials['credentialsFile']> {
  try {
    const filed = await filedAccessKey(dataDir)
    if (filed === undefined) return undefined
    const dead = replaced.includes(filed) || (isFirst(account, reader) && reader.accessKey(filed) === undefined)
    if (!dead) return undefined
    await fileAccessKey(dataDir, key, random)
    return 'rewritten'
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

/** Is it the account that the first start made? */
function isFirst(account: AccountId, reader: SqliteReader): boolean {
  const [first] = reader.accounts().toSorted((one, other) => one.creationDate - other.creationDate)
  return first?.account === account
}

/** Sets the policies that were sent; shows all that hold then. */
async function policy(
  { id, serviceControl, resourceControl }: AccountArguments,
  sources: AccountSources,
): Promise<Pick<AccountRecord, 'account' | 'serviceControl' | 'resourceControl'>> {
  for (const text of (serviceControl ?? []).flat()) requirePolicy(text, 'service control')
  for (const text of (resourceControl ?? []).flat()) requirePolicy(text, 'resource control')
  for (const text of (resourceControl ?? []).flat()) requireDenyOnly(text)
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const account = existing(id, sources)
    const changed: AccountRecord = {
      ...plain(account),
      serviceControl: serviceControl ?? account.serviceControl,
      resourceControl: resourceControl ?? account.resourceControl,
    }
    const answer = {
      account: changed.account,
      serviceControl: changed.serviceControl,
      resourceControl: changed.resourceControl,
    }
    if (serviceControl === undefined && resourceControl === undefined) return answer
    const texts = [...(serviceControl ?? []), ...(resourceControl ?? [])].flat()
    const now = sources.clock.now()
    const kept = [
      ...[...new Set(texts)].map((text) => textKept(text, now)),
      ...textsSuperseded(textsIn.account(account), textsIn.account(changed), now),
    ]
    if (await store('SetAccountPolicies', changed, account, answer, sources, kept)) return answer
  }
  throw unsettled()
}

async function revoke(
  { id, role, user }: AccountArguments,
  sources: AccountSources,
): Promise<{ readonly account: AccountId; readonly of: string; readonly issuedBefore: string }> {
  if (role !== undefined && user !== undefined) throw new ControlError('name a role or a user, not both')
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const account = existing(id, sources)
    // Of the machine, as the times in tokens are.
    const now = sources.clock.machineNow()
    const answer = (of: string) => ({ account: account.account, of, issuedBefore: new Date(now).toISOString() })
    if (role === undefined && user === undefined) {
      const changed = { ...plain(account), rootSessionsValidFrom: now }
      if (await store('RevokeSessions', changed, account, { of: 'root' }, sources)) return answer('root')
      continue
    }
    const kind = role === undefined ? 'user' : 'role'
    const name = role ?? user ?? ''
    const found = sources.reader.iamByName(account.account, kind, name)
    if (found === undefined) {
      throw new ControlError(`account ${account.account} has no ${kind} named ${name}`, exitCode.notFound)
    }
    const { rev, ...entity } = found
    const outcome = await sources.commit({
      changes: [{ kind: 'iam changed', entity: { ...entity, sessionsValidFrom: now } }],
      expectations: [expectation(account)],
      record: recordOf('RevokeSessions', account.account, { of: `${kind}/${entity.name}`, revision: rev }, sources),
    })
    if (outcome === 'committed') return answer(`${kind}/${entity.name}`)
  }
  throw unsettled()
}

async function store(
  eventName: string,
  changed: AccountRecord,
  seen: Stored<AccountRecord>,
  parameters: unknown,
  sources: AccountSources,
  more: readonly Change[] = [],
): Promise<boolean> {
  const outcome = await sources.commit({
    changes: [{ kind: 'account changed', account: changed }, ...more],
    expectations: [expectation(seen)],
    record: recordOf(eventName, changed.account, parameters, sources),
  })
  return outcome === 'committed'
}

interface NewKey {
  readonly record: AccessKeyRecord
  readonly secret: Buffer
}

function rootKey(account: AccountId, { hierarchy, random }: AccountSources, now: number): NewKey {
  const accessKeyId = newAccessKeyId(random)
  const secret = newSecret(random)
  const record: AccessKeyRecord = {
    accessKeyId,
    account,
    principal: { kind: 'root' },
    status: 'Active',
    creationDate: now,
    ...wrapSecret(hierarchy, random, { account, accessKeyId }, secret),
  }
  return { record, secret }
}

/** The one time that the secret is text: it is what the operator asked for. */
function shown({ record, secret }: NewKey) {
  const secretAccessKey = secret.toString('utf8')
  secret.fill(0)
  return { account: record.account, accessKeyId: record.accessKeyId, secretAccessKey }
}

function existing(id: string, { reader }: AccountSources): Stored<AccountRecord> {
  const account = accountId(id)
  const found = reader.account(account)
  if (found === undefined) {
    const known = reader.accounts().map((each) => each.account)
    throw new ControlError(`there is no account ${account}; there are ${known.join(', ')}`, exitCode.notFound)
  }
  return found
}

function accountId(id: string): AccountId {
  const account = parseAccountId(id)
  if (account === undefined) throw new ControlError(`an account id has twelve digits; ${JSON.stringify(id)} has not`)
  return account
}

/** Without the revision, which storage gives. */
function plain(stored: Stored<AccountRecord>): AccountRecord {
  const { account, creationDate, name, serviceControl, resourceControl, rootSessionsValidFrom } = stored
  return { account, creationDate, name, serviceControl, resourceControl, rootSessionsValidFrom }
}

const expectation = ({ account, rev }: Stored<AccountRecord>) => ({ kind: 'account', account, rev }) as const

function requirePolicy(text: string, kind: ControlPolicyKind): void {
  const { problem, document } = compilePolicy(text)
  if (problem !== undefined) throw new ControlError(`a policy can not be understood: ${problem}`)
  const idle = document === undefined ? undefined : controlPolicyProblem(document, kind)
  if (idle !== undefined) throw new ControlError(`a ${kind} policy would not do what it says: ${idle}`)
}

/** Customer-made resource control policies only deny ("Resource control policies", AWS Organizations User Guide). */
function requireDenyOnly(text: string): void {
  const { document } = compilePolicy(text)
  if (document?.statements.some(({ effect }) => effect === 'Allow') === true) {
    throw new ControlError('a resource control policy can only deny; one of its statements allows')
  }
}

function recordOf(
  eventName: string,
  account: AccountId,
  parameters: unknown,
  { clock, random, home }: AccountSources,
): string {
  return operatorEventText({
    eventName,
    region: home,
    account,
    time: secondText()(clock.now()),
    eventId: random.uuid(),
    requestParameters: JSON.stringify(parameters),
  })
}

function unsettled(): ControlError {
  return new ControlError('the account is being changed by others all the time; try again', exitCode.busy)
}
