/** What callers see when the trail can't be written: an error that is nobody's fault but the server's, and no answer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { startServer, temporaryDirectory, type TestServer } from '../support/server.ts'
import { kmsRequest, queryRequest, send, sign, type RawAnswer } from '../support/signed-request.ts'

const ask = (server: TestServer, operation: string, body: unknown): Promise<RawAnswer> => {
  const scope = { region: server.region, service: 'kms' }
  return send(server.url, sign(kmsRequest(operation, body), server.url, server.credentials, scope))
}

describe('a server whose trail has no room', async () => {
  const directory = temporaryDirectory()
  const first = await startServer({ directory })
  const created = await ask(first, 'CreateKey', {})
  const keyId = String(/"KeyId":"([^"]*)"/.exec(created.text)?.[1])
  await first.stop()
  const kept = allRecords(directory).length
  // More free space than any disk has.
  const server = await startServer({ directory, args: ['--audit-min-free', '1000000GiB'] })

  it('answers KMSInternalException with status 500 instead of what must not go unrecorded', async () => {
    const requests = [
      ['GenerateDataKey', { KeyId: keyId, KeySpec: 'AES_256' }],
      ['GenerateRandom', { NumberOfBytes: 32 }],
      ['DescribeKey', { KeyId: keyId }],
      ['CreateKey', {}],
      ['DisableKey', { KeyId: keyId }],
      ['DescribeKey', { KeyId: 'nonsense' }],
    ] as const
    for (const [operation, body] of requests) {
      const { status, text, headers } = await ask(server, operation, body)
      assert.deepEqual([status, text], [500, '{"__type":"KMSInternalException"}'], operation)
      assert.match(headers['x-amzn-requestid'] ?? '', /^[0-9a-f-]{36}$/)
    }
  })

  it('answers InternalFailure as XML where the service speaks it', async () => {
    const form = queryRequest({ Action: 'GetCallerIdentity', Version: '2011-06-15' })
    const scope = { region: server.region, service: 'sts' }
    const { status, text } = await send(server.url, sign(form, server.url, server.credentials, scope))
    assert.equal(status, 500)
    assert.ok(text.includes('<Error><Type>Receiver</Type><Code>InternalFailure</Code>'), text)
  })

  it('still refuses a wrong signature as such', async () => {
    const stranger = { ...server.credentials, secretAccessKey: 'wrong' }
    const scope = { region: server.region, service: 'kms' }
    const { status } = await send(server.url, sign(kmsRequest('ListKeys', {}), server.url, stranger, scope))
    assert.equal(status, 400)
  })

  it('says that it lives and that it is not ready', async () => {
    const get = (target: string): Promise<RawAnswer> =>
      send(server.url, { method: 'GET', target, headers: {}, body: '' })
    assert.equal((await get('/health/live')).status, 200)
    let ready = await get('/health/ready')
    for (let waited = 0; waited < 5000 && ready.status === 200; waited += 50) {
      await sleep(50)
      ready = await get('/health/ready')
    }
    assert.deepEqual([ready.status, ready.text], [503, 'not ready: see the server log\n'])
  })

  it('changed nothing and recorded nothing, and goes on when there is room again', async () => {
    await server.stop()
    assert.equal(allRecords(directory).length, kept)
    const again = await startServer({ directory })
    const { text } = await ask(again, 'ListKeys', {})
    assert.equal([...text.matchAll(/"KeyId"/g)].length, 1)
    const described = await ask(again, 'DescribeKey', { KeyId: keyId })
    assert.ok(described.text.includes('"KeyState":"Enabled"'))
  })
})
