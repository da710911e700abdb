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
  /** Management: any state but pending deletion. */
  | 'not pending deletion'
  | 'pending deletion'
  | 'any'

/** Undefined when an operation with `rule` may run on a key in `state`. */
export function refuseByState(rule: StateRule, state: KeyState, arn: KeyArn): Refusal | undefined {
  switch (rule) {
    case 'any':
      return undefined
    case 'pending deletion':
      return state.kind === 'PendingDeletion'
        ? undefined
        : refusal('KMSInvalidStateException', `${arn} is not pending deletion.`)
    case 'enabled':
      if (state.kind === 'Disabled') return refusal('DisabledException', `${arn} is disabled.`)
      return refusePending(state, arn)
    case 'not pending deletion':
      return refusePending(state, arn)
    default:
      return exhaustive(rule)
  }
}

function refusePending(state: KeyState, arn: KeyArn): Refusal | undefined {
  return state.kind === 'PendingDeletion'
    ? refusal('KMSInvalidStateException', `${arn} is pending deletion.`)
    : undefined
}
