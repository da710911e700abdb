/** How far a request came, told by its answer. */
import { errorCode, type WireAnswer } from './wire.ts'

export const steps = ['routed', 'authenticated', 'read', 'validated', 'resolved', 'admitted', 'answered'] as const

// How many steps lie behind a request that was refused so. Where an error can come from several steps, the first counts.
const passed: Readonly<Record<string, number>> = {
  UnknownOperationException: 0,
  RequestEntityTooLargeException: 0,
  InvalidAction: 0,
  MissingAction: 0,
  MissingAuthenticationTokenException: 1,
  MissingAuthenticationToken: 1,
  IncompleteSignatureException: 1,
  IncompleteSignature: 1,
  InvalidSignatureException: 1,
  SignatureDoesNotMatch: 1,
  UnrecognizedClientException: 1,
  InvalidClientTokenId: 1,
  SerializationException: 2,
  MalformedQueryString: 2,
  ValidationException: 3,
  ValidationError: 3,
  UnsupportedOperationException: 3,
  InvalidAliasNameException: 3,
  NotFoundException: 4,
  InvalidArnException: 4,
  InvalidCiphertextException: 4,
  InvalidMarkerException: 4,
  InvalidGrantTokenException: 4,
  InvalidGrantIdException: 4,
  MalformedPolicyDocumentException: 5,
  NotAuthorizedException: 3,
  AccessDeniedException: 5,
  DisabledException: 5,
  KMSInvalidStateException: 5,
  IncorrectKeyException: 5,
  InvalidKeyUsageException: 5,
  DryRunOperationException: 6,
  AlreadyExistsException: 6,
  LimitExceededException: 6,
  TagException: 6,
  // Of IAM and STS.
  AccessDenied: 5,
  NoSuchEntity: 5,
  MalformedPolicyDocument: 5,
  PackedPolicyTooLarge: 5,
  InvalidInput: 5,
  InvalidParameterValue: 5,
  EntityAlreadyExists: 6,
  DeleteConflict: 6,
  LimitExceeded: 6,
}

/** How many of `steps` the request took. `routable`: its headers are what a client would send. */
export function stepsTaken(answer: WireAnswer, routable: boolean): number {
  const code = errorCode(answer)
  if (code === undefined) return steps.length
  // A wrong content type is refused with the same error as a body that is not JSON, before anything else.
  if (code === 'SerializationException' && !routable) return 0
  if (/^HTTP 4/.test(code)) return 0
  const count = passed[code]
  if (count === undefined) throw new Error(`an error that nobody expects: ${code}`)
  return count
}
