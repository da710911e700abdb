/** From the text of one setting to its value. Every function throws InvalidValue. */
import { dayMs } from '#base/day.ts'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import { parseAccessKeyId, parseAccountId, parseRegion } from '#base/brand.ts'
import type { Address, Network } from './settings.ts'

/** What is wrong with the text of a setting, and what would be right; never the text itself when it is a secret. */
export class InvalidValue extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidValue'
  }
}

const quoted = (text: string): string => JSON.stringify(text)

/** The absolute path; relative ones start at `base`. */
export function path(text: string, base: string): string {
  if (text.includes('\0')) throw new InvalidValue('a path has no NUL character; write the path of a file or directory')
  return resolve(base, text)
}

export function address(text: string): Address {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  const isAddress = match?.[1] === undefined ? host !== undefined && isHost(host) : isIP(match[1]) === 6
  if (host === undefined || !isAddress || port > 65_535) {
    throw new InvalidValue(
      `${quoted(text)} is not an address; write HOST:PORT, such as 127.0.0.1:8736, or [::1]:8736 for IPv6`,
    )
  }
  return { host, port }
}

function isHost(host: string): boolean {
  // Digits and dots that are no IPv4 address would be looked up as a name.
  if (/^[0-9.]+$/.test(host)) return isIP(host) === 4
  return host.length <= 253 && host.split('.').every((label) => /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/.test(label))
}

export function region(text: string): Region {
  const parsed = parseRegion(text)
  if (parsed === undefined) {
    throw new InvalidValue(`${quoted(text)} is not a region; write a name such as us-east-1, several with commas`)
  }
  return parsed
}

export function accountId(text: string): AccountId {
  const parsed = parseAccountId(text)
  if (parsed === undefined) throw new InvalidValue(`${quoted(text)} is not an account id; write twelve digits`)
  return parsed
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    throw new InvalidValue(
      `${quoted(text)} is not a whole number from ${least} to ${most}; write one, such as ${least}`,
    )
  }
}

export function choice<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((each) => each === text)
    if (found !== undefined) return found
    throw new InvalidValue(`${quoted(text)} is not a choice; write ${alternatives(choices)}`)
  }
}

function alternatives(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
}

export function toggle(text: string): boolean {
  if (/^(?:true|yes|on|1)$/i.test(text)) return true
  if (/^(?:false|no|off|0)$/i.test(text)) return false
  throw new InvalidValue(`${quoted(text)} is neither yes nor no; write true or false`)
}

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
}

/** Bytes, of a text such as `256MiB`; a bare number counts bytes. At most 2^53 - 1. */
export function size(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$/.exec(text)
  const unit = sizeUnits[match?.[2] === '' ? 'B' : (match?.[2] ?? '')]
  const bytes = Math.round(Number(match?.[1]) * (unit ?? NaN))
  if (Number.isSafeInteger(bytes)) return bytes
  throw new InvalidValue(`${quoted(text)} is not a size; write a number and a unit, such as 256MiB or 10GB`)
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: dayMs,
  w: 604_800_000,
}

/** Milliseconds, of a text such as `90d`, `36h` or `1h30m`, or undefined when it is none. Every number has its unit. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|[smhdw])/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  const milliseconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (durationUnits[unit ?? ''] ?? NaN),
    0,
  )
  return Number.isSafeInteger(Math.round(milliseconds)) ? Math.round(milliseconds) : undefined
}

/** Days of a duration from `least` to `most` days. */
export function days(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = (parseDuration(text) ?? NaN) / dayMs
    if (value >= least && value <= most) return value
    throw new InvalidValue(
      `${quoted(text)} is not a time from ${least} to ${most} days; write a number and a unit, such as 90d`,
    )
  }
}

