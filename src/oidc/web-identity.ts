/**
 * Verification of web identity tokens: the signature by jose with the keys of the issuer, the claims by ourselves. Only
 * asymmetric algorithms are accepted, whatever a token says of itself (RFC 8725 sections 3.1 and 3.2).
 */
import type { JSONWebKeySet, LocalJWKSet } from 'jose'
import type { WebIdentity, WebIdentityVerdict } from '#ports/web-identity.ts'
import { judgeClaims, objectIn } from './claims.ts'
import { fetchKeys, type DocumentRules, type Get } from './documents.ts'
import { IssuerKeys, type KeyRules } from './issuer-keys.ts'
import type * as Signature from './signature.ts'
import type { Distrust } from './signature.ts'

export interface WebIdentityOptions {
  readonly get: Get
  /** Issuer URLs whose keys are configured: nothing is ever fetched for them. */
  readonly staticKeys: ReadonlyMap<string, JSONWebKeySet>
  /** Default: any. */
  readonly allowedHosts?: ReadonlySet<string> | undefined
  /** Is told why the keys of an issuer could not be had. */
  readonly failed: (issuer: string, error: unknown) => void
  readonly rules?: Partial<KeyRules & Pick<DocumentRules, 'limitMs' | 'limitBytes'>>
}

const minute = 60_000
const defaults: KeyRules & Pick<DocumentRules, 'limitMs' | 'limitBytes'> = {
  freshMs: 10 * minute,
  outageMs: 24 * 60 * minute,
  refetchMs: minute / 2,
  retryMs: minute / 12,
  // AWS also waits five seconds.
  limitMs: 5000,
  limitBytes: 256 * 1024,
}

const messages: Readonly<Record<Distrust, string>> = {
  'not a token': 'The ID Token provided is not a valid JWT.',
  algorithm: 'The algorithm of the token is not supported.',
  'unknown key': 'The token was not signed with a key of its issuer.',
  mismatch: 'The signature of the token does not match.',
}
const unreachable: WebIdentityVerdict = {
  ok: false,
  reason: 'unreachable',
  message: "Couldn't retrieve verification key from your identity provider.",
}

type Signed = { readonly payload: string } | { readonly distrust: Distrust }

const signatures = (): Promise<typeof Signature> => import('./signature.ts')

/** Verifies tokens; it keeps the keys of issuers for as long as it lives. */
export function webIdentity(options: WebIdentityOptions): WebIdentity {
  const { limitMs, limitBytes, ...keyRules } = { ...defaults, ...options.rules }
  const documentRules = { allowedHosts: options.allowedHosts, limitMs, limitBytes }
  const configured = new Map<string, LocalJWKSet>()
  const fetched = new IssuerKeys<LocalJWKSet>(
    async (issuer) => {
      const keys = await fetchKeys(issuer, options.get, documentRules)
      return (await signatures()).keySet(keys)
    },
    options.failed,
    keyRules,
  )

  /** Undefined: the keys could not be had. */
  async function signedBy(issuer: string, token: string, now: number): Promise<Signed | undefined> {
    const { keySet, signedPayload } = await signatures()
    const fixed = options.staticKeys.get(issuer)
    if (fixed !== undefined) {
      const keys = configured.get(issuer) ?? keySet(fixed)
      configured.set(issuer, keys)
      return signedPayload(token, keys)
    }
    const known = await fetched.current(issuer, now)
    if (known === undefined) return undefined
    const signed = await signedPayload(token, known.keys)
    if ('payload' in signed) return signed
    // Either may be the sign of a key that the issuer has changed.
    if (signed.distrust !== 'unknown key' && signed.distrust !== 'mismatch') return signed
    const newer = await fetched.newer(issuer, known, now)
    return newer === undefined ? signed : signedPayload(token, newer.keys)
  }

  return {
    issuerOf,
    async verify(token, provider, machineNow) {
      const signed = await signedBy(provider.url, token, machineNow)
      if (signed === undefined) return unreachable
      if ('distrust' in signed) return { ok: false, reason: 'invalid', message: messages[signed.distrust] }
      return judgeClaims(signed.payload, provider, machineNow)
    },
  }
}

/** Of a compact JWS (RFC 7515 section 7.1) whose payload is an object. */
function issuerOf(token: string): string | undefined {
  const [, payload = '', , ...more] = token.split('.', 4)
  if (more.length > 0) return undefined
  const issuer = objectIn(Buffer.from(payload, 'base64url').toString('utf8'))?.['iss']
  return typeof issuer === 'string' ? issuer : undefined
}
