/** Messages of Sign and Verify: which kind of message an algorithm takes, and how long it may be. */
import { messageFault } from '#crypto/algorithms.ts'
import type { SigningInput } from '#crypto/signing.ts'

/** Ends a request whose signature the key store can neither make nor verify, for the runtime that it works with can't. */
export function refuseUnservedMessage(
  { algorithm, messageType }: SigningInput,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): never {
  const what = `${algorithm} over messages of type ${messageType}`
  return fail('UnsupportedOperationException', `${what} is not supported by the runtime of this Trent.`)
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
