import type { RequestId } from '#base/brand.ts'
import type { JsonText } from '#aws/operation.ts'
import { maxParameters } from '#aws/query-decode.ts'
import type { AttachedPolicy } from '#policy/subject.ts'

/** A private endpoint: a listener of its own, which conditions know as `aws:SourceVpce` and `aws:SourceVpc`. */
export interface PrivateEndpoint {
  readonly id: string
  readonly vpc: string | undefined
  /** Limits what requests through it may do. Undefined: it limits nothing. */
  readonly policy: AttachedPolicy | undefined
}

/** A request as the listener received it: raw, not yet believed. */
export interface IncomingRequest {
  readonly requestId: RequestId
  /** The machine's time in `requestId`, epoch milliseconds. */
  readonly receivedMs: number
  readonly method: string
  /** The path of the request target, undecoded. */
  readonly path: string
  /** What follows `?`, undecoded; empty without one. */
  readonly query: string
  /** Names and values alternating, as on the wire. */
  readonly rawHeaders: readonly string[]
  /** Whether all of the above is known to be printable ASCII. */
  readonly isPrintable?: boolean | undefined
  readonly body: Buffer
  /** The parameters of the Query protocol, once they were read: see `formOf`. */
  form?: URLSearchParams | undefined
  readonly sourceIp: string
  /** The private endpoint that it came through. */
  readonly endpoint: PrivateEndpoint | undefined
  /** The record's `sourceIPAddress` and `userAgent` (cloudtrail/record.ts `clientText`), kept per connection. */
  readonly client: JsonText
  /** The record's `tlsDetails`, or undefined on plain HTTP. */
  readonly tlsDetails: JsonText | undefined
}

/**
 * The parameters of a Query request, parsed when they are first asked for. What comes behind the first 4,097 is left out: its
 * reader refuses more than 4,096, and parsing a body full of them takes more than a second, whoever sent it.
 */
export function formOf(request: IncomingRequest): URLSearchParams {
  request.form ??= new URLSearchParams(
    firstParameters(request.method === 'GET' ? request.query : request.body.toString('utf8')),
  )
  return request.form
}

function firstParameters(text: string): string {
  let end = -1
  for (let count = 0; count <= maxParameters; count += 1) {
    end = text.indexOf('&', end + 1)
    if (end < 0) return text
  }
  return text.slice(0, end)
}

interface AnswerHead {
  readonly status: number
  readonly contentType: string
  /** The code of a failure, for the metrics; undefined for a success. */
  readonly errorCode: string | undefined
  /** The connection ends instead, without this answer: an injected fault of the test profile. */
  readonly dropped?: boolean
}

/**
 * What goes back, except what every answer carries (request id, date, cache headers). A sensitive body holds plaintext: it is
 * overwritten once it was handed to the socket, which only bytes can be. Others are text where they can, for text leaves in
 * one write with the head.
 */
export type Answer = AnswerHead &
  ({ readonly body: Buffer; readonly sensitive: boolean } | { readonly body: string; readonly sensitive: false })
