/**
 * The HTTP side of one worker: reads raw bodies under a limit, routes by headers, and writes answers. Bare node:http(s)
 * rather than a framework: there is one route, its body must stay raw bytes, and each microsecond here is paid by every
 * request (docs/adr/0007).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { refusal, type Refusal } from '#aws/errors.ts'
import { jsonRefusal } from '#gateway/render.ts'
import type { Answer } from '#gateway/request.ts'
import type { BoundService } from '#gateway/bound-service.ts'
import type { Random } from '#ports/edge.ts'
import type { SecurityLog } from '#ports/audit.ts'
import { dispatcher } from './dispatch.ts'
import { bodyLimit, collect, statusOf, write } from './exchange.ts'
import { peerTable } from './peer.ts'
import { routeOf, type Route } from './routes.ts'
import type { TlsMaterial } from '#ports/tls.ts'

export interface ListenerOptions {
  readonly services: readonly BoundService[]
  readonly random: Random
  readonly securityLog: SecurityLog
  readonly tls: TlsMaterial | undefined
  /** Whether `GET /metrics` answers here. */
  readonly metrics: boolean
  /** Which worker this is, told in every answer as `x-trent-worker`; undefined: nobody is told. */
  readonly workerHeader: string | undefined
  /** The Prometheus text of all workers. */
  renderMetrics(): Promise<string>
  /** Why the server can't serve now, or undefined when it can. */
  notReady(): string | undefined
  /** Counts an answer: the operation (or a fixed word where there is none), its error code, and how long it took. */
  answered(operation: string, errorCode: string | undefined, milliseconds: number): void
}

// Longer than the SDKs keep idle connections, so that no client meets a reset on a reused socket.
const keepAliveMs = 75_000
const headersTimeoutMs = 20_000
// From the first byte of a request to its last: a slow body holds a socket, not a worker.
const requestTimeoutMs = 30_000
const maxHeaderBytes = 32 * 1024

const tooLarge = refusal('RequestEntityTooLargeException', 'The request body is larger than 1 MiB.')

export function createListener(options: ListenerOptions): Server | TlsServer {
  const { services, random } = options
  const dispatch = dispatcher(services)
  const peerOf = peerTable()

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
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
        userAgent = rawHeaders[index + 1]
      }
    }
    const route = routeOf(method, path, query, { target, contentType })
    if (route.kind === 'health' || route.kind === 'metrics') {
      request.resume()
      answerPlain(route, response)
      return
    }
    const receivedMs = Date.now()
    const requestId = random.requestId(receivedMs)
    const peer = peerOf(request.socket, userAgent)
    const respond = (operation: string, answer: Answer): void => {
      options.answered(operation, answer.errorCode, performance.now() - started)
      write(response, requestId, answer, options.workerHeader)
    }
    const turnAway = (refused: Refusal): void => {
      options.securityLog.refused({
        requestId,
        sourceIp: peer.ip,
        code: refused.code,
        service: undefined,
        operation: undefined,
        accessKeyId: undefined,
      })
      respond('none', jsonRefusal(refused))
    }
    const overLimit = (): void => {
      response.shouldKeepAlive = false
      request.resume()
      turnAway(tooLarge)
    }
    if (contentLength !== undefined && Number(contentLength) > bodyLimit) {
      overLimit()
      return
    }
    const serve = (body: Buffer): void => {
      dispatch(
        route,
        {
          requestId,
          receivedMs,
          method,
          path,
          query,
          rawHeaders,
          body,
          sourceIp: peer.ip,
          client: peer.client,
          tlsDetails: peer.tlsDetails,
        },
        respond,
        turnAway,
      )
    }
    collect(request, serve, overLimit)
  }

  function answerPlain(route: Extract<Route, { kind: 'health' | 'metrics' }>, response: ServerResponse): void {
    const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
      response.end(body)
    }
    if (route.kind === 'health') {
      const reason = route.check === 'ready' ? options.notReady() : undefined
      if (reason === undefined) text(200, 'ok\n')
      else text(503, `${reason}\n`)
      return
    }
    if (!options.metrics) {
      text(404, 'metrics are served on --metrics-listen\n')
      return
    }
    options.renderMetrics().then(
      (metrics) => text(200, metrics, 'text/plain; version=0.0.4; charset=utf-8'),
      () => text(500, 'metrics are not available\n'),
    )
  }

  const limits = {
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
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    options.securityLog.refused({
      requestId: random.requestId(Date.now()),
      sourceIp: socket.remoteAddress ?? 'unknown',
      code: error.code ?? 'clientError',
      service: undefined,
      operation: undefined,
      accessKeyId: undefined,
    })
    if (socket.writable) socket.end(`HTTP/1.1 ${statusOf(error)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    else socket.destroy()
  })
  return server
}
