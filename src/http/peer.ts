/** What is known of a connection, found out once: requests on it share the text that their audit records begin with. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { clientText } from '#cloudtrail/record.ts'
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts'

export interface Peer {
  /** The source address of requests: the socket's, or what a proxy that is trusted says of the latest one. */
  ip: string
  /** The connection is a trusted proxy's. */
  readonly isProxy: boolean
  readonly tlsDetails: string | undefined
  userAgent: string | undefined
  client: string
  /** Requests that began on this connection and have no answer yet. */
  outstanding: number
  /** The answer to the one that began last, while any is outstanding. */
  latest: ServerResponse | undefined
  /** What came behind them is no HTTP: nothing more is read, and the connection ends with their answers. */
  broken: boolean
}

export interface PeerTable {
  /** The peer of a socket whose latest request named `userAgent` and came with this X-Forwarded-For header. */
  of(socket: Socket, userAgent: string | undefined, forwardedFor: string | undefined): Peer
  /** The same, when there was a request. */
  known(socket: Socket): Peer | undefined
}

/** `trusted` are the proxies whose X-Forwarded-For is believed. */
export function peerTable(trusted: TrustedProxies | undefined): PeerTable {
  const peers = new WeakMap<Socket, Peer>()
  return {
    of: (socket, userAgent, forwardedFor) => {
      let peer = peers.get(socket)
      if (peer === undefined) {
        const ip = plainAddress(socket.remoteAddress ?? 'unknown')
        peer = {
          ip,
          isProxy: trusted?.has(ip) ?? false,
          tlsDetails: tlsDetailsOf(socket),
          userAgent,
          client: clientText(ip, userAgent),
          outstanding: 0,
          latest: undefined,
          broken: false,
        }
        peers.set(socket, peer)
      } else if (peer.userAgent !== userAgent) {
        peer.userAgent = userAgent
        peer.client = clientText(peer.ip, userAgent)
      }
      if (peer.isProxy && trusted !== undefined) {
        const ip = trusted.clientBehind(plainAddress(socket.remoteAddress ?? 'unknown'), forwardedFor)
        if (ip !== peer.ip) {
          peer.ip = ip
          peer.client = clientText(ip, userAgent)
        }
      }
      return peer
    },
    known: (socket) => peers.get(socket),
  }
}

/** Counts a request that begins. */
export function begin(peer: Peer, response: ServerResponse): void {
  peer.outstanding += 1
  peer.latest = response
}

/**
 * Counts a request that is about to be answered, and has the connection end behind the last answer where it `closes`.
 * Answers leave in the order of their requests, whatever the order in which they are given.
 */
export function settle(peer: Peer, response: ServerResponse, socket: Socket, closes: boolean): void {
  peer.outstanding -= 1
  if ((closes || peer.broken) && peer.latest === response) response.shouldKeepAlive = false
  else if (peer.broken && peer.outstanding === 0) response.once('finish', () => socket.destroySoon())
  if (peer.outstanding === 0) peer.latest = undefined
}

/**
 * Gives up reading from a connection on which something came that is no HTTP: whether answers to earlier requests are still
 * to leave. An answer of ours in front of them would be taken for theirs.
 */
export function breakOff(peer: Peer | undefined, socket: Socket): boolean {
  if (peer === undefined) return false
  if (peer.broken) return true
  // A request whose body broke off is never served.
  if (peer.latest?.req.complete === false) {
    peer.outstanding -= 1
    peer.latest = undefined
  }
  if (peer.outstanding === 0) return false
  peer.broken = true
  socket.pause()
  return true
}

/** The record's `tlsDetails`. */
function tlsDetailsOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  return JSON.stringify({ tlsVersion: socket.getProtocol() ?? 'unknown', cipherSuite: socket.getCipher().standardName })
}
