/** Bodies in and answers out of one HTTP exchange. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '#gateway/request.ts'

/** Bytes of a request body, at most. The largest legitimate one is a key policy escaped in JSON, about 200 KiB. */
export const bodyLimit = 1024 * 1024
/** What is answered to bytes that are no request: RFC 9110 section 15.5 and RFC 6585 section 5. */
export function statusOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout'
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large'
  return '400 Bad Request'
}

/** Reads the body; a body over the limit ends reading at once. A request that breaks off calls neither. */
export function collect(request: IncomingMessage, serve: (body: Buffer) => void, overLimit: () => void): void {
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  let size = 0
  let over = false
  request.on('data', (chunk: Buffer) => {
    if (over) return
    size += chunk.length
    if (size > bodyLimit) {
      over = true
      overLimit()
    } else if (first === undefined) first = chunk
    else (rest ??= [first]).push(chunk)
  })
  request.on('end', () => {
    if (over) return
    serve(rest === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest, size))
  })
}

export function write(response: ServerResponse, requestId: string, answer: Answer, worker: string | undefined): void {
  const { body } = answer
  if (response.destroyed) {
    if (answer.sensitive) body.fill(0)
    return
  }
  const headers = [
    'x-amzn-RequestId',
    requestId,
    'Cache-Control',
    'no-cache, no-store, must-revalidate, private',
    'Expires',
    '0',
    'Pragma',
    'no-cache',
    'Content-Type',
    answer.contentType,
    'Content-Length',
    String(body.length),
  ]
  if (worker !== undefined) headers.push('x-trent-worker', worker)
  response.writeHead(answer.status, headers)
  if (answer.sensitive) response.end(body, () => body.fill(0))
  else response.end(body)
}
