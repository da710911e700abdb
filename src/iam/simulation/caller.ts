/** Who is simulated to call. Beyond AWS, which takes users alone, roles and their sessions: they are who uses keys. */
import type { RequestFacts } from '#aws/operation.ts'
import { parseArn, rootArn } from '#base/arn.ts'
import { parseAccountId, type AccountId } from '#base/brand.ts'
import type { Subject } from '#policy/subject.ts'
import type { RoleRecord, UserRecord } from '#records/iam.ts'
import { entityArn } from '../entity/target.ts'
import type { IamPorts } from '../operation.ts'
import { invalidInput } from './request.ts'
import { foldCase } from '#policy/fold.ts'

export interface SimulatedCaller {
  readonly kind: Extract<Subject['kind'], 'user' | 'role session'>
  readonly account: AccountId
  readonly names: Subject['names']
  /** The condition keys that describe it, by lower-cased name. */
  readonly keys: ReadonlyMap<string, string>
}

// A session needs a name, which no policy can expect.
const sessionName = 'simulation'

/** `entity` itself, or a session of the role. */
export function callerOf(entity: UserRecord | RoleRecord, facts: RequestFacts, session = sessionName): SimulatedCaller {
  const { account, id } = entity
  const isUser = entity.kind === 'user'
  const userId = isUser ? id : `${id}:${session}`
  const keys = new Map<string, string>()
  for (const { TagKey, TagValue } of entity.tags) keys.set(`aws:principaltag/${foldCase(TagKey)}`, TagValue)
  for (const [key, value] of globalKeys(account, entityArn(entity, facts), isUser)) keys.set(key, value)
  keys.set('aws:userid', userId)
  if (isUser) keys.set('aws:username', entity.name)
  return {
    kind: isUser ? 'user' : 'role session',
    account,
    names: { direct: [userId], entity: isUser ? [] : [id], account: accountNames(facts, account) },
    keys,
  }
}

/** Nobody in particular, of the caller's account: the policies alone are simulated. */
export function anonymous(facts: RequestFacts): SimulatedCaller {
  const { account } = facts
  return { kind: 'user', account, names: { direct: [], entity: [], account: [] }, keys: new Map() }
}

/** Whom `arn` names: a user or role of this account as it is, anybody else by the name alone. */
export async function callerNamed(arn: string, facts: RequestFacts, ports: IamPorts): Promise<SimulatedCaller> {
  const { account: digits = '', resource = '' } = parseArn(arn) ?? {}
  const account = parseAccountId(digits)
  const isUser = resource.startsWith('user/')
  if (account === undefined || !(isUser || /^(?:assumed-)?role\//.test(resource))) {
    throw invalidInput(`${arn} is not the ARN of a user or role.`)
  }
  const [stored = arn, session] = splitSession(await ports.principals.storedName(arn))
  if (account === facts.account) {
    const entity = isUser ? await ports.storage.iamById('user', stored) : await ports.storage.iamById('role', stored)
    if (entity !== undefined) return callerOf(entity, facts, session)
  }
  const isUnknownSession = session === undefined && resource.startsWith('assumed-role/')
  const alone = isUser || isUnknownSession
  return {
    kind: isUser ? 'user' : 'role session',
    account,
    names: {
      direct: [alone ? stored : `${stored}:${session ?? sessionName}`],
      entity: alone ? [] : [stored],
      account: accountNames(facts, account),
    },
    keys: globalKeys(account, arn, isUser),
  }
}

/** A stored name of a role session is `<role id>:<session name>`; others are not cut. */
function splitSession(stored: string | undefined): readonly [string | undefined, string | undefined] {
  const parts = /^(AROA[A-Z0-9]{17}):(.+)$/.exec(stored ?? '')
  return parts === null ? [stored, undefined] : [parts[1], parts[2]]
}

function globalKeys(account: AccountId, arn: string, isUser: boolean): ReadonlyMap<string, string> {
  return new Map([
    ['aws:principalarn', arn],
    ['aws:principalaccount', account],
    ['aws:principaltype', isUser ? 'User' : 'AssumedRole'],
    ['aws:principalisawsservice', 'false'],
  ])
}

function accountNames({ region }: RequestFacts, account: AccountId): readonly string[] {
  return [rootArn(region, account), account]
}