/** Seconds of a duration; a bare number counts seconds. */
export function seconds(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]+$/.test(text) ? Number(text) : (parseDuration(text) ?? NaN) / 1000
    if (value >= least && value <= most) return value
    throw new InvalidValue(
      `${quoted(text)} is not a time from ${least} to ${most} seconds; write it such as ${most} or ${most / 60}m`,
    )
  }
}

/** The origin of a URL that clients can be told. SigV4 signs the path, so there can be none before ours. */
export function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.username + url.password + url.search + url.hash === ''
  if (isOrigin && !/[?#@]/.test(text)) return url.origin
  throw new InvalidValue(
    `${quoted(text)} is not a URL of scheme, host and port only; write one such as https://kms.example.com:8736`,
  )
}

export type SealChoice =
  { readonly type: 'key-file'; readonly path: string | undefined } | { readonly type: 'passphrase' }

export function seal(text: string, base: string): SealChoice {
  if (text === 'passphrase') return { type: 'passphrase' }
  if (text === 'key-file') return { type: 'key-file', path: undefined }
  if (text.startsWith('key-file:') && text.length > 'key-file:'.length) {
    return { type: 'key-file', path: path(text.slice('key-file:'.length), base) }
  }
  throw new InvalidValue(`${quoted(text)} is not a seal; write key-file, key-file:PATH or passphrase`)
}

export function accessKeyId(text: string): AccessKeyId {
  const parsed = parseAccessKeyId(text)
  if (parsed === undefined) {
    throw new InvalidValue('the value is not an access key id; write 3 to 128 letters, digits, "_", "." or "-"')
  }
  return parsed
}

export function secretAccessKey(text: string): string {
  if (/^[\x21-\x7e]{1,128}$/.test(text)) return text
  throw new InvalidValue(
    'the value is not a secret access key; write 1 to 128 printable ASCII characters without spaces',
  )
}

/** A value for something that has a name: `name=value`. */
export interface NamedValue<T> {
  readonly id: string
  readonly value: T
}

/** Reads `id=value`; `example` is shown to who writes something else. */
export function named<T>(
  example: string,
  parse: (text: string, base: string) => T,
): (text: string, base: string) => NamedValue<T> {
  return (text, base) => {
    const equals = text.indexOf('=')
    if (equals < 1) throw new InvalidValue(`${quoted(text)} has no name; write it such as ${example}`)
    return { id: identifier(text.slice(0, equals)), value: parse(text.slice(equals + 1), base) }
  }
}

/** What stands for an endpoint or a VPC in conditions. */
export function identifier(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text)) return text
  throw new InvalidValue(`${quoted(text)} is not an id; write 1 to 64 letters, digits, "_" or "-"`)
}

/** An address, or a network such as `10.0.0.0/24`. */
export function network(text: string): Network {
  const match = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(text)
  const address = match?.[1] ?? ''
  const version = isIP(address)
  const longest = version === 4 ? 32 : 128
  const prefix = match?.[2] === undefined ? longest : Number(match[2])
  if (version === 0 || prefix > longest) {
    throw new InvalidValue(`${quoted(text)} is not an address or network; write one such as 10.0.0.7 or 10.0.0.0/24`)
  }
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** A host name or address, without port. */
export function host(text: string): string {
  if (isIP(text) !== 0 || isHost(text)) return text.toLowerCase()
  throw new InvalidValue(`${quoted(text)} is not a host; write a name or an address, such as login.example.com`)
}

/** A file that belongs to the URL of an OIDC issuer: `https://issuer.example.com=keys.json`. */
export function issuerFile(text: string, base: string): NamedValue<string> {
  const equals = text.lastIndexOf('=')
  const issuer = text.slice(0, Math.max(equals, 0))
  if (!/^https?:$/.test(URL.canParse(issuer) ? new URL(issuer).protocol : '')) {
    throw new InvalidValue(`${quoted(text)} names no issuer; write it such as https://issuer.example.com=keys.json`)
  }
  return { id: issuer, value: path(text.slice(equals + 1), base) }
}
