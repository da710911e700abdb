/** Where a signature stands in a request: in the Authorization header, or in the query of a presigned one. */
import { sha256Base64 } from '#crypto/hmac.ts'
import { refusal, type Refusal } from './errors.ts'
import type { ParsedQuery } from './sigv4-canonical.ts'

/** The only algorithm that is verified. */
export const algorithm = 'AWS4-HMAC-SHA256'
const longestExpiry = 604_800

/** What the two ways to carry a signature have in common. */
export interface SignatureParts {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly presigned: { readonly expiresSeconds: number; readonly amzDate: string; readonly token?: string } | undefined
}

/** A refusal of what can't be read as a signature. */
export const incomplete = (message: string): Refusal => refusal('IncompleteSignatureException', message)

/** The end of AWS's messages about a header: a hash, since it may hold a password or a token of another scheme. */
export const quoted = (header: string): string =>
  `(Hashed with SHA-256 and encoded with Base64) Authorization=${sha256Base64(Buffer.from(header, 'latin1'))}`

/** Reads an Authorization header; `rawHeaders` only serve to name all that is missing. */
export function headerParts(header: string, rawHeaders: readonly string[]): SignatureParts | Refusal {
  if (!header.startsWith('AWS4-HMAC-SHA256 ')) {
    const scheme = /^AWS4-[A-Z0-9-]+/.exec(header)?.[0]
    if (scheme !== undefined && scheme !== algorithm) return incomplete(`Unsupported AWS 'algorithm': '${scheme}'.`)
    return incomplete(missingParameters(undefined, undefined, undefined, rawHeaders) + quoted(header))
  }
  let credential: string | undefined
  let signedHeaders: string | undefined
  let signature: string | undefined
  for (let from = algorithm.length + 1; from <= header.length;) {
    const comma = header.indexOf(',', from)
    const end = comma < 0 ? header.length : comma
    while (header.charCodeAt(from) === 0x20) from++
    const equals = header.indexOf('=', from)
    if (equals < 0 || equals > end) {
      return incomplete(
        `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${sha256Base64(Buffer.from(header, 'latin1'))}'.`,
      )
    }
    const key = header.slice(from, equals)
    const value = header.slice(equals + 1, end)
    if (key === 'Credential' && credential === undefined) credential = value
    else if (key === 'SignedHeaders' && signedHeaders === undefined) signedHeaders = value
    else if (key === 'Signature' && signature === undefined) signature = value
    else return incomplete(`Authorization header has an unknown or repeated parameter. ${quoted(header)}`)
    from = end + 1
  }
  // An empty value is as good as none.
  if (!credential || !signedHeaders || !signature) {
    return incomplete(missingParameters(credential, signature, signedHeaders, rawHeaders) + quoted(header))
  }
  return { credential, signedHeaders, signature, presigned: undefined }
}

/** AWS's sentences about what a header lacks; empty when nothing. */
export function missingParameters(
  credential: string | undefined,
  signature: string | undefined,
  signedHeaders: string | undefined,
  rawHeaders: readonly string[],
): string {
  const dated = rawHeaders.some((name, index) => index % 2 === 0 && /^(?:x-amz-)?date$/i.test(name))
  return [
    credential ? '' : "Authorization header requires 'Credential' parameter. ",
    signature ? '' : "Authorization header requires 'Signature' parameter. ",
    signedHeaders ? '' : "Authorization header requires 'SignedHeaders' parameter. ",
    dated ? '' : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
  ].join('')
}

/** Reads the X-Amz-* parameters of a presigned request. */
export function queryParts({ parameters }: ParsedQuery): SignatureParts | Refusal {
  const value = (name: string): string => parameters.get(name) ?? ''
  const missing = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Signature',
    'X-Amz-SignedHeaders',
    'X-Amz-Date',
    'X-Amz-Expires',
  ].filter((name) => value(name) === '')
  if (missing.length > 0) {
    const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'.`)
    return incomplete(`${sentences.join(' ')} Re-examine the query-string parameters.`)
  }
  if (value('X-Amz-Algorithm') !== algorithm) {
    return incomplete(`Unsupported AWS 'algorithm': '${value('X-Amz-Algorithm')}'.`)
  }
  const expires = value('X-Amz-Expires')
  const expiresSeconds = /^[0-9]{1,6}$/.test(expires) ? Number(expires) : 0
  if (expiresSeconds < 1 || expiresSeconds > longestExpiry) {
    return incomplete(`X-Amz-Expires must be a number of seconds between 1 and ${longestExpiry}.`)
  }
  const token = parameters.get('X-Amz-Security-Token')
  const amzDate = value('X-Amz-Date')
  return {
    credential: value('X-Amz-Credential'),
    signedHeaders: value('X-Amz-SignedHeaders'),
    signature: value('X-Amz-Signature'),
    presigned: token === undefined ? { expiresSeconds, amzDate } : { expiresSeconds, amzDate, token },
  }
}
