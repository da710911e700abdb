/** Bodies in and answers out of one HTTP exchange. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Answer } from '#gateway/request.ts'

/**
 * Bytes of a request body, at most. The largest legitimate ones are an attestation document of 262,144 bytes in base64 (350
 * KB), and a key policy of 32 KiB of which each byte is escaped in JSON (about 200 KiB).
 */
export const bodyLimit = 512 * 1024
// A connection that is closed while bytes wait unread is reset, and a reset takes the answer away from a client that has
// not read it yet. So what still comes is read and dropped for a while.
const discardLimit = 4 * 1024 * 1024
const lingerMs = 2000

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
      for (const held of rest ?? [first, chunk]) held?.fill(0)
      overLimit()
    } else if (first === undefined) first = chunk
    else (rest ??= [first]).push(chunk)
  })
  request.on('end', () => {
    if (over) return
    serve(rest === undefined ? (first ?? Buffer.alloc(0)) : joined(rest))
  })
}

/** `chunks` as one buffer, the only one that holds a plaintext then, if there is one in it. */
export function joined(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat(chunks)
  for (const chunk of chunks) chunk.fill(0)
  return body
}

/** The bytes of a body. */
export function sizeOf(body: Buffer | string): number {
  return typeof body === 'string' ? Buffer.byteLength(body, 'utf8') : body.length
}

/** Sends the body of `answer`, which has `size` bytes, and overwrites a plaintext when it has left, or when the peer has. */
export function writeBody(response: ServerResponse, socket: Socket, answer: Answer, size: number): void {
  if (typeof answer.body === 'string') {
    // All of it ASCII, and then its bytes need no computing.
    response.end(answer.body, answer.body.length === size ? 'latin1' : 'utf8')
    return
  }
  const { body, sensitive } = answer
  if (sensitive) {
    const overwrite = (): void => {
      body.fill(0)
      socket.off('close', overwrite)
    }
    // Not 'finish', which never comes when the peer resets.
    response.once('close', overwrite)
    // An answer that waits for those before it does not learn of the connection's end.
    if (response.socket === null) socket.once('close', overwrite)
  }
  response.end(body)
}

/** Sends the body of an answer that does not wait for the end of the request, so that the client gets to see it. */
export function writeBodyEarly(request: IncomingMessage, response: ServerResponse, body: Buffer | string): void {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > discardLimit) request.pause()
  })
  request.resume()
  response.write(body, () => endGently(request.socket))
}

/** Ends a connection behind `last`, if anything: the sending side now, the receiving side when the peer has ended or soon. */
export function endGently(socket: Socket, last?: string): void {
  if (socket.destroyed) return
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  if (last === undefined) socket.end()
  else socket.end(last)
}
