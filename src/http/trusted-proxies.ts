/**
 * Proxies whose X-Forwarded-For header is believed. Each proxy appends the address that it was connected from, so the header
 * is read from its end: the first address that is no trusted proxy's is the client's. What stands before it anybody may have
 * written.
 */
import { BlockList, isIP } from 'node:net'

/** An address range. */
export interface TrustedNetwork {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export interface TrustedProxies {
  has(address: string): boolean
  /** The client's address: `peer`, who is a trusted proxy, says in `forwardedFor`; `peer` itself when it says nothing usable. */
  clientBehind(peer: string, forwardedFor: string | undefined): string
}

// A longer chain of proxies is nobody's: the header is cut there.
const longestChain = 32

/** Undefined when nobody is trusted. */
export function trustedProxies(networks: readonly TrustedNetwork[]): TrustedProxies | undefined {
  if (networks.length === 0) return undefined
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  const has = (address: string): boolean => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
  return {
    has,
    clientBehind: (peer, forwardedFor) => {
      if (forwardedFor === undefined) return peer
      let client = peer
      for (const part of forwardedFor.split(',').slice(-longestChain).reverse()) {
        const address = plainAddress(part.trim())
        // From here on nobody whom we trust has written it.
        if (isIP(address) === 0) return client
        client = address
        if (!has(address)) return client
      }
      return client
    },
  }
}

/** An IPv4 address that came as an IPv6 one (RFC 4291 section 2.5.5.2) is the IPv4 address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
