/**
 * The HTTP side of one worker: reads raw bodies under a limit, routes by headers, and writes answers. Bare node:http(s)
 * rather than a framework: there is one route, its body must stay raw bytes, and each microsecond here is paid by every
 * request (docs/adr/0007).
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { refusal, type Refusal } from '#aws/errors.ts'
import { jsonRefusal } from '#gateway/render.ts'
import type { Answer, IncomingRequest, PrivateEndpoint } from '#gateway/request.ts'
import type { BoundService } from '#gateway/bound-service.ts'
import type { Random } from '#ports/edge.ts'
import type { SecurityLog } from '#ports/audit.ts'
import { dispatcher } from './dispatch.ts'
import { bodyLimit, collect, endGently, sizeOf, statusOf, writeBody, writeBodyEarly, writeHead } from './exchange.ts'
import { begin, breakOff, peerTable, settle } from './peer.ts'
import { answerPlain, type PlainOptions } from './plain.ts'
import { RawRequest } from './request.ts'
import { routeOf } from './routes.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import type { TlsMaterial } from '#ports/tls.ts'

export interface ListenerOptions extends PlainOptions {
  readonly services: readonly BoundService[]
  readonly random: Random
  readonly securityLog: SecurityLog
  readonly tls: TlsMaterial | undefined
  /** The private endpoint that this listener is; undefined for the main one. */
  readonly endpoint: PrivateEndpoint | undefined
  readonly trustedProxies: TrustedProxies | undefined
  /** Which worker this is, told in every answer as `x-trent-worker`; undefined: nobody is told. */
  readonly workerHeader: string | undefined
  /** Whether the server is about to end: then each connection ends with its next answer. */
  draining(): boolean
  /** Counts an answer: the operation (or a fixed word where there is none), its error code, and how long it took. */
  answered(operation: string, errorCode: string | undefined, milliseconds: number): void
  /** Reports a defect of ours; the client's connection was closed for it. */
  failed(requestId: string, error: unknown): void
}

// Longer than the SDKs keep idle connections, so that no client meets a reset on a reused socket.
const keepAliveMs = 75_000
const headersTimeoutMs = 20_000
// From the first byte of a request to its last: a slow body holds a socket, not a worker.
const requestTimeoutMs = 30_000
const maxHeaderBytes = 32 * 1024
// A worker serves hundreds of clients with their pools of some fifty connections. Beyond that, somebody is using up memory
// and file descriptors, which the databases need as well.
const maxConnections = 10_000

const tooLarge = refusal('RequestEntityTooLargeException', 'The request body is larger than 512 KiB.')

export function createListener(options: ListenerOptions): Server | TlsServer {
  const { services, random } = options
  const dispatch = dispatcher(services)
  const peers = peerTable(options.trustedProxies)

  function onRequest(request: RawRequest, response: ServerResponse): void {
    const started = performance.now()
    const method = request.method ?? ''
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const query = mark < 0 ? '' : url.slice(mark + 1)
    const { rawHeaders } = request
    let target: string | undefined
    let contentType: string | undefined
    let contentLength: string | undefined
    let userAgent: string | undefined
    let forwardedFor: string | undefined
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      // Only the lengths of the four names are looked at closer: most headers cost one comparison.
      const name = rawHeaders[index] ?? ''
      if (name.length === 12) {
        const lower = name.toLowerCase()
        if (lower === 'x-amz-target') target = rawHeaders[index + 1]
        else if (lower === 'content-type') contentType = rawHeaders[index + 1]
      } else if (name.length === 14) {
        if (name.toLowerCase() === 'content-length') contentLength = rawHeaders[index + 1]
      } else if (name.length === 10 && name.toLowerCase() === 'user-agent') {
        // The first, as conditions on aws:UserAgent see it.
        userAgent ??= rawHeaders[index + 1]
      } else if (name.length === 15 && name.toLowerCase() === 'x-forwarded-for') {
        // Repeated headers are one list (RFC 9110 section 5.3).
        const value = rawHeaders[index + 1]
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor},${value ?? ''}`
      }
    }
    const route = routeOf(method, path, query, { target, contentType })
    if (route.kind === 'health' || route.kind === 'metrics') {
      request.resume()
      if (options.draining()) response.shouldKeepAlive = false
      answerPlain(route, response, options)
      return
    }
    const receivedMs = Date.now()
    const requestId = random.requestId(receivedMs)
    const { socket } = request
    const peer = peers.of(socket, userAgent, forwardedFor)
    // Of this request: behind a proxy the next one on the connection may be somebody else's.
    const { ip: sourceIp, client } = peer
    begin(peer, response)
    let body: Buffer | undefined
    let oversized = false
    let answered = false
    // Nothing may escape from here: it would end the worker, and with it the server.
    const fail = (error: unknown): void => {
      socket.destroy()
      options.failed(requestId, error)
    }
    const respond = (operation: string, answer: Answer): void => {
      try {
        if (answered) throw new Error(`${operation} was answered twice`)
        answered = true
        // What a refused request holds was perhaps never read, and so not overwritten by its reader.
        if (answer.errorCode !== undefined) body?.fill(0)
        options.answered(operation, answer.errorCode, performance.now() - started)
        settle(peer, response, socket, oversized || options.draining())
        if (answer.dropped === true) socket.destroy()
        if (response.destroyed || socket.destroyed) {
          if (answer.sensitive) answer.body.fill(0)
          return
        }
        const size = sizeOf(answer.body)
        writeHead(response, requestId, answer, size, options.workerHeader)
        if (oversized) writeBodyEarly(request, response, answer.body)
        else writeBody(response, socket, answer, size)
      } catch (error) {
        if (answer.sensitive) answer.body.fill(0)
        fail(error)
      }
    }
    const turnAway = (refused: Refusal): void => {
      options.securityLog.refused({
        requestId,
        sourceIp,
        code: refused.code,
        service: undefined,
        operation: undefined,
        accessKeyId: undefined,
      })
      respond('none', jsonRefusal(refused))
    }
    const overLimit = (): void => {
      oversized = true
      turnAway(tooLarge)
    }
    if (contentLength !== undefined && Number(contentLength) > bodyLimit) {
      overLimit()
      return
    }
    const serve = (received: Buffer): void => {
      body = received
      const incoming: IncomingRequest = {
        requestId,
        receivedMs,
        method,
        path,
        query,
        rawHeaders,
        body,
        form: undefined,
        sourceIp,
        endpoint: options.endpoint,
        client,
        tlsDetails: peer.tlsDetails,
      }
      try {
        dispatch(route, incoming, respond, turnAway)
      } catch (error) {
        fail(error)
      }
    }
    collect(request, serve, overLimit)
  }

  const limits = {
    IncomingMessage: RawRequest,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  }
  const server =
    options.tls === undefined
      ? createServer(limits, onRequest)
      : createTlsServer({ ...limits, ...options.tls.options }, onRequest)
  server.maxHeadersCount = 200
  server.maxConnections = maxConnections
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const peer = peers.known(socket)
    if (peer?.broken === true && socket.writable) return
    options.securityLog.refused({
      requestId: random.requestId(Date.now()),
      sourceIp: socket.remoteAddress ?? 'unknown',
      code: error.code ?? 'clientError',
      service: undefined,
      operation: undefined,
      accessKeyId: undefined,
    })
    if (!socket.writable) socket.destroy()
    else if (!breakOff(peer, socket)) {
      endGently(socket, `HTTP/1.1 ${statusOf(error)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    }
  })
  return server
}
