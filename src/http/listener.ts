/**
 * The HTTP side of one worker: reads raw bodies under a limit, routes by headers, and writes answers. Requests of the SDKs'
 * form take a short way of our own; all others go through bare node:http(s) rather than a framework: there is one route, its
 * body must stay raw bytes, and each microsecond here is paid by every request (docs/adr/0007).
 */
import type { Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { refusal, type Refusal } from '#aws/errors.ts'
import { jsonRefusal } from '#gateway/render.ts'
import type { Answer, IncomingRequest, PrivateEndpoint } from '#gateway/request.ts'
import type { BoundService } from '#gateway/bound-service.ts'
import type { Random } from '#ports/edge.ts'
import type { SecurityLog } from '#ports/audit.ts'
import type { TlsMaterial } from '#ports/tls.ts'
import { serveDirectly, type DirectConnections } from './direct-connections.ts'
import { dispatcher } from './dispatch.ts'
import { bodyLimit, collect, endGently, statusOf } from './exchange.ts'
import { breakOff, peerTable, type Peer } from './peer.ts'
import { createServer } from './node-http.ts'
import { answerPlain, type PlainOptions } from './plain.ts'
import { StreamedReply, type Reply } from './reply.ts'
import { RawRequest } from './request.ts'
import type { RequestHead } from './request-head.ts'
import { routeOf, type Route } from './routes.ts'
import { telling } from './telling-headers.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

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

/** A server with its HTTP, which listens when it is told to. */
export interface Listener {
  readonly server: Server | TlsServer
  /** Ends the connections on which no request is under way. */
  readonly closeIdle: () => void
}

/** The request line, and the headers as they came. */
type Request = Pick<IncomingRequest, 'method' | 'path' | 'query' | 'rawHeaders' | 'isPrintable'>

/** A request whose body is still to come. */
interface Begun {
  readonly serve: (body: Buffer) => void
  /** The body is not taken. */
  readonly overLimit: () => void
}

export function createListener(options: ListenerOptions): Listener {
  const { services, random } = options
  const dispatch = dispatcher(services)
  const peers = peerTable(options.trustedProxies)

  /** A request to its answer, however it came and whichever way the answer leaves. */
  function begin(
    { method, path, query, rawHeaders, isPrintable }: Request,
    route: Route,
    peer: Peer,
    reply: Reply,
  ): Begun {
    const started = performance.now()
    const receivedMs = Date.now()
    const requestId = random.requestId(receivedMs)
    // Of this request: behind a proxy the next one on the connection may be somebody else's.
    const { ip: sourceIp, client } = peer
    let body: Buffer | undefined
    let answered = false
    // Nothing may escape from here: it would end the worker, and with it the server.
    const fail = (error: unknown): void => {
      reply.socket.destroy()
      options.failed(requestId, error)
    }
    const respond = (operation: string, answer: Answer): void => {
      try {
        if (answered) throw new Error(`${operation} was answered twice`)
        answered = true
        // What a refused request holds was perhaps never read, and so not overwritten by its reader.
        if (answer.errorCode !== undefined) body?.fill(0)
        options.answered(operation, answer.errorCode, performance.now() - started)
        if (answer.dropped === true) reply.socket.destroy()
        reply.send(requestId, answer, options.draining(), Date.now())
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
    const serve = (received: Buffer): void => {
      body = received
      const incoming: IncomingRequest = {
        requestId,
        receivedMs,
        method,
        path,
        query,
        rawHeaders,
        isPrintable,
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
    return { serve, overLimit: () => turnAway(tooLarge) }
  }

  /** From node:http. */
  function onRequest(request: RawRequest, response: ServerResponse): void {
    const method = request.method ?? ''
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const query = mark < 0 ? '' : url.slice(mark + 1)
    const { rawHeaders } = request
    const headers = telling(rawHeaders)
    const route = routeOf(method, path, query, headers)
    if (route.kind === 'health' || route.kind === 'metrics') {
      request.resume()
      if (options.draining()) response.shouldKeepAlive = false
      answerPlain(route, response, options)
      return
    }
    const peer = peers.of(request.socket, headers.userAgent, headers.forwardedFor)
    const reply = new StreamedReply(response, peer, options.workerHeader)
    const begun = begin({ method, path, query, rawHeaders, isPrintable: false }, route, peer, reply)
    const overLimit = (): void => {
      reply.hurry()
      begun.overLimit()
    }
    if (headers.contentLength !== undefined && Number(headers.contentLength) > bodyLimit) overLimit()
    else collect(request, begun.serve, overLimit)
  }

  /** From a connection that node:http has nothing to do with. */
  function onDirect({ rawHeaders }: RequestHead, body: Buffer, reply: Reply): void {
    const headers = telling(rawHeaders)
    const route = routeOf('POST', '/', '', headers)
    const peer = peers.of(reply.socket, headers.userAgent, headers.forwardedFor)
    begin({ method: 'POST', path: '/', query: '', rawHeaders, isPrintable: true }, route, peer, reply).serve(body)
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
  const direct: DirectConnections = serveDirectly(server, {
    serve: onDirect,
    workerHeader: options.workerHeader,
    firstRequestMs: headersTimeoutMs,
    bodyMs: requestTimeoutMs,
    keepAliveMs,
  })
  return {
    server,
    closeIdle: () => {
      server.closeIdleConnections()
      direct.closeIdle()
    },
  }
}
