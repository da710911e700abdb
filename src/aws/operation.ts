/**
 * An operation, declared once: shapes, targets, conditions, grant, dry run, quota, effect, audit and errors in one object,
 * and one handler. Nothing about an operation stands anywhere else, and most omissions do not compile.
 *
 * `P` are the ports of the service that the operation belongs to (a key store, a storage reader); the gateway passes them
 * through without looking.
 */
import type { AccountId, Region, RequestId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import type { Grant } from '#policy/grant.ts'
import type { Caller } from '#policy/principal.ts'
import type { Decision, GrantUse, Question } from '#policy/question.ts'
import type { ErrorCode, Refusal } from './errors.ts'
import type { Fields, PublicNames, Value } from './shape.ts'

/** Who asks, where and when: known once the request is authenticated. */
export interface RequestFacts {
  readonly requestId: RequestId
  readonly region: Region
  /** The caller's account: in this account, unless a target says otherwise, resources are looked up. */
  readonly account: AccountId
  readonly callerArn: string
  /** What STS calls UserId. */
  readonly callerUserId: string
  readonly caller: Caller
  /**
   * The service of this process that calls for the caller (a forward access session), as `kms:ViaService` names it, e.g.
   * `s3.us-east-1.amazonaws.com`. Undefined for requests from outside, whatever they say.
   */
  readonly viaService: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

/** JSON text, as it goes into an audit record. */
export type JsonText = string

/** Which condition keys (lower case) the policies that decide ask for. */
export type WantedKeys = Pick<ReadonlySet<string>, 'has'>

/** What authorization needs to know of a resource. */
export interface ResourceFacts {
  /** The ARN that policies and denial messages name; `*` for operations without a resource. */
  readonly arn: string
  readonly account: AccountId
  /**
   * The resource's own policy, which decides together with the caller's account: of KMS keys and roles. Undefined: the
   * policies of the caller alone decide (aliases, ListKeys), the root user may.
   */
  readonly policy: CompiledPolicy | undefined
  /** An AWS managed key: resource control policies have no say. */
  readonly awsManaged: boolean
  /** What `policy` is. Default: a key policy. */
  readonly policyLayer?: 'key policy' | 'trust policy'
}

/**
 * A resource that an operation acts on: where its id comes from, which action it needs, and how it is found, described to
 * authorization, and judged by its own state. A *target kind* (kms/key/target.ts) makes these; the gateway only calls them.
 */
export interface Target<P, in I, R, Row> {
  /** e.g. `kms:Encrypt` */
  readonly action: string
  /** May a caller of another account be allowed? */
  readonly crossAccount: boolean
  /** Whether this request acts on it at all, e.g. `kms:TagResource` only when CreateKey has tags. Default: yes. */
  applies?(input: I, facts: RequestFacts): boolean
  /** Finds the resource. It may not be told apart yet whether the caller may know of it. */
  resolve(input: I, facts: RequestFacts, ports: P): MaybeAsync<R | Refusal>
  describe(resource: R, facts: RequestFacts): ResourceFacts
  /** Condition keys that come with this kind of resource, beyond those that the operation declares. */
  readonly conditions?: readonly string[]
  /**
   * The value of a condition key (lower case) that this operation supplies, or undefined. Asked only when a policy asks. The
   * global keys are the gateway's.
   */
  condition?(key: string, resource: R, input: I, facts: RequestFacts): ContextValue
  /** What is needed to answer for one of `keys` (lower case) and is not in memory; it becomes the resource that counts. */
  withConditions?(keys: WantedKeys, resource: R, ports: P): MaybeAsync<R>
  /** How grants see the request; undefined: no grant can allow it. */
  grantUse?(resource: R, input: I): GrantUse | undefined
  /** The grants on the resource whose grantee is `name` (policy/subject.ts). */
  grants?(resource: R, name: string, ports: P): MaybeAsync<readonly Grant[]>
  /** The rare operation that decides by rules of its own (RetireGrant): a pure function in place of the evaluator's. */
  authorize?(question: Question, resource: R, input: I): Decision
  /** What the caller is told when authorization denies and the standard message would tell too much. */
  denial?(resource: R, input: I): Refusal | undefined
  /** The resource's own say, after authorization: its state, its usage. */
  admit(resource: R, operation: string): Refusal | undefined
  /** The row that a change must still find as it was. */
  seen?(resource: R): Row | undefined
  /** The entry of the record's `resources`: an ARN and the account that owns it. */
  audited(resource: R): AuditedResource | undefined
  /** Whether a success of the operation is a use of the resource, by which it is told whether it is still needed. */
  readonly countsAsUse?: boolean
}

/** An entry of an audit record's `resources`. */
export interface AuditedResource {
  readonly arn: string
  /** Who owns it. */
  readonly account: AccountId
  /** e.g. `AWS::KMS::Key`, which CloudTrail also writes for aliases. */
  readonly type: string
}

/** Targets of an operation with input `In`: each may read less of it, none anything else (parameters are contravariant). */
export type Targets<P, Row, In> = Readonly<Record<string, Target<P, In, unknown, Row>>>

/** The resolved resources by the names under which the operation declared its targets. */
export type Resolved<T> = {
  readonly [K in keyof T]: T[K] extends { describe(resource: infer R, facts: RequestFacts): ResourceFacts } ? R : never
}

/** What a handler is given beside its input. */
export interface Context<P, T, E extends string> {
  readonly facts: RequestFacts
  readonly targets: Resolved<T>
  readonly ports: P
  /** Ends the operation with one of its declared errors, or with one of those that every operation may answer. */
  readonly fail: (code: E | 'ValidationException' | 'UnsupportedOperationException', message?: string) => never
}

/** Who calls an operation that nobody signs, as the operation found from what was sent. */
export interface Identified {
  readonly caller: Caller
  /** The `userIdentity` element of the record. */
  readonly userIdentity: JsonText
}

type PublicValue<F extends Fields> = Pick<Value<F>, PublicNames<F> & keyof Value<F>>

/** What of the request and response an audit record shows. Naming a sensitive or unknown member doesn't compile. */
export interface AuditRule<I extends Fields, O extends Fields, T> {
  /** CloudTrail's `readOnly`; cryptographic operations count as reading. */
  readonly readOnly: boolean
  /** The members shown as `requestParameters`; none: null. */
  readonly request: readonly PublicNames<I>[]
  /** Values shown although not (or otherwise) sent: defaults, the resolved key's ARN. Keys are wire names. */
  readonly requestExtra?: (input: PublicValue<I>, targets: Partial<Resolved<T>>) => Readonly<Record<string, unknown>>
  /** The members shown as `responseElements`; none: null. */
  readonly response: readonly PublicNames<O>[]
  /** The entry of `resources` for what the operation has made: CreateKey's targets can't know it. */
  readonly created?: (targets: Resolved<T>, output: PublicValue<O>) => AuditedResource
  /** `responseElements` of operations that answer nothing: since December 2022 AWS logs the key's ARN. */
  readonly responseExtra?: (targets: Resolved<T>) => Readonly<Record<string, unknown>>
  /** `additionalEventData` of a success. */
  readonly additional?: (targets: Resolved<T>, output: PublicValue<O>) => Readonly<Record<string, unknown>>
}

/** What every operation says of itself, whatever its effect. */
export interface Declaration<
  P,
  Row,
  I extends Fields,
  O extends Fields,
  T extends Targets<P, Row, Value<I>>,
  E extends ErrorCode,
> {
  readonly name: string
  readonly input: I
  /** `empty` answers HTTP 200 without any body. */
  readonly output: O
  readonly targets: T
  /** Says that everybody may: only then may an operation have no targets (GetCallerIdentity). */
  readonly permission?: 'none'
  /**
   * Operations that arrive without a signature (AssumeRoleWithWebIdentity) find out here who calls. Whom they name is then
   * authorized, metered and recorded like any other caller; a refusal leaves the caller unknown. `region` is one of those
   * served, since nothing was scoped.
   */
  readonly identify?: (input: Value<I>, region: Region, ports: P) => MaybeAsync<Identified | Refusal>
  /** Members that a later version supports: a request that sends one is refused by name, never served without it. */
  readonly refuses?: readonly (keyof I & string)[]
  /** Rules between members that AWS checks by hand; runs after the shapes were validated. */
  readonly check?: (input: Value<I>) => Refusal | undefined
  /** Condition keys supplied beyond the global ones. */
  readonly conditions: readonly string[]
  /** The grant operations it corresponds to: one per key, so ReEncrypt has two. Empty: no grant allows it. */
  readonly grantable: readonly string[]
  /** With `DryRun: true` the handler runs, nothing is stored or shown, and DryRunOperationException is the answer. */
  readonly dryRun: boolean
  /** The request quota's name (kms/quota.ts). */
  readonly quota: string
  /** Of requests that count elsewhere than in `quota`, or not always there: the quota's name. */
  readonly quotaFor?: (input: Value<I>, targets: Resolved<T>) => string
  /** The closed list of modeled errors it may answer. */
  readonly errors: readonly E[]
  readonly audit: AuditRule<I, O, T>
}

/** Reads or computes; stores nothing. */
export interface ReadOperation<
  P,
  Row,
  I extends Fields,
  O extends Fields,
  T extends Targets<P, Row, Value<I>>,
  E extends ErrorCode,
> extends Declaration<P, Row, I, O, T, E> {
  readonly effect: 'read'
  handle(context: Context<P, T, E>, input: Value<I>): MaybeAsync<Value<O>>
}

/** Returns what is to be stored; the gateway stores it together with the audit record. */
export interface ChangeOperation<
  P,
  Row,
  Change,
  I extends Fields,
  O extends Fields,
  T extends Targets<P, Row, Value<I>>,
  E extends ErrorCode,
> extends Declaration<P, Row, I, O, T, E> {
  readonly effect: 'change'
  handle(
    context: Context<P, T, E>,
    input: Value<I>,
  ): MaybeAsync<{
    readonly output: Value<O>
    readonly changes: readonly Change[]
    /** Rows beside those of its targets that it has read and that must be as they were. */
    readonly expectations?: readonly Row[]
  }>
}

/** Members of a request or response by wire name, once their types are known only to the operation itself. */
export type Members = Readonly<Record<string, unknown>>

/** A handler's context, its types erased. */
export interface ErasedContext<P> {
  readonly facts: RequestFacts
  readonly targets: Members
  readonly ports: P
  fail(code: ErrorCode, message?: string): never
}

/** A target whose resource and input are known only to itself, and which row it has seen does not matter. */
export type ErasedTarget<P> = Target<P, Members, unknown, unknown>

/** A target by the name under which its operation declared it. */
export interface NamedTarget<P, Row> extends Target<P, Members, unknown, Row> {
  readonly name: string
}

interface ErasedAudit {
  readonly readOnly: boolean
  readonly request: readonly string[]
  readonly response: readonly string[]
  requestExtra(input: Members, targets: Members): Members | undefined
  created(targets: Members, output: Members): AuditedResource | undefined
  responseExtra(targets: Members): Members | undefined
  additional(targets: Members, output: Members): Members | undefined
}

/**
 * A declared operation as the gateway runs it: the types of its members are erased, since a registry holds operations of
 * different types. `defineRead` and `defineChange` are the only places that make one, so a handler only ever sees input
 * that its own shapes have validated and targets that its own declaration has resolved.
 */
export interface Operation<P, Row, Change> {
  readonly name: string
  readonly effect: 'read' | 'change'
  readonly input: Fields
  readonly output: Fields
  /** In the order of their declaration, which is the order in which they are resolved and authorized. */
  readonly targets: readonly NamedTarget<P, Row>[]
  readonly permission: 'none' | 'by targets'
  /** Undefined for all operations that are signed. */
  readonly identify: ((input: Members, region: Region, ports: P) => MaybeAsync<Identified | Refusal>) | undefined
  readonly refuses: readonly string[]
  readonly conditions: readonly string[]
  readonly grantable: readonly string[]
  readonly dryRun: boolean
  readonly quota: string
  readonly quotaFor: ((input: Members, targets: Members) => string) | undefined
  readonly errors: readonly ErrorCode[]
  readonly audit: ErasedAudit
  check(input: Members): Refusal | undefined
  handle(
    context: ErasedContext<P>,
    input: Members,
  ): MaybeAsync<{
    readonly output: Members
    readonly changes: readonly Change[]
    readonly expectations?: readonly Row[]
  }>
}

/** Takes back the type that erasure hid. Sound only where declaration and value belong together, which is here. */
function asDeclared<V>(erased: unknown): V {
  return erased as V
}

function erase<P, Row, I extends Fields, O extends Fields, T extends Targets<P, Row, Value<I>>, E extends ErrorCode>(
  declared: Declaration<P, Row, I, O, T, E>,
): Omit<Operation<P, Row, never>, 'effect' | 'handle'> {
  const { check, identify, quotaFor } = declared
  const { requestExtra, created, responseExtra, additional } = declared.audit
  return {
    name: declared.name,
    input: declared.input,
    output: declared.output,
    targets: Object.entries(declared.targets).map(([name, target]) => ({
      ...asDeclared<Target<P, Members, unknown, Row>>(target),
      name,
    })),
    permission: declared.permission ?? 'by targets',
    identify: identify === undefined ? undefined : (input, region, ports) => identify(asDeclared(input), region, ports),
    refuses: declared.refuses ?? [],
    conditions: declared.conditions,
    grantable: declared.grantable,
    dryRun: declared.dryRun,
    quota: declared.quota,
    quotaFor: quotaFor === undefined ? undefined : (input, targets) => quotaFor(asDeclared(input), asDeclared(targets)),
    errors: declared.errors,
    check: (input) => check?.(asDeclared(input)),
    audit: {
      readOnly: declared.audit.readOnly,
      request: declared.audit.request,
      response: declared.audit.response,
      requestExtra: (input, targets) => requestExtra?.(asDeclared(input), asDeclared(targets)),
      created: (targets, output) => created?.(asDeclared(targets), asDeclared(output)),
      responseExtra: (targets) => responseExtra?.(asDeclared(targets)),
      additional: (targets, output) => additional?.(asDeclared(targets), asDeclared(output)),
    },
  }
}

/** Declares an operation that reads or computes. */
export function defineRead<
  P,
  Row,
  I extends Fields,
  O extends Fields,
  const T extends Targets<P, Row, Value<I>>,
  const E extends ErrorCode,
>(declared: ReadOperation<P, Row, I, O, T, E>): Operation<P, Row, never> {
  return {
    ...erase(declared),
    effect: 'read',
    handle: (context, input) => {
      const output = declared.handle(asDeclared(context), asDeclared(input))
      return output instanceof Promise
        ? output.then((value) => ({ output: value, changes: [] }))
        : { output, changes: [] }
    },
  }
}

/** Declares an operation that stores something. */
export function defineChange<
  P,
  Row,
  Change,
  I extends Fields,
  O extends Fields,
  const T extends Targets<P, Row, Value<I>>,
  const E extends ErrorCode,
>(declared: ChangeOperation<P, Row, Change, I, O, T, E>): Operation<P, Row, Change> {
  return {
    ...erase(declared),
    effect: 'change',
    handle: (context, input) => declared.handle(asDeclared(context), asDeclared(input)),
  }
}

/** A service: the name in the credential scope, how it speaks, and its operations by name. */
export interface Service<P, Row, Change> {
  /** The signing name, e.g. `kms`. */
  readonly name: string
  /** `eventSource` of its audit records, e.g. `kms.amazonaws.com`. */
  readonly eventSource: string
  /** What it answers when something failed that is not the client's fault. */
  readonly internalError: 'KMSInternalException' | 'InternalFailure'
  readonly protocol:
    | {
        readonly kind: 'aws-json'
        /** e.g. `TrentService` in `X-Amz-Target: TrentService.Encrypt` */ readonly targetPrefix: string
      }
    | { readonly kind: 'aws-query'; readonly version: string; readonly namespace: string }
  /**
   * Whom the service turns away whatever policies say: holders of credentials that some services don't serve. Default:
   * nobody.
   */
  readonly refuses?: (caller: Caller, operation: string) => Refusal | undefined
  /** Regions beside the configured ones in which a signature may be scoped (STS and IAM also take us-east-1). */
  readonly alsoScopedTo: readonly Region[]
  readonly operations: Readonly<Record<string, Operation<P, Row, Change>>>
}
