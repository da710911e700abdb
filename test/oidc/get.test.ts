import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { createServer } from 'node:https'
import { describe, it } from 'node:test'
import { httpGet } from '#oidc/get.ts'
import { issueAuthority, issueServer } from '#tls/issue.ts'
import { random } from '../tls/fixtures.ts'

const limits = { limitMs: 5000, limitBytes: 1000 }

describe('a GET over HTTPS', () => {
  const period = { from: Date.now() - 60_000, to: Date.now() + 3_600_000 }
  const authority = issueAuthority('test authority', period, random)
  const issuer = {
    commonName: 'test authority',
    privateKey: createPrivateKey(authority.key),
    publicKey: createPublicKey(authority.key),
  }
  const pair = issueServer(issuer, ['127.0.0.1', 'localhost'], period, random)

  it('trusts the certificates of a file, and no others that nobody vouches for', async (t) => {
    const server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
      response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/elsewhere' }).end('answer')
    })
    t.after(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const url = (path: string): URL => new URL(`https://127.0.0.1:${address.port}${path}`)
    const trusting = httpGet(authority.cert)
    const answer = await trusting(url('/'), limits)
    assert.equal(answer.status, 200)
    assert.equal(answer.body.toString(), 'answer')
    const moved = await trusting(url('/moved'), limits)
    assert.deepEqual([moved.status, moved.location], [302, '/elsewhere'])
    await assert.rejects(httpGet(undefined)(url('/'), limits), /certificate|signed/)
    await assert.rejects(trusting(new URL(`https://localhost.localdomain:${address.port}/`), limits))
  })
})
