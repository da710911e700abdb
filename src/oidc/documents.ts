/**
 * The two documents of an issuer: its configuration and its keys. Fetching them is a request that others can make this
 * server send, so it goes only where the provider's URL leads: https (plain http on loopback alone), hosts that the operator
 * allows, no redirects to other hosts, bounded in size and time.
 */
import type { JSONWebKeySet } from 'jose'
import { isLoopback } from '#base/loopback.ts'

/** An answer to a GET; redirects are not followed. */
export interface Fetched {
  readonly status: number
  readonly location: string | undefined
  readonly body: Buffer
}

/**
 * Sends one GET. Rejects when the connection fails, when the whole takes longer than `limitMs`, and when the body is longer
 * than `limitBytes`.
 */
export type Get = (url: URL, limits: { readonly limitMs: number; readonly limitBytes: number }) => Promise<Fetched>

export interface DocumentRules {
  /** Host names of issuers and of where they keep their keys. Undefined: any. */
  readonly allowedHosts: ReadonlySet<string> | undefined
  /** For each document, redirects included. */
  readonly limitMs: number
  readonly limitBytes: number
}

/** Why the keys of an issuer could not be had; the message is for the operator. */
export class IssuerError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'IssuerError'
  }
}

const mostRedirects = 3
const mostKeys = 100

/** The keys of the issuer `issuer` (OpenID Connect Discovery 1.0 section 4). Throws IssuerError. */
export async function fetchKeys(issuer: string, get: Get, rules: DocumentRules): Promise<JSONWebKeySet> {
  const base = urlIn(issuer)
  const document = urlIn(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const configuration = await fetchJson(document, base, get, rules)
  if (!isObject(configuration)) throw new IssuerError(`${document.href} is not a configuration`)
  // Section 4.3: whoever answers there must be who the tokens come from.
  if (configuration['issuer'] !== issuer) throw new IssuerError(`${document.href} is of another issuer`)
  const location = configuration['jwks_uri']
  if (typeof location !== 'string') throw new IssuerError(`${document.href} names no jwks_uri`)
  const keys = await fetchJson(urlIn(location), base, get, rules)
  const parsed = parseKeySet(keys)
  if (parsed === undefined) throw new IssuerError(`${location} is not a JSON Web Key Set`)
  return parsed
}

/** The key set in `value`, a parsed JSON document: members that are no public keys are left out. */
export function parseKeySet(value: unknown): JSONWebKeySet | undefined {
  if (!isObject(value)) return undefined
  const listed: unknown = value['keys']
  if (!Array.isArray(listed) || listed.length > mostKeys) return undefined
  const keys: JSONWebKeySet['keys'] = []
  for (const key of listed as readonly unknown[]) {
    if (!isObject(key)) return undefined
    const { kty } = key
    // Symmetric keys are of no use to who only verifies; a private key in public is nobody's any more.
    if ((kty === 'RSA' || kty === 'EC' || kty === 'OKP') && key['d'] === undefined) keys.push({ ...key, kty })
  }
  return { keys }
}

async function fetchJson(url: URL, issuer: URL, get: Get, rules: DocumentRules): Promise<unknown> {
  let at = url
  for (let hops = 0; hops <= mostRedirects; hops += 1) {
    const refused = refuseUrl(at, issuer, rules)
    if (refused !== undefined) throw new IssuerError(refused)
    const { status, location, body } = await getFrom(at, get, rules)
    if (status === 200) return parseJson(body, at)
    if (status < 300 || status > 399 || location === undefined) {
      throw new IssuerError(`${at.href} answered with status ${status}`)
    }
    const next = urlIn(location, at)
    if (next.host !== url.host) throw new IssuerError(`${at.href} redirects to another host`)
    at = next
  }
  throw new IssuerError(`${url.href} redirects too often`)
}

async function getFrom(url: URL, get: Get, { limitMs, limitBytes }: DocumentRules): Promise<Fetched> {
  try {
    return await get(url, { limitMs, limitBytes })
  } catch (error) {
    throw new IssuerError(`${url.href} could not be fetched`, error)
  }
}

function parseJson(body: Buffer, url: URL): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new IssuerError(`${url.href} is not JSON`, error)
  }
}

function refuseUrl(url: URL, issuer: URL, { allowedHosts }: DocumentRules): string | undefined {
  if (url.username !== '' || url.password !== '') return `${url.host}: a URL with a user name is not fetched`
  // Who may store providers is not always who runs this machine: its own ports are asked only if an operator says so.
  const listed = allowedHosts?.has(url.hostname) === true
  // An issuer elsewhere must not make this server talk to its own machine in clear.
  const plain = url.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(issuer.hostname) && listed
  if (isThisMachine(url.hostname) && !listed) return `${url.hostname} is this machine, and not an allowed host`
  if (url.protocol !== 'https:' && !plain) return `${url.href} is not https`
  if (allowedHosts !== undefined && !allowedHosts.has(url.hostname)) return `${url.hostname} is not an allowed host`
  return undefined
}

// What a system takes for itself beside its loopback addresses: "any address", IPv4 addresses in IPv6 form, and every name
// under localhost (RFC 6761, section 6.3), with the dot of the root or without.
const alsoThisMachine = /^(?:0\.0\.0\.0|\[::\]|\[::ffff:(?:7f[0-9a-f]{2}|0):[0-9a-f]+\]|(?:[^.]+\.)*localhost\.?)$/

/** Whether the host of a URL, which URL has brought to one form, is this machine. Names that only resolve to it are not seen. */
function isThisMachine(hostname: string): boolean {
  return isLoopback(hostname) || alsoThisMachine.test(hostname)
}

function urlIn(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new IssuerError(`${text} is not a URL`)
  return url
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
