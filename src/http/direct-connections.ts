/**
 * The short way of a request: whole heads of the SDKs' form are read here, bodies collected, and answers written to the
 * socket, without the streams and the state that node:http keeps for each request, which cost as much as a signature and its
 * policies. A connection on which anything else comes is handed to node:http with all that was read and not yet served,
 * and stays with it.
 */
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Answer } from '#gateway/request.ts'
import { answerHead } from './answer-head.ts'
import { bodyLimit, joined, sizeOf } from './exchange.ts'
import type { Reply } from './reply.ts'
import { readRequestHead, type RequestHead } from './request-head.ts'

export interface DirectOptions {
  /** A whole request came: it is answered through `reply`, once. */
  readonly serve: (head: RequestHead, body: Buffer, reply: Reply) => void
  /** Told in every answer as `x-trent-worker`. */
  readonly workerHeader: string | undefined
  /** For the first byte on a connection. */
  readonly firstRequestMs: number
  /** For the rest of a body whose head has come. */
  readonly bodyMs: number
  /** For the next request, as clients are told. */
  readonly keepAliveMs: number
}

export interface DirectConnections {
  /** Ends those on which no request has begun. */
  readonly closeIdle: () => void
}

/** Puts itself before the HTTP of `server`. */
export function serveDirectly(server: Server | TlsServer, options: DirectOptions): DirectConnections {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  const listeners = server.listeners(event)
  const [listener] = listeners
  if (listener === undefined || listeners.length !== 1) throw new TypeError('an HTTP server has one way to connections')
  const open = new Set<DirectConnection>()
  const place: Place = {
    options,
    open,
    fault: (socket, code) => {
      server.emit('clientError', code instanceof Error ? code : Object.assign(new Error(code), { code }), socket)
    },
    handOver: (socket, bytes) => {
      Reflect.apply(listener, server, [socket])
      socket.emit('data', bytes)
    },
  }
  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => open.add(new DirectConnection(socket, place)))
  return {
    closeIdle: () => {
      for (const connection of open) connection.closeIfIdle()
    },
  }
}

interface Place {
  readonly options: DirectOptions
  readonly open: Set<DirectConnection>
  /** Tells the server what is wrong with a connection, as node:http does: an error, or the code of one. */
  readonly fault: (socket: Socket, error: Error | string) => void
  readonly handOver: (socket: Socket, bytes: Buffer) => void
}

interface Unfinished {
  readonly head: RequestHead
  /** All that came, the head included. */
  readonly chunks: Buffer[]
  /** Bytes that are still to come. */
  missing: number
  readonly timer: NodeJS.Timeout
}

// A client that takes us at our word may just send its next request when the time is over.
const keepAliveGraceMs = 1000

// Bytes leave together with their head, from memory that is used again; larger answers from their own.
const sendBufferBytes = 16 * 1024
let sendBuffer: Buffer | undefined

/** A connection with at most one request that is not answered yet. */
class DirectConnection implements Reply {
  readonly socket: Socket
  readonly #place: Place
  #state: 'idle' | 'reading' | 'answering' | 'ending' = 'idle'
  #unfinished: Unfinished | undefined
  /** What came while a request was being answered. */
  #held: Buffer | undefined
  /** The client sends nothing more. */
  #ended = false
  /** A request has come. */
  #used = false

  readonly #onData = (chunk: Buffer): void => this.#receive(chunk)
  readonly #onEnd = (): void => this.#end()
  readonly #onError = (error: Error): void => this.#fail(error)
  readonly #onTimeout = (): void => this.#timeOut()
  readonly #onClose = (): void => this.#forget()

