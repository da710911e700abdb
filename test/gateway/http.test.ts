/** What is not an operation: health, metrics, connections, limits, and the end of the server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { ListKeysCommand } from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { startServer, temporaryDirectory, type TestServer } from '../support/server.ts'
import { kmsRequest, send, sign, type RawAnswer, type RawRequest } from '../support/signed-request.ts'

const scope = { region: 'us-east-1', service: 'kms' }
const get = (target: string): RawRequest => ({ method: 'GET', target, headers: {}, body: '' })
const signed = (server: TestServer, operation: string, body: unknown = {}): RawRequest =>
  sign(kmsRequest(operation, body), server.url, server.credentials, scope)

/** Sends bytes as they are and answers what came back until the server closed. */
async function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

describe('HTTP', async () => {
  const server = await startServer({ workers: 2 })

  it('says that it lives and that it is ready, to anybody', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      const { status, text, headers } = await send(server.url, get(path))
      assert.deepEqual([status, text], [200, 'ok\n'])
      assert.equal(headers['cache-control'], 'no-store')
    }
  })

  it('answers HEAD of health as GET, without the body', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      const { status, text, headers } = await send(server.url, { ...get(path), method: 'HEAD' })
      assert.deepEqual([status, text, headers['content-length']], [200, '', '3'])
    }
    const elsewhere = await send(server.url, { ...get('/metrics'), method: 'HEAD' })
    assert.equal(elsewhere.status, 400)
  })

  it('counts requests by operation and outcome', async () => {
    const count = async (label: string): Promise<number> => {
      const { status, text, headers } = await send(server.url, get('/metrics'))
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
      const line = text.split('\n').find((each) => each.startsWith(`trent_requests_total{${label}}`))
      return Number(line?.split(' ').at(-1) ?? 0)
    }
    const ok = 'operation="GenerateRandom",outcome="success"'
    const refused = 'operation="GenerateRandom",outcome="client_error"'
    const before = [await count(ok), await count(refused)] as const
    for (let sent = 0; sent < 5; sent += 1)
      await send(server.url, signed(server, 'GenerateRandom', { NumberOfBytes: 8 }))
    await send(server.url, signed(server, 'GenerateRandom'))
    assert.deepEqual([await count(ok), await count(refused)], [before[0] + 5, before[1] + 1])
  })

  it('answers nothing else to a GET', async () => {
    for (const target of ['/', '/health', '/health/', '/health/live/x', '/favicon.ico', '/../etc/passwd']) {
      const { status, text } = await send(server.url, get(target))
      assert.deepEqual([status, text], [400, '{"__type":"UnknownOperationException"}'])
    }
  })

  it('answers other methods and paths as unknown operations', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, text } = await send(server.url, { ...signed(server, 'ListKeys'), method })
      assert.deepEqual([status, text], [400, '{"__type":"UnknownOperationException"}'])
    }
    const { status } = await send(server.url, { ...signed(server, 'ListKeys'), target: '/kms' })
    assert.equal(status, 400)
  })

  it('keeps connections open for longer than the pools of the SDKs and serves many requests on one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number>()
    agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort ?? 0))
    const { headers } = await send(server.url, signed(server, 'ListKeys'), agent)
    assert.equal(headers['connection'], 'keep-alive')
    assert.ok(Number(/timeout=(\d+)/.exec(headers['keep-alive'] ?? '')?.[1]) > 65)
    for (let sent = 0; sent < 20; sent += 1) await send(server.url, signed(server, 'ListKeys'), agent)
    assert.equal(ports.size, 1)
    agent.destroy()
  })

  it('does not know a client again by its connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    assert.equal((await send(server.url, signed(server, 'ListKeys'), agent)).status, 200)
    const answer = await send(server.url, kmsRequest('ListKeys', {}), agent)
    assert.ok(answer.text.startsWith('{"__type":"MissingAuthenticationTokenException",'))
    agent.destroy()
  })

  it('refuses a body of more than 512 KiB before and while it comes', async () => {
    const message = 'The request body is larger than 512 KiB.'
    const expected = JSON.stringify({ __type: 'RequestEntityTooLargeException', message })
    const host = new URL(server.url).host
    const head = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: TrentService.Encrypt\r\n`
    const announced = await sendBytes(server.url, `${head}Content-Length: 524289\r\n\r\n`)
    assert.match(announced, /^HTTP\/1\.1 413 /)
    assert.ok(announced.endsWith(expected))
    const chunk = `40000\r\n${'x'.repeat(0x40000)}\r\n`
    const streamed = await sendBytes(server.url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`)
    assert.match(streamed, /^HTTP\/1\.1 413 /)
  })

  it('gets its refusal of a large body through to a client that goes on sending', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\n'
    const part = Buffer.alloc(65_536, 0x20)
    for (const length of [1_048_576, 3_000_000]) {
      const { hostname, port } = new URL(server.url)
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
      const closed = once(socket, 'close')
      const answer: Buffer[] = []
      const failures: Error[] = []
      socket.on('data', (chunk: Buffer) => answer.push(chunk))
      socket.on('error', (error) => failures.push(error))
      socket.write(`${head}Content-Length: ${length}\r\n\r\n`)
      for (let sent = 0; sent < length; sent += part.length) {
        socket.write(part.subarray(0, length - sent))
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      socket.end()
      await closed
      assert.deepEqual(failures, [])
      const text = Buffer.concat(answer).toString('latin1')
      assert.match(text, /^HTTP\/1\.1 413 /)
      assert.match(text, /\r\nConnection: close\r\n/)
      assert.ok(text.endsWith('"message":"The request body is larger than 512 KiB."}'))
    }
    const whole = { ...kmsRequest('ListKeys', {}), body: Buffer.alloc(3_000_000, 0x20) }
    for (let sent = 0; sent < 5; sent += 1) assert.equal((await send(server.url, whole)).status, 413)
  })

  it('answers a request that garbage follows, and nothing else', async () => {
    const bytes = (operation: string, body: unknown): string => {
      const request = signed(server, operation, body)
      const headers = { ...request.headers, Host: new URL(server.url).host, 'Content-Length': request.body.length }
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${String(request.body)}`
    }
    const statuses = (answer: string): readonly string[] =>
      [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? '')
    const create = bytes('CreateKey', { Description: 'before garbage' })
    for (const garbage of [
      'nonsense\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ]) {
      const one = await sendBytes(server.url, create + garbage)
      assert.deepEqual(statuses(one), ['200'])
      assert.match(one, /"KeyState":"Enabled"/)
      // A slow answer before a quick one.
      const three = await sendBytes(
        server.url,
        create + bytes('GenerateRandom', { NumberOfBytes: 8 }) + create + garbage,
      )
      assert.deepEqual(statuses(three), ['200', '200', '200'])
      assert.match(three, /"KeyState":"Enabled".*"Plaintext":.*"KeyState":"Enabled"/s)
    }
    const last = await sendBytes(server.url, `${create}nonsense\r\n\r\n`)
    assert.match(last, /\r\nConnection: close\r\n/)
    assert.equal((await send(server.url, get('/health/live'))).status, 200)
  })

  it('serves a body that comes in pieces', async () => {
    const request = signed(server, 'GenerateRandom', { NumberOfBytes: 8 })
    const chunked = { ...request.headers, 'Transfer-Encoding': 'chunked' }
    const body = String(request.body)
    const lines = Object.entries({ ...chunked, Host: new URL(server.url).host }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    const pieces = Array.from(body, (each) => `1\r\n${each}\r\n`).join('')
    const head = `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`
    assert.match(await sendBytes(server.url, `${head}${pieces}0\r\n\r\n`), /^HTTP\/1\.1 200 OK\r\n/)
  })

  it('ends a connection that speaks no HTTP', async () => {
    for (const bytes of ['nonsense\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000\u0001', 'GET / HTTP/9.9\r\n\r\n']) {
      assert.match(await sendBytes(server.url, bytes), /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/)
    }
    const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(64 * 1024)}\r\n\r\n`
    assert.match(await sendBytes(server.url, long), /^HTTP\/1\.1 4\d\d /)
    assert.equal((await send(server.url, get('/health/live'))).status, 200)
  })

  it('refuses a request whose length can be read in two ways', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\n'
    const ambiguous = [
      `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      `${head}Transfer-Encoding: xchunked\r\n\r\n{}`,
    ]
    for (const bytes of ambiguous) assert.match(await sendBytes(server.url, bytes), /^HTTP\/1\.1 400 /)
  })
})

describe('the end of the server', () => {
  it('answers or refuses every request in flight, keeps what it acknowledged, and ends with 0', async () => {
    const directory = temporaryDirectory()
    const server = await startServer({ directory, workers: 2 })
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })
    const acknowledged: string[] = []
    const failed: string[] = []
    let stopping = false
    const client = async (): Promise<void> => {
      while (!stopping) {
        try {
          const answer: RawAnswer = await send(server.url, signed(server, 'CreateKey'), agent)
          assert.equal(answer.status, 200, answer.text)
          acknowledged.push(String(/"KeyId":"([^"]*)"/.exec(answer.text)?.[1]))
        } catch (error) {
          if (!(error instanceof Error && 'code' in error)) throw error
          failed.push(String(error.code))
          return
        }
      }
    }
    const clients = Array.from({ length: 32 }, client)
    while (acknowledged.length < 60) await new Promise((resolve) => setTimeout(resolve, 5))
    await server.stop()
    stopping = true
    await Promise.all(clients)
    agent.destroy()
    for (const code of failed) assert.ok(['ECONNREFUSED', 'ECONNRESET'].includes(code), code)

    const again = await startServer({ directory })
    const found = new Set<string | undefined>()
    let Marker: string | undefined
    do {
      const { Keys = [], NextMarker } = await again.kms().send(new ListKeysCommand({ Marker, Limit: 1000 }))
      for (const { KeyId } of Keys) found.add(KeyId)
      Marker = NextMarker
    } while (Marker !== undefined)
    for (const id of acknowledged) assert.ok(found.has(id), `${id} was acknowledged and is gone`)
    const recorded = allRecords(directory).filter((record) => record.includes('"eventName":"CreateKey"'))
    assert.equal(recorded.length, found.size)
    await again.stop()
  })

  it('keeps what it acknowledged when it is killed', async () => {
    const directory = temporaryDirectory()
    const server = await startServer({ directory, workers: 2 })
    const acknowledged: string[] = []
    const client = async (): Promise<void> => {
      for (;;) {
        const answer = await send(server.url, signed(server, 'CreateKey')).catch(() => undefined)
        if (answer === undefined) return
        acknowledged.push(String(/"KeyId":"([^"]*)"/.exec(answer.text)?.[1]))
      }
    }
    const clients = Array.from({ length: 8 }, client)
    while (acknowledged.length < 30) await new Promise((resolve) => setTimeout(resolve, 5))
    await server.kill()
    await Promise.all(clients)

    const again = await startServer({ directory })
    const { Keys = [] } = await again.kms().send(new ListKeysCommand({ Limit: 1000 }))
    for (const id of acknowledged) assert.ok(Keys.some(({ KeyId }) => KeyId === id))
    await again.stop()
    const recorded = allRecords(directory).filter((record) => record.includes('"eventName":"CreateKey"'))
    assert.equal(recorded.length, Keys.length)
  })
})
