/**
 * Who asks, as policies see them: the names by which a Principal element can mean the caller, and the policies that come with
 * the caller.
 */
import type { AccountId } from '#base/brand.ts'
import type { CompiledPolicy } from './compile.ts'
import type { PrincipalNames, SubjectKind } from './names.ts'

/** A policy that comes with the caller, by the name that explanations use. */
export interface AttachedPolicy {
  /** The ARN of a managed policy; `inline policy <name> of user <name>` and the like. */
  readonly name: string
  readonly policy: CompiledPolicy
}

export interface Subject {
  readonly kind: SubjectKind
  /** Undefined for service principals. */
  readonly account: AccountId | undefined
  readonly names: PrincipalNames
  /** Inline and managed policies of the user and its groups, or of the role. */
  readonly identity: readonly AttachedPolicy[]
  readonly boundary: AttachedPolicy | undefined
  /** The policies passed when the session was made: together they are one union. Undefined: none were passed. */
  readonly session: readonly AttachedPolicy[] | undefined
  /** Service control policies of the caller's account: one list for each level, each level must allow. Empty: none. */
  readonly serviceControl: readonly (readonly AttachedPolicy[])[]
}
