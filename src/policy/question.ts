/** What is asked of the evaluator, and what it answers. */
import type { AccountId } from '#base/brand.ts'
import type { CompiledPolicy } from './compile.ts'
import type { RequestContext } from './context.ts'
import type { Grant } from './grant.ts'
import type { AttachedPolicy, Subject } from './subject.ts'

/** The layers of a decision ("Policy evaluation logic", IAM User Guide; "Key policies in AWS KMS"). */
export type Layer =
  | 'key policy'
  | 'trust policy'
  | 'identity policy'
  | 'permissions boundary'
  | 'session policy'
  | 'service control policy'
  | 'resource control policy'
  | 'endpoint policy'

export interface QuestionResource {
  /** As policies name it; `*` for operations without a resource. */
  readonly arn: string
  readonly account: AccountId
  /**
   * The resource's own policy: a key policy or a role's trust policy, which are not implicitly joined by the account's
   * policies. Undefined for resources that have none: there the policies of the caller alone decide, in its own account.
   */
  readonly policy: CompiledPolicy | undefined
  /** What `policy` is. */
  readonly policyLayer: 'key policy' | 'trust policy'
  /** Resource control policies of the account that owns the resource, by level. They have no say on AWS managed keys. */
  readonly resourceControl: readonly (readonly AttachedPolicy[])[]
  readonly awsManaged: boolean
}

export interface Question {
  readonly subject: Subject
  /** e.g. `kms:Encrypt` */
  readonly action: string
  readonly resource: QuestionResource
  /** May a caller of another account be allowed at all? */
  readonly crossAccount: boolean
  readonly context: RequestContext
  /** The policy of the private endpoint that the request came through. */
  readonly endpoint: AttachedPolicy | undefined
  /**
   * The grants that name the caller as grantee, at any level, on the key. They are looked at only when no policy allows;
   * undefined: not loaded yet, and a decision that they could change says so (`grantsWanted`).
   */
  readonly grants: readonly Grant[] | undefined
  /** What a grant has to allow: the grant operation of the request, and the facts that its constraints speak about. */
  readonly grantUse: GrantUse | undefined
}

/** A request as grants see it. */
export interface GrantUse {
  /** e.g. `Decrypt`, `ReEncryptFrom` */
  readonly operation: string
  /** The encryption context of the request; undefined where the operation has none. */
  readonly encryptionContext: ReadonlyMap<string, string> | undefined
  /** The grant that CreateGrant is to make. */
  readonly child: Pick<Grant, 'operations' | 'constraints'> | undefined
}

/** One statement of one policy. */
export interface StatementRef {
  readonly layer: Layer
  readonly policy: CompiledPolicy
  /** The name of an attached policy; undefined for the resource's own. */
  readonly policyName: string | undefined
  /** Counted from zero. */
  readonly index: number
  readonly sid: string | undefined
}

export type Decision =
  | {
      readonly allowed: true
      readonly by: 'root user' | 'key policy' | 'trust policy' | 'identity policy' | 'grant'
      /** The statement of the resource's policy, where it has a say. */
      readonly resourceStatement: StatementRef | undefined
      /** The statement of the caller's own policies, where they were needed. */
      readonly identityStatement: StatementRef | undefined
      readonly grant: Grant | undefined
    }
  | {
      readonly allowed: false
      /** `local only`: the operation never crosses accounts. `error`: deciding failed, which is always a denial. */
      readonly because: 'explicit deny' | 'missing allow' | 'local only' | 'error'
      /** The layer that denied, or that had no Allow. */
      readonly layer: Layer
      /** The denying statement of an explicit deny. */
      readonly statement: StatementRef | undefined
      /** A grant, had it been loaded, could have allowed: load them and ask again. */
      readonly grantsWanted: boolean
      /** What went wrong where `because` is `error`: for the log, never for the caller. */
      readonly error?: unknown
    }
