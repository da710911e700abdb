/** Forms that nobody signed: they are turned away before they cost anything. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startServer } from '../support/server.ts'
import { queryRequest, send, sign } from '../support/signed-request.ts'

describe('a form with as many parameters as a body can hold', async () => {
  const server = await startServer()
  const parameters = 'a&'.repeat(262_000)
  const flood = { ...queryRequest({}), body: parameters }

  it('is refused unsigned, and soon', async () => {
    const started = performance.now()
    for (let count = 0; count < 3; count += 1) {
      const { status, text } = await send(server.url, flood)
      assert.equal(status, 403)
      assert.match(text, /<Code>MissingAuthenticationToken<\/Code>/)
    }
    const milliseconds = performance.now() - started
    assert.ok(milliseconds < 2000, `it took ${milliseconds} ms`)
  })

  it('is malformed when it is signed, whatever it names', async () => {
    const body = `Action=GetCallerIdentity&Version=2011-06-15&${parameters}`
    const scope = { region: server.region, service: 'sts' }
    const started = performance.now()
    const { status, text } = await send(server.url, sign({ ...flood, body }, server.url, server.credentials, scope))
    assert.equal(status, 404, text)
    assert.match(text, /<Code>MalformedQueryString<\/Code>/)
    assert.ok(performance.now() - started < 1000)
  })
})
