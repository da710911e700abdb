/**
 * Which operations work in which key state (Developer Guide, "Key states of AWS KMS keys"). An operation names the rule of
 * its row in that table; the messages are the ones AWS answers.
 */
import { refusal, type Refusal } from '#aws/errors.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { KeyArn } from '#base/brand.ts'
import type { KeyState } from '#records/key.ts'

export type StateRule =
  /** Cryptographic use: Enabled only. */
  | 'enabled'
  /** Enabling, disabling, and whatever else needs key material: not pending deletion, not pending import. */
  | 'enabled or disabled'
  /** The rotation schedule: what is never rotated by itself says so although it is pending import. */
  | 'enabled or pending import'
  /** Management: any state but pending deletion. */
  | 'not pending deletion'
  | 'pending deletion'
  | 'any'

/** Whether a key waits for its deletion, or first for that of its replicas. */
export function isPendingDeletion({ kind }: KeyState): boolean {
  return kind === 'PendingDeletion' || kind === 'PendingReplicaDeletion'
}

/** Undefined when an operation with `rule` may run on a key in `state`. */
export function refuseByState(rule: StateRule, state: KeyState, arn: KeyArn): Refusal | undefined {
  switch (rule) {
    case 'any':
      return undefined
    case 'pending deletion':
      return isPendingDeletion(state)
        ? undefined
        : refusal('KMSInvalidStateException', `${arn} is not pending deletion.`)
    case 'enabled':
      return refuseDisabled(state, arn) ?? refusePendingImport(state, arn) ?? refusePendingDeletion(state, arn)
    case 'enabled or pending import':
      return refuseDisabled(state, arn) ?? refusePendingDeletion(state, arn)
    case 'enabled or disabled':
      return refusePendingImport(state, arn) ?? refusePendingDeletion(state, arn)
    case 'not pending deletion':
      return refusePendingDeletion(state, arn)
    default:
      return exhaustive(rule)
  }
}

function refuseDisabled(state: KeyState, arn: KeyArn): Refusal | undefined {
  return state.kind === 'Disabled' ? refusal('DisabledException', `${arn} is disabled.`) : undefined
}

function refusePendingImport(state: KeyState, arn: KeyArn): Refusal | undefined {
  return state.kind === 'PendingImport' ? refusal('KMSInvalidStateException', `${arn} is pending import.`) : undefined
}

function refusePendingDeletion(state: KeyState, arn: KeyArn): Refusal | undefined {
  return isPendingDeletion(state) ? refusal('KMSInvalidStateException', `${arn} is pending deletion.`) : undefined
}
