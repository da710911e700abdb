import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { httpGet } from '#oidc/get.ts'
import { webIdentity, type WebIdentityOptions } from '#oidc/web-identity.ts'
import type { WebIdentity } from '#ports/web-identity.ts'
import { signingKey, startIssuer, token, type Issuer, type SigningKey } from './issuer.ts'

const now = Date.UTC(2026, 10, 22)
const day = 86_400_000
const minute = 60_000

let failures: string[] = []

const verifier = (options: Partial<WebIdentityOptions> = {}): WebIdentity =>
  webIdentity({
    get: httpGet(undefined),
    staticKeys: new Map(),
    allowedHosts: new Set(['127.0.0.1', 'localhost']),
    failed: (_issuer, error) => failures.push(error instanceof Error ? error.message : String(error)),
    ...options,
  })

/** A token that is good for two days from `now`. */
const goodToken = (key: SigningKey, { url }: { readonly url: string }): Promise<string> =>
  token(key, { iss: url, sub: 'someone', aud: 'client', iat: now / 1000, exp: (now + 2 * day) / 1000 })

/** `ok`, or why not. */
async function outcome(identity: WebIdentity, url: string, text: string, at = now): Promise<string> {
  const verdict = await identity.verify(text, { url, clientIds: ['client'] }, at)
  return verdict.ok ? 'ok' : verdict.reason
}

