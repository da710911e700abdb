/** An OpenID Connect issuer on loopback, with keys that tests rotate and answers that they spoil. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose'

export interface SigningKey {
  readonly kid: string | undefined
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

export async function signingKey(kid: string | undefined, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) }
  return { kid, alg, privateKey, publicKey, jwk }
}

export interface Issuer {
  readonly url: string
  /** The keys that it shows. */
  keys: readonly JWK[]
  /** How many requests came. */
  requests: number
  /** In place of its answers. */
  answer: ((request: IncomingMessage, response: ServerResponse, usual: () => void) => void) | undefined
  stop(): Promise<void>
}

/** Starts an issuer; it ends with the process. */
export async function startIssuer(keys: readonly JWK[] = []): Promise<Issuer> {
  const server = createServer((request, response) => {
    issuer.requests += 1
    const usual = (): void => {
      const document =
        request.url === '/.well-known/openid-configuration'
          ? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
          : request.url === '/keys'
            ? { keys: issuer.keys }
            : undefined
      response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(document ?? {}))
    }
    if (issuer.answer === undefined) usual()
    else issuer.answer(request, response, usual)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  // Whoever still listens at the end of a file keeps nothing waiting.
  server.unref()
  const issuer: Issuer = { url: `http://127.0.0.1:${address.port}`, keys, requests: 0, answer: undefined, stop }
  return issuer
}

/** A token of `key`; `claims` with the value undefined are left out. */
export async function token(
  key: SigningKey,
  claims: JWTPayload,
  header: { readonly kid?: string } = {},
): Promise<string> {
  const kid = header.kid ?? key.kid
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
    .sign(key.privateKey)
}
