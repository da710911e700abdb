/**
 * What IAM's operations act on. Only the policies of the caller decide about them, and only in its own account. A resource
 * that does not exist is authorized like one that does, so that only who may ask learns of it: `existing` refuses it then.
 *
 * Every resource brings the account's row, which a change expects as it was seen and which gets a new revision with it: so no
 * two changes of one account's identities interleave.
 */
import { refusal, RefusalError, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target } from '#aws/operation.ts'
import { iamArn, partitionOf, rootArn } from '#base/arn.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { ContextValue } from '#policy/context.ts'
import type { IamOf } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { IamKind, IamRecord, UserRecord } from '#records/iam.ts'
import type { AccountRecord } from '#records/identity.ts'
import type { Stored } from '#records/key.ts'
import type { IamPorts } from '../operation.ts'
import { conditionValue, type ConditionInput, type ConditionResource } from './conditions.ts'

/** e.g. `iam:GetUser` */
export type IamAction = `iam:${string}`

export interface AccountResource {
  readonly account: Stored<AccountRecord>
  readonly arn: string
}

/** An entity by name, which need not exist. */
export interface EntityResource<R extends IamRecord> extends AccountResource {
  readonly kind: IamKind
  /** As the request spells it. */
  readonly name: string
  readonly record: Stored<R> | undefined
}

export interface RootResource extends AccountResource {
  readonly kind: 'root'
}

type IamTarget<I, R> = Target<IamPorts, I, R, Expectation>

/** A target whose resource `resolve` finds. */
export function iamTarget<I, R extends AccountResource>(
  action: IamAction,
  resolve: (input: I, facts: RequestFacts, ports: IamPorts) => MaybeAsync<R | Refusal>,
  condition: (key: string, resource: R, input: I) => ContextValue = () => undefined,
): IamTarget<I, R> {
  return {
    action,
    crossAccount: false,
    resolve,
    describe: ({ arn, account }) => ({ arn, account: account.account, policy: undefined, awsManaged: false }),
    condition,
    admit: () => undefined,
    seen: ({ account: { account, rev } }) => ({ kind: 'account', account, rev }),
    // CloudTrail's records of IAM name no resources.
    audited: () => undefined,
  }
}

/** The caller's account as a whole. */
export function accountWide(action: IamAction): IamTarget<unknown, AccountResource> {
  return iamTarget(action, async (_input, facts, ports) => ({ account: await callersAccount(facts, ports), arn: '*' }))
}

/** What stands below a path: of ListUsers that is `arn:aws:iam::111122223333:user/`, or with the path in PathPrefix. */
export function below(
  kind: string,
  action: IamAction,
): IamTarget<{ readonly PathPrefix?: string | undefined }, AccountResource> {
  return iamTarget(action, async ({ PathPrefix = '/' }: { readonly PathPrefix?: string | undefined }, facts, ports) => {
    const account = await callersAccount(facts, ports)
    return { account, arn: iamArn(partitionOf(facts.region), account.account, kind, PathPrefix, '') }
  })
}

/** A kind of entity that has policies. */
export type PrincipalKind = 'user' | 'group' | 'role'

/** The entity of `kind` whose name `nameOf` reads from the request. */
export function entityTarget<K extends PrincipalKind, I extends ConditionInput>(
  kind: K,
  action: IamAction,
  nameOf: (input: I) => string,
): IamTarget<I, EntityResource<IamOf<K>>> {
  return iamTarget(
    action,
    (input: I, facts, ports) => entityNamed(kind, nameOf(input), facts, ports),
    (key, { record }, input) => conditionValue(key, conditionsOf(record), input),
  )
}

/** The entity that the request makes: its ARN is the one that it is to have. `record` is one that has the name already. */
export function newEntityTarget<
  K extends PrincipalKind,
  I extends ConditionInput & { readonly Path?: string | undefined },
>(kind: K, action: IamAction, nameOf: (input: I) => string): IamTarget<I, EntityResource<IamOf<K>>> {
  return iamTarget(
    action,
    async (input: I, facts, ports) => {
      const name = nameOf(input)
      const account = await callersAccount(facts, ports)
      const record = await ports.storage.iamByName(account.account, kind, name)
      const arn = iamArn(partitionOf(facts.region), account.account, kind, input.Path ?? '/', name)
      return { account, kind, name, arn, record }
    },
    (key, _resource, input) => conditionValue(key, conditionsOf(undefined), input),
  )
}

