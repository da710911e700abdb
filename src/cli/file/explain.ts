import { errorCode } from './error-code.ts'
import { FileError } from './errors.ts'

/** A failure as one line for people and one word for programs. */
export interface Explanation {
  readonly code: string
  readonly message: string
}

/** What `error` means for the person at the terminal, and what to do about it. Never empty, never more than one line. */
export function explain(error: unknown): Explanation {
  if (error instanceof FileError) return { code: error.code, message: error.message }
  if (!(error instanceof Error)) return { code: 'error', message: oneLine(String(error)) }
  return fromKms(error) ?? fromNetwork(error) ?? fromFiles(error) ?? { code: 'error', message: oneLine(error.message) }
}

/** Like `explain`, for an error of a request to KMS. */
export function explainKms(error: unknown): Explanation {
  const { code, message } = explain(error)
  if (code !== 'error') return { code, message }
  return {
    code: 'kms',
    message: `asking KMS failed (${message.slice(0, 120)}): check --endpoint-url or AWS_ENDPOINT_URL_KMS`,
  }
}

/**
 * Like `explain`, for a decryption: an error that comes neither from KMS nor from the system is then the Encryption SDK's,
 * which has some hundred texts for a message that is not what it was.
 */
export function explainDecryption(error: unknown): Explanation {
  const { code, message } = explain(error)
  if (code !== 'error') return { code, message }
  return {
    code: 'damaged',
    message: `the encrypted file is damaged or was changed (${message.slice(0, 120)}): restore it from a good copy`,
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ').trim()
  return line === '' ? 'an error without a text' : line
}

const kmsAdvice: Readonly<Record<string, string>> = {
  NotFoundException: 'check --key-id, --region and --endpoint-url',
  AccessDeniedException: 'the credentials lack a permission on this key, or belong to another account',
  DisabledException: 'enable the key first',
  KMSInvalidStateException: 'the key is disabled, pending deletion or without key material',
  KeyUnavailableException: 'the key is not available now: try again later',
  InvalidKeyUsageException: 'the key must be a symmetric encryption key',
  UnsupportedOperationException: 'the key must be a symmetric encryption key',
  IncorrectKeyException: 'the file was encrypted under another key',
  InvalidCiphertextException:
    'the encrypted file is damaged or was changed, or it was encrypted under another key: restore it from a good copy',
  InvalidSignatureException: 'check the secret access key',
  SignatureDoesNotMatch: 'check the secret access key',
  UnrecognizedClientException: 'check the access key id and that it belongs to this endpoint',
  InvalidClientTokenId: 'check the access key id and that it belongs to this endpoint',
  ExpiredTokenException: 'get new temporary credentials',
  ThrottlingException: 'too many requests: try again later',
  LimitExceededException: 'too many requests: try again later',
}

function fromKms(error: Error): Explanation | undefined {
  if (error.name === 'CredentialsProviderError')
    return {
      code: 'no-credentials',
      message: `no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${oneLine(error.message)})`,
    }
  if (error.message === 'Region is missing')
    return { code: 'no-region', message: 'no region: pass --region, set AWS_REGION, or use a key ARN' }
  // Answers of the service carry the status; the rest never reached it.
  if (!('$metadata' in error) || !('$fault' in error)) return undefined
  const advice = kmsAdvice[error.name]
  const said = oneLine(error.message)
  return {
    code: error.name,
    message: `KMS refused: ${error.name}: ${said}${advice === undefined ? '' : `; ${advice}`}`,
  }
}

const unreachable = new Set(
  [
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EPIPE',
    'EPROTO',
  ].concat('ERR_SSL_WRONG_VERSION_NUMBER'),
)
const untrusted = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

function fromNetwork(error: Error): Explanation | undefined {
  // "localhost" has two addresses: Node then reports one error with both inside, and an empty message.
  const inner = error instanceof AggregateError ? (error.errors.find((one) => one instanceof Error) ?? error) : error
  const code = errorCode(error) ?? errorCode(inner)
  const said = oneLine(inner.message)
  if (error.name === 'TimeoutError' || (code !== undefined && unreachable.has(code)))
    return {
      code: 'unreachable',
      message: `cannot reach KMS (${said}): check --endpoint-url or AWS_ENDPOINT_URL_KMS, and that the server runs`,
    }
  if (code !== undefined && untrusted.has(code))
    return {
      code: 'untrusted',
      message: `the certificate of the KMS endpoint is not trusted (${said}): name its CA certificate in AWS_CA_BUNDLE or ca_bundle`,
    }
  return undefined
}

const fileAdvice: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'there is a directory of that name: choose another --output',
  EACCES: 'permission denied: check who may read the file and write to the directory of the output',
  EPERM: 'operation not permitted: check who may read the file and write to the directory of the output',
  EROFS: 'the file system is read-only: choose another --output',
  ENOSPC: 'the disk is full: free some space or choose another --output',
  EDQUOT: 'the disk quota is used up: free some space or choose another --output',
  EFBIG: 'too large for this file system',
  EIO: 'the disk reported an error',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name of the output is too long: choose another --output',
}

function fromFiles(error: Error): Explanation | undefined {
  const code = errorCode(error)
  const advice = code === undefined ? undefined : fileAdvice[code]
  if (code === undefined || advice === undefined) return undefined
  const path = 'path' in error && typeof error.path === 'string' && error.path !== '' ? ` (${error.path})` : ''
  return { code, message: `${advice}${path}` }
}
