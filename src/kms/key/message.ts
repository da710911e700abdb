/** Messages of Sign and Verify: which kind of message an algorithm takes, and how long it may be. */
import type { Refusal } from '#aws/errors.ts'
import { messageFault, type MessageType } from '#crypto/algorithms.ts'
import type { SigningInput } from '#crypto/signing.ts'
import { unserved } from './spec.ts'

/** What a later version serves: Node.js itself can't sign the mu of ML-DSA. */
export function refuseUnservedMessage({
  MessageType: type,
}: {
  readonly MessageType?: MessageType | undefined
}): Refusal | undefined {
  return type === 'EXTERNAL_MU' ? unserved('MessageType', type) : undefined
}

/** Refuses a message that the algorithm doesn't take: of that type at all, or of that length. */
export function requireMessage(
  { algorithm, messageType, message }: SigningInput,
  fail: (code: 'ValidationException', message: string) => never,
): void {
  const fault = messageFault(algorithm, messageType, message.length)
  if (fault === 'length') fail('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`)
  // Unverified wording.
  if (fault === 'type')
    fail('ValidationException', `Algorithm ${algorithm} does not support MessageType ${messageType}.`)
}
