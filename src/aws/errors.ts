/**
 * The catalogue of errors that clients see. A row says what AWS answers: HTTP status, whose fault, whether SDKs retry.
 * Every client error of KMS is HTTP 400, whatever the model's traits say; server faults are 5xx.
 *
 * The codes are the shape names of AWS JSON services; `queryCode` is the other name (and status) the Query services (STS,
 * IAM) use for the same thing.
 */
interface CatalogueRow {
  readonly status: number
  readonly fault: 'client' | 'server'
  readonly queryCode?: string
  readonly queryStatus?: number
  /** The code in a CloudTrail record where it is not the shape name. */
  readonly auditCode?: string
}

const client: CatalogueRow = { status: 400, fault: 'client' }
/** A client error that only Query services answer, under the wire name `queryCode`. */
const query = (queryCode: string, status = 400): CatalogueRow => ({ status, fault: 'client', queryCode })

/** Every code that a client can be answered, with its row. */
export const errorCatalogue = {
  // Modeled errors of KMS.
  AlreadyExistsException: client,
  ConflictException: client,
  DependencyTimeoutException: { status: 503, fault: 'server' },
  DisabledException: client,
  DryRunOperationException: client,
  ExpiredImportTokenException: client,
  IncorrectKeyException: client,
  IncorrectKeyMaterialException: client,
  InvalidAliasNameException: client,
  InvalidArnException: client,
  InvalidCiphertextException: client,
  InvalidGrantIdException: client,
  InvalidGrantTokenException: client,
  InvalidImportTokenException: client,
  InvalidKeyUsageException: client,
  InvalidMarkerException: client,
  KMSInternalException: { status: 500, fault: 'server' },
  KMSInvalidMacException: client,
  KMSInvalidSignatureException: client,
  KMSInvalidStateException: client,
  KeyUnavailableException: { status: 500, fault: 'server' },
  LimitExceededException: { ...client, queryCode: 'LimitExceeded', queryStatus: 409 },
  MalformedPolicyDocumentException: { ...client, queryCode: 'MalformedPolicyDocument' },
  NotFoundException: client,
  TagException: client,
  UnsupportedOperationException: client,
  // Modeled errors of IAM.
  ConcurrentModificationException: query('ConcurrentModification', 409),
  DeleteConflictException: query('DeleteConflict', 409),
  EntityAlreadyExistsException: query('EntityAlreadyExists', 409),
  EntityTemporarilyUnmodifiableException: query('EntityTemporarilyUnmodifiable', 409),
  InvalidInputException: query('InvalidInput'),
  NameConflictException: query('NameConflict', 409),
  NoSuchEntityException: query('NoSuchEntity', 404),
  OpenIdIdpCommunicationErrorException: query('OpenIdIdpCommunicationError'),
  PasswordPolicyViolationException: query('PasswordPolicyViolation'),
  PolicyEvaluationException: { status: 500, fault: 'server', queryCode: 'PolicyEvaluation' },
  PolicyNotAttachableException: query('PolicyNotAttachable'),
  ServiceFailureException: { status: 500, fault: 'server', queryCode: 'ServiceFailure' },
  UnmodifiableEntityException: query('UnmodifiableEntity'),
  // Modeled errors of STS.
  /** Of a web identity token. STS's own name for it on the wire is that of the shape, unlike expired credentials'. */
  ExpiredIdentityTokenException: { ...query('ExpiredTokenException'), auditCode: 'ExpiredTokenException' },
  IDPCommunicationErrorException: query('IDPCommunicationError'),
  IDPRejectedClaimException: query('IDPRejectedClaim', 403),
  InvalidIdentityTokenException: query('InvalidIdentityToken'),
  /** In no model: of session tags. */
  InvalidParameterValueException: query('InvalidParameterValue'),
  PackedPolicyTooLargeException: query('PackedPolicyTooLarge'),
  RegionDisabledException: query('RegionDisabledException', 403),
  // Not in any model: what the front of every AWS JSON service answers.
  AccessDeniedException: { ...client, queryCode: 'AccessDenied', queryStatus: 403, auditCode: 'AccessDenied' },
  ExpiredTokenException: { ...client, queryCode: 'ExpiredToken', queryStatus: 403 },
  IncompleteSignatureException: { ...client, queryCode: 'IncompleteSignature', queryStatus: 400 },
  InternalFailure: { status: 500, fault: 'server', queryCode: 'InternalFailure' },
  InvalidAction: client,
  InvalidSignatureException: { ...client, queryCode: 'SignatureDoesNotMatch', queryStatus: 403 },
  MissingAction: client,
  MissingAuthenticationTokenException: { ...client, queryCode: 'MissingAuthenticationToken', queryStatus: 403 },
  NotAuthorizedException: client,
  RequestEntityTooLargeException: { status: 413, fault: 'client' },
  SerializationException: { ...client, queryCode: 'MalformedQueryString', queryStatus: 404 },
  ServiceUnavailable: { status: 503, fault: 'server' },
  ThrottlingException: { ...client, queryCode: 'Throttling' },
  UnknownOperationException: client,
  UnrecognizedClientException: { ...client, queryCode: 'InvalidClientTokenId', queryStatus: 403 },
  ValidationException: { ...client, queryCode: 'ValidationError' },
} as const satisfies Record<string, CatalogueRow>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue

/** The row of `code`. */
export function errorRow(code: ErrorCode): CatalogueRow {
  return errorCatalogue[code]
}

/**
 * A verdict against a request: what the client is told. Pure code returns it; it is thrown only by `fail` in operation
 * handlers. `message` undefined means that AWS's answer has no message member at all.
 */
export interface Refusal {
  readonly refused: true
  readonly code: ErrorCode
  readonly message: string | undefined
  /** AWS spells the member `Message` in access denials. */
  readonly capitalMessage?: true
}

/** A refusal; without `message` the answer has no message member. */
export function refusal(code: ErrorCode, message?: string): Refusal {
  return { refused: true, code, message }
}

/** Tells a refusal from a resource or value. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value && value.refused === true
}

/** Carries a refusal out of a handler. Its `cause` is logged, never sent. */
export class RefusalError extends Error {
  readonly refusal: Refusal
  constructor(refused: Refusal, cause?: unknown) {
    super(refused.message ?? refused.code, cause === undefined ? undefined : { cause })
    this.name = 'RefusalError'
    this.refusal = refused
  }
}
