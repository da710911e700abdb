import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { exportSPKI, type JWTPayload } from 'jose'
import { httpGet } from '#oidc/get.ts'
import { webIdentity, type WebIdentityOptions } from '#oidc/web-identity.ts'
import type { WebIdentity } from '#ports/web-identity.ts'
import { signingKey, startIssuer, token, type Issuer, type SigningKey } from './issuer.ts'

const now = Date.UTC(2026, 10, 22)
const seconds = now / 1000
const clientIds = ['sts.amazonaws.com', 'other-client']

const failures: string[] = []
const verifier = (options: Partial<WebIdentityOptions> = {}): WebIdentity =>
  webIdentity({
    get: httpGet(undefined),
    staticKeys: new Map(),
    allowedHosts: new Set(['127.0.0.1', 'localhost']),
    failed: (_issuer, error) => failures.push(String(error)),
    ...options,
  })

const claimsFor = (issuer: { readonly url: string }, more: JWTPayload = {}): JWTPayload => ({
  iss: issuer.url,
  sub: 'system:serviceaccount:default:app',
  aud: ['sts.amazonaws.com'],
  iat: seconds - 10,
  exp: seconds + 600,
  ...more,
})

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

/** `ok`, or the reason and message of a refusal. */
async function outcome(
  identity: WebIdentity,
  issuer: { readonly url: string },
  text: string,
  at = now,
): Promise<string> {
  const verdict = await identity.verify(text, { url: issuer.url, clientIds }, at)
  return verdict.ok ? 'ok' : `${verdict.reason}: ${verdict.message}`
}

