import type { RequestId } from '#base/brand.ts'
import type { JsonText } from '#aws/operation.ts'

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
  readonly body: Buffer
  /** The parameters of the Query protocol, once they were read: see `formOf`. */
  form?: URLSearchParams | undefined
  readonly sourceIp: string
  /** The record's `sourceIPAddress` and `userAgent` (cloudtrail/record.ts `clientText`), kept per connection. */
  readonly client: JsonText
  /** The record's `tlsDetails`, or undefined on plain HTTP. */
  readonly tlsDetails: JsonText | undefined
}

/** The parameters of a Query request, parsed when they are first asked for: never before its signature was verified. */
export function formOf(request: IncomingRequest): URLSearchParams {
  request.form ??= new URLSearchParams(request.method === 'GET' ? request.query : request.body.toString('utf8'))
  return request.form
}

/** What goes back, except what every answer carries (request id, date, cache headers). */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  /** The code of a failure, for the metrics; undefined for a success. */
  readonly errorCode: string | undefined
  /** The body holds plaintext: it is overwritten once it was handed to the socket. */
  readonly sensitive: boolean
}
