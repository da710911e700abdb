/** The gateway's own refusals, and which of an operation's may pass. */
import { dryRunMessage } from '#aws/dry-run.ts'
import { refusal, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { Members, Operation } from '#aws/operation.ts'
import type { Change, Expectation } from '#records/change.ts'

/** What every operation may answer beside the errors it declares. */
const universal: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'AccessDeniedException',
  'NotAuthorizedException',
  'ThrottlingException',
  'UnsupportedOperationException',
  'ValidationException',
])

export const throttled = refusal(
  'ThrottlingException',
  'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
)
export const dryRunSucceeded = refusal('DryRunOperationException', dryRunMessage)

/** What is recorded, and never sent, of a request whose connection an injected fault dropped. */
export const droppedBefore = refusal(
  'ServiceUnavailable',
  'An injected fault dropped the connection before the operation took effect.',
)

/** A refusal as this operation may answer it; one that it does not declare is a defect of ours. */
export function declared<P>(operation: Operation<P, Expectation, Change>, refused: Refusal): Refusal {
  if (universal.has(refused.code) || operation.errors.includes(refused.code)) return refused
  // Operations that do not know InvalidArnException answer a malformed ARN as any malformed identifier.
  if (refused.code === 'InvalidArnException') return { ...refused, code: 'NotFoundException' }
  throw new Error(`${operation.name} answered ${refused.code}, which it does not declare`)
}

/** Members of later versions: refused by name, never ignored. An empty list or `false` asks for nothing. */
export function refusedMember<P>(operation: Operation<P, Expectation, Change>, input: Members): Refusal | undefined {
  for (const name of operation.refuses) {
    const value = input[name]
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue
    return refusal('UnsupportedOperationException', `${name} is not supported by this version of Trent.`)
  }
  return undefined
}