describe('the keys of an issuer', () => {
  let first: SigningKey
  let second: SigningKey
  let issuer: Issuer

  before(async () => {
    first = await signingKey('first', 'ES256')
    second = await signingKey('second', 'ES256')
  })
  beforeEach(async () => {
    failures = []
    issuer = await startIssuer([first.jwk])
  })

  it('are fetched once for many tokens, also for tokens at the same time', async () => {
    const identity = verifier()
    const text = await goodToken(first, issuer)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(identity, issuer.url, text)))
    assert.deepEqual(new Set(outcomes), new Set(['ok']))
    assert.equal(issuer.requests, 2)
  })

  it('are fetched anew for a key that is not among them, at most twice a minute', async () => {
    const identity = verifier()
    assert.equal(await outcome(identity, issuer.url, await goodToken(first, issuer)), 'ok')
    issuer.keys = [first.jwk, second.jwk]
    const rotated = await goodToken(second, issuer)
    assert.equal(await outcome(identity, issuer.url, rotated, now + minute / 2 - 1), 'invalid')
    assert.equal(issuer.requests, 2)
    assert.equal(await outcome(identity, issuer.url, rotated, now + minute / 2), 'ok')
    assert.equal(issuer.requests, 4)
    const invented = await goodToken(await signingKey('third', 'ES256'), issuer)
    for (let index = 0; index < 10; index += 1) {
      assert.equal(await outcome(identity, issuer.url, invented, now + minute / 2 + index), 'invalid')
    }
    assert.equal(issuer.requests, 4)
  })

  it('are fetched anew when another key has the name of an old one', async () => {
    const identity = verifier()
    assert.equal(await outcome(identity, issuer.url, await goodToken(first, issuer)), 'ok')
    const namesake = await signingKey('first', 'ES256')
    issuer.keys = [namesake.jwk]
    assert.equal(await outcome(identity, issuer.url, await goodToken(namesake, issuer), now + minute), 'ok')
  })

  it('no longer count once the issuer has withdrawn them, after ten minutes', async () => {
    const identity = verifier()
    const text = await goodToken(first, issuer)
    assert.equal(await outcome(identity, issuer.url, text), 'ok')
    issuer.keys = [second.jwk]
    assert.equal(await outcome(identity, issuer.url, text, now + 10 * minute - 1), 'ok')
    assert.equal(await outcome(identity, issuer.url, text, now + 10 * minute), 'invalid')
  })

  it('go on being used for a day while the issuer does not answer', async () => {
    const identity = verifier()
    const text = await goodToken(first, issuer)
    assert.equal(await outcome(identity, issuer.url, text), 'ok')
    await issuer.stop()
    assert.equal(await outcome(identity, issuer.url, text, now + 60 * minute), 'ok')
    assert.equal(failures.length, 1)
    assert.equal(await outcome(identity, issuer.url, text, now + 60 * minute + 1000), 'ok')
    assert.equal(failures.length, 1, 'the next try comes after five seconds')
    assert.equal(await outcome(identity, issuer.url, text, now + day - 1), 'ok')
    assert.equal(await outcome(identity, issuer.url, text, now + day), 'unreachable')
  })

  it('cannot be had from an issuer that never answered, and can once it does', async () => {
    const identity = verifier()
    const text = await goodToken(first, issuer)
    issuer.answer = (_request, response) => response.writeHead(503).end()
    assert.equal(await outcome(identity, issuer.url, text), 'unreachable')
    assert.equal(await outcome(identity, issuer.url, text, now + 4999), 'unreachable')
    assert.equal(issuer.requests, 1)
    issuer.answer = undefined
    assert.equal(await outcome(identity, issuer.url, text, now + 5000), 'ok')
    assert.deepEqual(failures, [`${issuer.url}/.well-known/openid-configuration answered with status 503`])
  })

  it('are not looked for on another host that the issuer redirects to', async () => {
    const other = await startIssuer([first.jwk])
    issuer.answer = (request, response) =>
      response.writeHead(302, { location: `${other.url}${request.url ?? ''}` }).end()
    assert.equal(await outcome(verifier(), issuer.url, await goodToken(first, issuer)), 'unreachable')
    assert.equal(other.requests, 0)
    assert.deepEqual(failures, [`${issuer.url}/.well-known/openid-configuration redirects to another host`])
  })

  it('are found behind a redirect on the same host, and not behind an endless one', async () => {
    issuer.answer = (request, response, usual) => {
      if (request.url === '/.well-known/openid-configuration') response.writeHead(307, { location: '/moved' }).end()
      else if (request.url === '/moved') {
        response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }))
      } else usual()
    }
    assert.equal(await outcome(verifier(), issuer.url, await goodToken(first, issuer)), 'ok')
    issuer.answer = (_request, response) => response.writeHead(302, { location: '/again' }).end()
    assert.equal(await outcome(verifier(), issuer.url, await goodToken(first, issuer)), 'unreachable')
  })

  it('are refused in documents that are too long', async () => {
    issuer.answer = (request, response, usual) => {
      if (request.url === '/keys') response.end(`{"keys":[],"filler":"${'x'.repeat(300_000)}"}`)
      else usual()
    }
    assert.equal(await outcome(verifier(), issuer.url, await goodToken(first, issuer)), 'unreachable')
    assert.deepEqual(failures, [`${issuer.url}/keys could not be fetched`])
  })

  it('are not waited for longer than the time limit, however the issuer dawdles', async () => {
    issuer.answer = (_request, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    const identity = verifier({ rules: { limitMs: 200 } })
    const text = await goodToken(first, issuer)
    const started = performance.now()
    assert.equal(await outcome(identity, issuer.url, text), 'unreachable')
    assert.ok(performance.now() - started < 5000)
  })

  it('are refused where the configuration is of another issuer, or leads elsewhere than https', async () => {
    const text = await goodToken(first, issuer)
    const configured = async (configuration: unknown): Promise<string> => {
      issuer.answer = (request, response, usual) => {
        if (request.url?.startsWith('/.well-known/') === true) response.end(JSON.stringify(configuration))
        else usual()
      }
      failures = []
      assert.equal(await outcome(verifier(), issuer.url, text), 'unreachable')
      return failures.join()
    }
    const document = `${issuer.url}/.well-known/openid-configuration`
    const jwks_uri = `${issuer.url}/keys`
    assert.equal(await configured({ issuer: 'https://x.example', jwks_uri }), `${document} is of another issuer`)
    assert.equal(await configured({ issuer: issuer.url }), `${document} names no jwks_uri`)
    assert.equal(await configured([]), `${document} is not a configuration`)
    const leads = (uri: string): Promise<string> => configured({ issuer: issuer.url, jwks_uri: uri })
    assert.equal(await leads('http://10.0.0.1/keys'), 'http://10.0.0.1/keys is not https')
    assert.equal(await leads('file:///etc/passwd'), 'file:///etc/passwd is not https')
    assert.equal(await leads('keys'), 'keys is not a URL')
    assert.match(await leads('https://user:pass@127.0.0.1/keys'), /a URL with a user name is not fetched$/)
  })

  it('are asked for over https alone, except on loopback', async () => {
    const asked: string[] = []
    const identity = verifier({
      allowedHosts: new Set(['issuer.example', '127.0.0.1.example', '[::1]', 'localhost', 'b']),
      get: (url) => {
        asked.push(url.href)
        return Promise.reject(new Error('no network'))
      },
    })
    const urls = [
      'http://issuer.example',
      'http://127.0.0.1.example',
      'http://[::1]:8080',
      'http://localhost/a',
      'https://b',
    ]
    for (const url of urls) {
      assert.equal(await outcome(identity, url, await goodToken(first, { url })), 'unreachable')
    }
    assert.deepEqual(asked, [
      'http://[::1]:8080/.well-known/openid-configuration',
      'http://localhost/a/.well-known/openid-configuration',
      'https://b/.well-known/openid-configuration',
    ])
  })

  it('are asked for only at hosts that are allowed', async () => {
    const identity = verifier({ allowedHosts: new Set(['issuer.example']) })
    assert.equal(await outcome(identity, issuer.url, await goodToken(first, issuer)), 'unreachable')
    assert.equal(issuer.requests, 0)
    assert.deepEqual(failures, ['127.0.0.1 is this machine, and not an allowed host'])
    const allowing = verifier({ allowedHosts: new Set(['127.0.0.1']) })
    assert.equal(await outcome(allowing, issuer.url, await goodToken(first, issuer)), 'ok')
  })

  it('are asked for on this machine only if an operator has listed it, whatever the scheme', async () => {
    const asked: string[] = []
    const identity = verifier({
      allowedHosts: undefined,
      get: (url) => {
        asked.push(url.href)
        return Promise.reject(new Error('no network'))
      },
    })
    const here = ['http://127.0.0.1:8736', 'https://localhost', 'https://[::1]']
    const alsoHere = ['https://0.0.0.0', 'https://[::]', 'https://[::ffff:127.0.0.1]', 'https://[::ffff:0.0.0.0]']
    const named = ['https://localhost.', 'https://a.localhost']
    for (const url of [...here, ...alsoHere, ...named, 'https://issuer.example']) {
      assert.equal(await outcome(identity, url, await goodToken(first, { url })), 'unreachable')
    }
    assert.deepEqual(asked, ['https://issuer.example/.well-known/openid-configuration'])
  })

  it('that are secret or private are not used', async () => {
    issuer.keys = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'first' },
      { ...first.jwk, d: 'AAAA' },
    ]
    assert.equal(await outcome(verifier(), issuer.url, await goodToken(first, issuer)), 'invalid')
  })
})
