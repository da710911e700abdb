/** Values that are not text: numbers, dates and address ranges, each read by one regular expression. */

export function numberOf(text: string): number | undefined {
  return /^[+-]?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined
}

/** Epoch seconds of an ISO 8601 date or a number. */
export function dateOf(text: string): number | undefined {
  if (/^-?[0-9]+(\.[0-9]+)?$/.test(text)) return Number(text)
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at / 1000
}

interface Address {
  readonly bits: bigint
  readonly width: number
}

/** Whether the address `given` lies in the range or equals the address `wanted`; undefined where one is neither. */
export function inRange(given: string, wanted: string): boolean | undefined {
  const address = addressOf(given)
  const [start = '', length, ...more] = wanted.split('/')
  const range = addressOf(start)
  if (address === undefined || range === undefined || more.length > 0) return undefined
  if (length !== undefined && !/^(0|[1-9][0-9]*)$/.test(length)) return undefined
  // An IPv4-mapped range counts its prefix in 128 bits.
  const full = start.includes(':') ? 128 : 32
  const prefix = Number(length ?? full) - (full - range.width)
  if (prefix < 0 || prefix > range.width) return undefined
  if (address.width !== range.width) return false
  const rest = BigInt(range.width - prefix)
  return address.bits >> rest === range.bits >> rest
}

function addressOf(text: string): Address | undefined {
  const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (dotted !== null) {
    const bytes = dotted.slice(1)
    if (bytes.some((byte) => Number(byte) > 255 || (byte.length > 1 && byte.startsWith('0')))) return undefined
    return { bits: bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n), width: 32 }
  }
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped !== null) {
    const low = addressOf(mapped[2] ?? '')
    if (low === undefined) return undefined
    return addressOf(`${mapped[1]}${(low.bits >> 16n).toString(16)}:${(low.bits & 0xffffn).toString(16)}`)
  }
  const halves = text.split('::')
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'))
  const [front, back] = [groups(halves[0] ?? ''), groups(halves[1] ?? '')]
  const missing = 8 - front.length - back.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined
  const all = [...front, ...new Array<string>(missing).fill('0'), ...back]
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const bits = all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
  return bits >> 32n === 0xffffn ? { bits: bits & 0xffffffffn, width: 32 } : { bits, width: 128 }
}