describe('web identity tokens', () => {
  let rsa: SigningKey
  let issuer: Issuer

  before(async () => {
    rsa = await signingKey('one')
    issuer = await startIssuer([rsa.jwk])
  })

  it('are accepted when all holds, and tell the subject, the audience and the condition keys', async () => {
    const text = await token(rsa, claimsFor(issuer, { amr: ['authenticated', 'mfa'] }))
    assert.deepEqual(await verifier().verify(text, { url: issuer.url, clientIds }, now), {
      ok: true,
      claims: {
        issuer: issuer.url,
        subject: 'system:serviceaccount:default:app',
        audience: 'sts.amazonaws.com',
        conditions: {
          sub: 'system:serviceaccount:default:app',
          aud: 'sts.amazonaws.com',
          amr: ['authenticated', 'mfa'],
        },
      },
    })
  })

  it('are accepted with each of the asymmetric algorithms', async () => {
    const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']
    const keys = await Promise.all(algorithms.map((alg) => signingKey(`key-${alg}`, alg)))
    const many = await startIssuer(keys.map(({ jwk }) => jwk))
    const identity = verifier()
    for (const key of keys) {
      assert.equal(await outcome(identity, many, await token(key, claimsFor(many))), 'ok', key.alg)
    }
    assert.equal(many.requests, 2)
  })

  it('name their issuer before anybody has verified them', async () => {
    assert.equal(verifier().issuerOf(await token(rsa, claimsFor(issuer))), issuer.url)
    assert.equal(verifier().issuerOf(`${base64url({ alg: 'none' })}.${base64url({ sub: 'x' })}.`), undefined)
    assert.equal(verifier().issuerOf('not a token'), undefined)
    assert.equal(verifier().issuerOf('a.b.c'), undefined)
  })

  it('are refused without a signature', async () => {
    const unsigned = `${base64url({ alg: 'none', kid: 'one' })}.${base64url(claimsFor(issuer))}.`
    assert.equal(await outcome(verifier(), issuer, unsigned), 'invalid: The algorithm of the token is not supported.')
    assert.match(await outcome(verifier(), issuer, 'not a token'), /^invalid: /)
  })

  it('are refused when signed with HS256 and the public key as the secret', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    const signed = `${base64url({ alg: 'HS256', kid: 'one', typ: 'JWT' })}.${base64url(claimsFor(issuer))}`
    for (const secret of [pem, pem.trimEnd(), der, JSON.stringify(rsa.jwk)]) {
      const mac = createHmac('sha256', secret).update(signed).digest('base64url')
      assert.equal(
        await outcome(verifier(), issuer, `${signed}.${mac}`),
        'invalid: The algorithm of the token is not supported.',
      )
    }
  })

  it('are refused when they say another algorithm than that of the key', async () => {
    const ec = await signingKey('one', 'ES256')
    assert.equal(
      await outcome(verifier(), issuer, await token(ec, claimsFor(issuer))),
      'invalid: The token was not signed with a key of its issuer.',
    )
    const [header = '', payload = '', signature = ''] = (await token(rsa, claimsFor(issuer))).split('.')
    assert.notEqual(header, '')
    const relabelled = `${base64url({ alg: 'PS256', kid: 'one' })}.${payload}.${signature}`
    assert.equal(await outcome(verifier(), issuer, relabelled), 'invalid: The signature of the token does not match.')
  })

  it('are refused when a key that they bring along has signed them', async () => {
    const mine = await signingKey('one')
    const { SignJWT } = await import('jose')
    const text = await new SignJWT(claimsFor(issuer))
      .setProtectedHeader({ alg: 'RS256', kid: 'one', jwk: mine.jwk, jku: 'http://127.0.0.1:1/keys' })
      .sign(mine.privateKey)
    assert.equal(await outcome(verifier(), issuer, text), 'invalid: The signature of the token does not match.')
  })

  it('are refused with a changed payload', async () => {
    const [header = '', , signature = ''] = (await token(rsa, claimsFor(issuer))).split('.')
    const changed = `${header}.${base64url(claimsFor(issuer, { sub: 'somebody-else' }))}.${signature}`
    assert.equal(await outcome(verifier(), issuer, changed), 'invalid: The signature of the token does not match.')
  })

  it('are refused from another issuer, be it only by a slash', async () => {
    for (const iss of ['https://elsewhere.example', `${issuer.url}/`, issuer.url.toUpperCase()]) {
      assert.equal(
        await outcome(verifier(), issuer, await token(rsa, claimsFor(issuer, { iss }))),
        'invalid: Incorrect token issuer',
      )
    }
  })

  it('are refused for another audience', async () => {
    const cases: readonly JWTPayload[] = [
      { aud: 'elsewhere' },
      { aud: [] },
      { aud: 'STS.amazonaws.com' },
      { aud: 'sts.amazonaws.com', azp: 'elsewhere' },
    ]
    for (const more of cases) {
      const text = await token(rsa, claimsFor(issuer, more))
      assert.equal(await outcome(verifier(), issuer, text), 'invalid: Incorrect token audience', JSON.stringify(more))
    }
  })

  it('are for whom they were issued to, where they say so', async () => {
    const text = await token(rsa, claimsFor(issuer, { aud: 'a-backend', azp: 'other-client' }))
    const verdict = await verifier().verify(text, { url: issuer.url, clientIds }, now)
    assert.ok(verdict.ok)
    assert.equal(verdict.claims.audience, 'other-client')
    assert.deepEqual(verdict.claims.conditions['oaud'], ['a-backend'])
  })

  it('are refused without a claim that they must have', async () => {
    for (const name of ['iss', 'sub', 'aud', 'exp', 'iat']) {
      const text = await token(rsa, { ...claimsFor(issuer), [name]: undefined })
      assert.equal(await outcome(verifier(), issuer, text), `invalid: Missing a required claim: ${name}`)
    }
  })

  it('are refused when they have expired, five minutes of skew allowed', async () => {
    const text = await token(rsa, claimsFor(issuer, { exp: seconds }))
    assert.equal(await outcome(verifier(), issuer, text, now + 299_000), 'ok')
    assert.equal(
      await outcome(verifier(), issuer, text, now + 300_000),
      `expired: Token expired: current date/time ${seconds + 300} must be before the expiration date/time ${seconds}`,
    )
  })

  it('are refused before their time, five minutes of skew allowed', async () => {
    const early = await token(rsa, claimsFor(issuer, { nbf: seconds + 300, iat: seconds + 300 }))
    assert.equal(await outcome(verifier(), issuer, early), 'ok')
    const future = await token(rsa, claimsFor(issuer, { nbf: seconds + 301 }))
    assert.equal(await outcome(verifier(), issuer, future), 'rejected: The token is not yet valid')
    const issued = await token(rsa, claimsFor(issuer, { iat: seconds + 301 }))
    assert.equal(await outcome(verifier(), issuer, issued), 'rejected: The token was issued in the future')
  })

  it('are verified with configured keys without a single request', async () => {
    const offline = { url: 'https://issuer.example/cluster' }
    const identity = verifier({
      staticKeys: new Map([[offline.url, { keys: [rsa.jwk] }]]),
      get: () => assert.fail('something was fetched'),
    })
    assert.equal(await outcome(identity, offline, await token(rsa, claimsFor(offline))), 'ok')
    const other = await signingKey('two')
    assert.equal(
      await outcome(identity, offline, await token(other, claimsFor(offline))),
      'invalid: The token was not signed with a key of its issuer.',
    )
  })
})