  constructor(socket: Socket, place: Place) {
    this.socket = socket
    this.#place = place
    socket.setTimeout(place.options.firstRequestMs)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('timeout', this.#onTimeout)
    socket.on('close', this.#onClose)
  }

  closeIfIdle(): void {
    if (this.#state === 'idle') this.socket.destroy()
  }

  send(requestId: string, answer: Answer, closes: boolean, nowMs: number): void {
    const { socket } = this
    if (socket.destroyed || this.#state !== 'answering') {
      if (answer.sensitive) answer.body.fill(0)
      return
    }
    const { workerHeader, keepAliveMs } = this.#place.options
    const { body } = answer
    const size = sizeOf(body)
    const last = closes || this.#ended
    const head = answerHead(requestId, answer, size, workerHeader, nowMs, last ? undefined : keepAliveMs / 1000)
    if (typeof body !== 'string') {
      if (head.length + size > sendBufferBytes) this.#sendApart(head, body, answer.sensitive)
      else this.#sendTogether(head, body, answer.sensitive)
    } else socket.write(head + body, body.length === size ? 'latin1' : 'utf8')
    if (last) {
      this.#state = 'ending'
      socket.destroySoon()
    } else this.#goOn()
  }

  #sendTogether(head: string, body: Buffer, sensitive: boolean): void {
    const { socket } = this
    const memory = sendBuffer ?? Buffer.allocUnsafeSlow(sendBufferBytes)
    sendBuffer = undefined
    const size = head.length + body.length
    memory.write(head, 0, 'latin1')
    memory.set(body, head.length)
    if (sensitive) body.fill(0)
    const free = (): void => {
      if (sensitive) memory.fill(0, head.length, size)
      sendBuffer = memory
    }
    socket.write(memory.subarray(0, size))
    if (socket.writableLength === 0) free()
    // What the system did not take at once it takes later, and then this, which is nothing.
    else socket.write('', free)
  }

  #sendApart(head: string, body: Buffer, sensitive: boolean): void {
    const { socket } = this
    const overwrite = (): void => {
      if (sensitive) body.fill(0)
      socket.off('close', overwrite)
    }
    socket.once('close', overwrite)
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body, overwrite)
    socket.uncork()
  }

  #receive(chunk: Buffer): void {
    switch (this.#state) {
      case 'idle':
        this.#begin(chunk)
        break
      case 'reading':
        this.#readOn(chunk)
        break
      case 'answering':
        this.#held = this.#held === undefined ? chunk : joined([this.#held, chunk])
        this.socket.pause()
        break
      case 'ending':
        break
    }
  }

  #begin(bytes: Buffer): void {
    const head = readRequestHead(bytes)
    if (head === undefined || head.contentLength > bodyLimit) {
      this.#handOver(bytes)
      return
    }
    const missing = head.end + head.contentLength - bytes.length
    if (missing === 0) this.#serve(head, bytes.subarray(head.end))
    else if (missing < 0) this.#handOver(bytes)
    else {
      this.#state = 'reading'
      const timer = setTimeout(() => this.#fail('ERR_HTTP_REQUEST_TIMEOUT'), this.#place.options.bodyMs)
      this.#unfinished = { head, chunks: [bytes], missing, timer }
    }
  }

  #readOn(chunk: Buffer): void {
    const unfinished = this.#unfinished
    if (unfinished === undefined) return
    unfinished.chunks.push(chunk)
    unfinished.missing -= chunk.length
    if (unfinished.missing > 0) return
    clearTimeout(unfinished.timer)
    this.#unfinished = undefined
    const bytes = joined(unfinished.chunks)
    if (unfinished.missing === 0) this.#serve(unfinished.head, bytes.subarray(unfinished.head.end))
    else this.#handOver(bytes)
  }

  #serve(head: RequestHead, body: Buffer): void {
    this.#state = 'answering'
    if (!this.#used) {
      this.#used = true
      this.socket.setTimeout(this.#place.options.keepAliveMs + keepAliveGraceMs)
    }
    this.#place.options.serve(head, body, this)
  }

  #goOn(): void {
    this.#state = 'idle'
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.socket.resume()
    this.#begin(held)
  }

  #end(): void {
    this.#ended = true
    if (this.#state === 'idle') this.socket.end()
    else if (this.#state === 'reading') this.#fail('HPE_INVALID_EOF_STATE')
  }

  #timeOut(): void {
    if (this.#state === 'idle' && !this.#used) this.#fail('ERR_HTTP_REQUEST_TIMEOUT')
    else if (this.#state === 'idle' || this.#state === 'ending') this.socket.destroy()
  }

  #fail(error: Error | string): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#forget()
    this.#place.fault(this.socket, error)
  }

  /** Nothing of what has come is served any more. */
  #forget(): void {
    this.#place.open.delete(this)
    this.#held?.fill(0)
    this.#held = undefined
    if (this.#unfinished === undefined) return
    clearTimeout(this.#unfinished.timer)
    for (const chunk of this.#unfinished.chunks) chunk.fill(0)
    this.#unfinished = undefined
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this
    this.#place.open.delete(this)
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('timeout', this.#onTimeout)
    socket.off('close', this.#onClose)
    socket.setTimeout(0)
    this.#place.handOver(socket, bytes)
  }
}