/** The user that UserName names; without one the caller, who may be the root user. */
export function userOrCaller(
  action: IamAction,
): IamTarget<{ readonly UserName?: string | undefined }, EntityResource<UserRecord> | RootResource> {
  return iamTarget(
    action,
    async ({ UserName }: { readonly UserName?: string | undefined }, facts, ports) => {
      if (UserName !== undefined) return entityNamed('user', UserName, facts, ports)
      const account = await callersAccount(facts, ports)
      const { kind } = facts.caller.subject
      if (kind === 'root') return { kind, account, arn: rootArn(facts.region, account.account) }
      const record = kind === 'user' ? await ports.storage.iamById('user', facts.callerUserId) : undefined
      if (record?.account !== account.account) {
        return refusal('ValidationException', 'Must specify userName when calling with non-User credentials')
      }
      return { account, kind: 'user', name: record.name, arn: entityArn(record, facts), record }
    },
    (key, resource) => (resource.kind === 'root' ? undefined : conditionValue(key, conditionsOf(resource.record), {})),
  )
}

/** The record of `resource`. Throws the refusal NoSuchEntity when there is none: operations declare it. */
export function existing<R extends IamRecord>({ kind, name, record }: EntityResource<R>): Stored<R> {
  if (record === undefined) throw new RefusalError(noSuchEntity(`The ${kind} with name ${name} cannot be found.`))
  return record
}

/** The entity of `kind` with this name in the caller's account, existing or not. */
export async function entityNamed<K extends PrincipalKind>(
  kind: K,
  name: string,
  facts: RequestFacts,
  ports: IamPorts,
): Promise<EntityResource<IamOf<K>>> {
  const account = await callersAccount(facts, ports)
  const record = await ports.storage.iamByName(account.account, kind, name)
  const arn =
    record === undefined
      ? iamArn(partitionOf(facts.region), account.account, kind, '/', name)
      : entityArn(record, facts)
  return { account, kind, name, arn, record }
}

/**
 * `changes` in the account of `resource`, which get its row a new revision: with changes of entities storage does so by
 * itself, beside others (access keys) the row is written here, unchanged.
 */
export function changesIn({ account }: AccountResource, ...changes: readonly Change[]): readonly Change[] {
  const touched = changes.some(({ kind }) => kind === 'iam added' || kind === 'iam changed' || kind === 'iam removed')
  return touched ? changes : [...changes, { kind: 'account changed', account }]
}

/** The ARN of an entity. */
export function entityArn(entity: IamRecord, { region }: Pick<RequestFacts, 'region'>): string {
  const path = entity.kind === 'oidc-provider' ? '/' : entity.path
  return iamArn(partitionOf(region), entity.account, entity.kind, path, entity.name)
}

/** The account's own row. Throws when it is missing, which storage never lets happen. */
export async function callersAccount({ account }: RequestFacts, { storage }: IamPorts): Promise<Stored<AccountRecord>> {
  const found = await storage.account(account)
  if (found === undefined) throw new Error(`account ${account} of the caller is not stored`)
  return found
}

/** Every entity of `kind` in an account, by name. */
export async function everyEntity<K extends IamKind>(
  kind: K,
  { account }: Pick<AccountRecord, 'account'>,
  { storage }: IamPorts,
): Promise<readonly Stored<IamOf<K>>[]> {
  const pageSize = 1000
  const all: Stored<IamOf<K>>[] = []
  for (;;) {
    const page = await storage.iamList(account, kind, all.at(-1)?.name.toLowerCase(), pageSize)
    all.push(...page)
    if (page.length < pageSize) return all
  }
}

export function noSuchEntity(message: string): Refusal {
  return refusal('NoSuchEntityException', message)
}

/** What conditions may ask about `record`. */
export function conditionsOf(record: IamRecord | undefined): ConditionResource {
  if (record === undefined) return { tags: [], boundary: undefined }
  switch (record.kind) {
    case 'user':
    case 'role':
      return record
    case 'group':
      return { tags: [], boundary: undefined }
    case 'policy':
    case 'oidc-provider':
      return { tags: record.tags, boundary: undefined }
    default:
      return exhaustive(record)
  }
}
