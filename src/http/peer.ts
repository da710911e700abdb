/** What is known of a connection, found out once: requests on it share the text that their audit records begin with. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { clientText } from '#cloudtrail/record.ts'

export interface Peer {
  readonly ip: string
  readonly tlsDetails: string | undefined
  userAgent: string | undefined
  client: string
}

/** A function that answers the peer of a socket whose latest request named `userAgent`. */
export function peerTable(): (socket: Socket, userAgent: string | undefined) => Peer {
  const peers = new WeakMap<Socket, Peer>()
  return (socket, userAgent) => {
    let peer = peers.get(socket)
    if (peer === undefined) {
      const ip = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
      peer = { ip, tlsDetails: tlsDetailsOf(socket), userAgent, client: clientText(ip, userAgent) }
      peers.set(socket, peer)
    } else if (peer.userAgent !== userAgent) {
      peer.userAgent = userAgent
      peer.client = clientText(peer.ip, userAgent)
    }
    return peer
  }
}

/** The record's `tlsDetails`. */
function tlsDetailsOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  return JSON.stringify({ tlsVersion: socket.getProtocol() ?? 'unknown', cipherSuite: socket.getCipher().standardName })
}
