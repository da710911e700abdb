/**
 * What every IAM operation is built from: the shared declaration, bound to the ports of this service, with what is the same
 * for all of them filled in.
 */
import { defineChange, defineRead, type AuditRule, type Context, type Operation, type Targets } from '#aws/operation.ts'
import type { ErrorCode, Refusal } from '#aws/errors.ts'
import type { Fields, PublicNames, Value } from '#aws/shape.ts'
import type { AccountId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import type { Random } from '#ports/edge.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { GroupRecord, IamRecord, RoleRecord, UserRecord } from '#records/iam.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { iamTextsSuperseded } from '#records/policy-texts.ts'

/** Wraps the secret of a new access key for storing it. `secret` stays the caller's to overwrite. */
export type SealSecret = (
  owner: Pick<AccessKeyRecord, 'account' | 'accessKeyId'>,
  secret: Buffer,
) => Pick<AccessKeyRecord, 'epoch' | 'wrappedSecret'>

/** The policies of users, groups and roles, loaded as they are for deciding on requests. */
export interface PolicySource {
  /** Those of a user and its groups, of a role, or of a group alone. */
  identity(entity: UserRecord | GroupRecord | RoleRecord): MaybeAsync<readonly AttachedPolicy[]>
  /** The managed policy that `arn` names for `account`; one that is missing denies everything. */
  managed(account: AccountId, arn: string): MaybeAsync<AttachedPolicy>
}

export interface IamPorts {
  readonly storage: StorageReader
  readonly random: Random
  readonly principals: PrincipalDirectory
  readonly policies: PolicySource
  readonly sealSecret: SealSecret
}

/**
 * AWS does not publish the request rates of IAM. One bucket for all of it, requests per second per account and region: enough
 * for tools that read a whole account, too little to wear out the storage with changes.
 */
export const quotas = { iam: 200 } as const

export type IamOperation = Operation<IamPorts, Expectation, Change>
export type IamTargets<In> = Targets<IamPorts, Expectation, In>

interface Declaration<I extends Fields, O extends Fields, T extends IamTargets<Value<I>>, E extends ErrorCode> {
  readonly name: string
  readonly input: I
  readonly output: O
  readonly targets: T
  /** Rules between members, after the shapes were validated. */
  readonly check?: (input: Value<I>) => Refusal | undefined
  /** Members that are refused by name. */
  readonly refuses?: readonly (keyof I & string)[]
  /** Condition keys supplied beyond the global ones. */
  readonly conditions?: readonly string[]
  readonly errors: readonly E[]
  /** The members of the answer that the audit record shows; default: none. What was sent is shown as a whole. */
  readonly recorded?: readonly PublicNames<O>[]
}

interface Read<
  I extends Fields,
  O extends Fields,
  T extends IamTargets<Value<I>>,
  E extends ErrorCode,
> extends Declaration<I, O, T, E> {
  handle(context: Context<IamPorts, T, E>, input: Value<I>): MaybeAsync<Value<O>>
}

interface Changed<O extends Fields> {
  readonly output: Value<O>
  readonly changes: readonly Change[]
}

interface ChangeDeclaration<
  I extends Fields,
  O extends Fields,
  T extends IamTargets<Value<I>>,
  E extends ErrorCode,
> extends Declaration<I, O, T, E> {
  /** Changes are made with `changesIn` (entity/target.ts), so that the account's row gets a new revision. */
  handle(context: Context<IamPorts, T, E>, input: Value<I>): MaybeAsync<Changed<O>>
}

/** Declares an operation that reads or computes. */
export function readOperation<
  I extends Fields,
  O extends Fields,
  const T extends IamTargets<Value<I>>,
  const E extends ErrorCode,
>(declared: Read<I, O, T, E>): IamOperation {
  return defineRead<IamPorts, Expectation, I, O, T, E>({
    ...declared,
    ...filledIn,
    effect: 'read',
    conditions: declared.conditions ?? [],
    audit: auditRule(declared, true),
    handle: (context, input) => declared.handle(context, input),
  })
}

/** Declares an operation that stores something. */
export function changeOperation<
  I extends Fields,
  O extends Fields,
  const T extends IamTargets<Value<I>>,
  const E extends ErrorCode,
>(declared: ChangeDeclaration<I, O, T, E>): IamOperation {
  return defineChange<IamPorts, Expectation, Change, I, O, T, E>({
    ...declared,
    ...filledIn,
    effect: 'change',
    conditions: declared.conditions ?? [],
    audit: auditRule(declared, false),
    handle: (context, input) =>
      after(declared.handle(context, input), ({ output, changes }) => ({
        output,
        changes: [...changes, ...iamTextsSuperseded(recordsIn(context.targets), changes, context.facts.now)],
      })),
  })
}

/** The entities among the targets, as they were read. */
function recordsIn(targets: Readonly<Record<string, unknown>>): readonly IamRecord[] {
  return Object.values(targets)
    .filter(hasRecord)
    .map(({ record }) => record)
}

// Targets that act on an entity have it as `record` (entity/target.ts): their types are known to their operation alone.
function hasRecord(target: unknown): target is { readonly record: IamRecord } {
  return typeof target === 'object' && target !== null && 'record' in target && target.record !== undefined
}

const filledIn = { grantable: [], dryRun: false, quota: 'iam' } as const

function auditRule<I extends Fields, O extends Fields, T extends IamTargets<Value<I>>, E extends ErrorCode>(
  { input, recorded = [] }: Declaration<I, O, T, E>,
  readOnly: boolean,
): AuditRule<I, O, T> {
  const isPublic = (name: string): name is PublicNames<I> => input[name]?.sensitive !== true
  return { readOnly, request: Object.keys(input).filter(isPublic), response: recorded }
}
