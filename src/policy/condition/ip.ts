/** Addresses and CIDR ranges (RFC 4632, RFC 4291). */

export interface IpRange {
  readonly family: 4 | 6
  /** One word of 32 bits for IPv4, four for IPv6. */
  readonly words: readonly number[]
  /** Bits. */
  readonly prefix: number
}

const prefixPattern = /^(?:0|[1-9][0-9]{0,2})$/

/**
 * The range that `text` names: an address alone is a range of one. IPv4-mapped IPv6 addresses (`::ffff:192.0.2.1`) are
 * addresses of IPv4, for a dual-stack socket reports those. Undefined: it is no address or range.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const bits = address.length * 32
  const suffix = slash < 0 ? undefined : text.slice(slash + 1)
  if (suffix !== undefined && !prefixPattern.test(suffix)) return undefined
  const prefix = suffix === undefined ? bits : Number(suffix)
  if (prefix > bits) return undefined
  const mapped = address.length === 4 && address[0] === 0 && address[1] === 0 && address[2] === 0xffff
  if (mapped && prefix >= 96) return { family: 4, words: address.slice(3), prefix: prefix - 96 }
  return { family: bits === 32 ? 4 : 6, words: address, prefix }
}

/** Lies `requested` wholly in `wanted`? */
export function inRange(requested: IpRange, wanted: IpRange): boolean {
  if (requested.family !== wanted.family || requested.prefix < wanted.prefix) return false
  let left = wanted.prefix
  for (let i = 0; left > 0; i++, left -= 32) {
    const mask = left >= 32 ? -1 : -1 << (32 - left)
    if ((((requested.words[i] ?? 0) ^ (wanted.words[i] ?? 0)) & mask) !== 0) return false
  }
  return true
}

function parseIp(text: string): readonly number[] | undefined {
  if (!text.includes(':')) {
    const word = parseIpv4(text)
    return word === undefined ? undefined : [word]
  }
  return parseIpv6(text)
}

/** The address as an unsigned number of 32 bits. Octets have no leading zeros: some readers take those for octal. */
function parseIpv4(text: string): number | undefined {
  let word = 0
  let octets = 0
  let octet = -1
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at)
    if (code === 0x2e) {
      if (octet < 0) return undefined
      word = word * 256 + octet
      octets += 1
      octet = -1
    } else {
      if (code < 0x30 || code > 0x39 || octet === 0) return undefined
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return undefined
    }
  }
  return octets === 4 ? word : undefined
}

const group = /^[0-9a-fA-F]{1,4}$/

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = '', tail] = halves
  const front = groups(head, tail === undefined)
  const back = tail === undefined ? [] : groups(tail, true)
  if (front === undefined || back === undefined) return undefined
  const missing = 8 - front.length - back.length
  // `::` stands for at least one group (RFC 5952, section 4.2.2, of what is written; RFC 4291 of what is read).
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const all = [...front, ...Array.from({ length: missing }, () => 0), ...back]
  return [0, 2, 4, 6].map((i) => (all[i] ?? 0) * 0x10000 + (all[i + 1] ?? 0))
}

/** The groups of 16 bits in `text`; the last may be an IPv4 address where `last` says that the address ends here. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const found: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (group.test(part)) found.push(Number.parseInt(part, 16))
    else {
      const word = last && index === parts.length - 1 ? parseIpv4(part) : undefined
      if (word === undefined) return undefined
      found.push(Math.floor(word / 0x10000), word % 0x10000)
    }
  }
  return found
}
