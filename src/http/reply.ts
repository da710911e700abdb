/** The way back of one request's answer, and the way through node:http, which every request may take. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Answer } from '#gateway/request.ts'
import { answerHeaders } from './answer-head.ts'
import { sizeOf, writeBody, writeBodyEarly } from './exchange.ts'
import { begin, settle, type Peer } from './peer.ts'

export interface Reply {
  readonly socket: Socket
  /**
   * Sends `answer`, at `nowMs`; when it `closes`, the connection ends behind it. A sensitive body is overwritten when it has
   * left, and when nobody is there to take it. Throws for what is no answer in HTTP.
   */
  send(requestId: string, answer: Answer, closes: boolean, nowMs: number): void
}

/** Through node:http, which answers in the order of the requests whatever the order of the answers. */
export class StreamedReply implements Reply {
  readonly socket: Socket
  readonly #response: ServerResponse
  readonly #peer: Peer
  readonly #worker: string | undefined
  #early = false

  /** `worker` is told in the answer. */
  constructor(response: ServerResponse, peer: Peer, worker: string | undefined) {
    this.socket = response.req.socket
    this.#response = response
    this.#peer = peer
    this.#worker = worker
    begin(peer, response)
  }

  /** The answer does not wait for the end of the request, and ends the connection. */
  hurry(): void {
    this.#early = true
  }

  send(requestId: string, answer: Answer, closes: boolean): void {
    const response = this.#response
    const { socket } = this
    settle(this.#peer, response, socket, this.#early || closes)
    if (response.destroyed || socket.destroyed) {
      if (answer.sensitive) answer.body.fill(0)
      return
    }
    const size = sizeOf(answer.body)
    response.writeHead(answer.status, answerHeaders(requestId, answer, size, this.#worker))
    if (this.#early) writeBodyEarly(response.req, response, answer.body)
    else writeBody(response, socket, answer, size)
  }
}
