/** What the listener does with answers, whoever gives them and whatever becomes of the client. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BoundService, Respond } from '#gateway/bound-service.ts'
import type { Answer, IncomingRequest } from '#gateway/request.ts'
import { createListener } from '#http/listener.ts'
import { systemRandom } from '../../src/system.ts'

interface Taken {
  readonly request: IncomingRequest
  readonly respond: Respond
}

const taken: Taken[] = []
const failures: unknown[] = []
let service: (request: IncomingRequest, respond: Respond) => void = (request, respond) => {
  taken.push({ request, respond })
}

// A service of the test's own: what it answers, and how often, is what the listener must survive.
const bound: BoundService = {
  name: 'kms',
  protocol: { kind: 'aws-json', targetPrefix: 'Test' },
  operations: ['Do'],
  has: () => true,
  run: (_operation, request, respond) => service(request, respond),
  runNamed: () => assert.fail('no request of this file is a form'),
  isUnsigned: () => false,
  runUnsigned: () => assert.fail('no request of this file is without a signature'),
  runForwarded: () => assert.fail('no request of this file comes from a service'),
  refuse: () => assert.fail('no request of this file is unknown'),
}

type SensitiveAnswer = Extract<Answer, { readonly body: Buffer }>

const answer = (over: Partial<SensitiveAnswer> = {}): SensitiveAnswer => ({
  status: 200,
  contentType: 'application/x-amz-json-1.1',
  body: Buffer.from('{"Plaintext":"c2VjcmV0"}'),
  errorCode: undefined,
  sensitive: true,
  ...over,
})
const isZero = (buffer: Buffer): boolean => buffer.every((byte) => byte === 0)

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 5) {
    if (what()) return
    await sleep(5)
  }
  assert.fail('it did not come to pass')
}

describe('the listener', async () => {
  const { server } = createListener({
    services: [bound],
    random: systemRandom(),
    securityLog: { refused: () => undefined },
    tls: undefined,
    endpoint: undefined,
    trustedProxies: undefined,
    metrics: false,
    workerHeader: undefined,
    renderMetrics: () => Promise.resolve(''),
    notReady: () => undefined,
    draining: () => false,
    answered: () => undefined,
    failed: (_requestId, error) => failures.push(error),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { port } = address
  after(() => server.close())

  function open(): { readonly socket: Socket; readonly text: () => string } {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => undefined)
    return { socket, text: () => Buffer.concat(chunks).toString('latin1') }
  }
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Test.Do\r\n'
  const request = (body: string): string => `${head}Content-Length: ${body.length}\r\n\r\n${body}`

  /** Sends `bytes` and answers what the service is given of them. */
  async function take(socket: Socket, bytes: string, count = 1): Promise<readonly Taken[]> {
    taken.length = 0
    socket.write(bytes)
    await until(() => taken.length === count)
    return [...taken]
  }

  it('answers once, whatever a service does, and goes on', async () => {
    const { socket, text } = open()
    const [first] = await take(socket, request('{}'))
    first?.respond(answer())
    await until(() => text().includes('c2VjcmV0'))
    failures.length = 0
    const second = answer()
    first?.respond(second)
    assert.match(String(failures[0]), /answered twice/)
    assert.ok(isZero(second.body))
    socket.destroy()
  })

  it('closes the connection when an answer can not be written, and serves others', async () => {
    for (const broken of [answer({ contentType: 'a\r\nb: c' }), answer({ status: 99 })]) {
      failures.length = 0
      const { socket, text } = open()
      const [only] = await take(socket, request('{}'))
      only?.respond(broken)
      await once(socket, 'close')
      assert.equal(failures.length, 1)
      assert.equal(text(), '')
      assert.ok(isZero(broken.body))
    }
    failures.length = 0
    const throwing = open()
    const before = service
    service = () => {
      throw new Error('a defect')
    }
    throwing.socket.write(request('{}'))
    await once(throwing.socket, 'close')
    service = before
    assert.match(String(failures[0]), /a defect/)
    const { socket, text } = open()
    const [later] = await take(socket, request('{}'))
    later?.respond(answer())
    await until(() => text().includes('HTTP/1.1 200 OK'))
    socket.destroy()
  })

  it('answers text with the number of its bytes, whatever its characters', async () => {
    const { socket, text } = open()
    for (const [body, length] of [
      ['{"KeyId":"k"}', 13],
      ['{"Description":"é€😀"}', 27],
      ['', 0],
    ] as const) {
      const [only] = await take(socket, request('{}'))
      const before = text().length
      only?.respond({ status: 200, contentType: 'x/y', body, errorCode: undefined, sensitive: false })
      await until(() => Buffer.from(text().slice(before), 'latin1').toString('utf8').endsWith(`\r\n\r\n${body}`))
      assert.match(text().slice(before), new RegExp(`^HTTP/1.1 200 OK\r\n(?:.+\r\n)*Content-Length: ${length}\r\n`))
    }
    socket.destroy()
  })

  it('answers with the same head, whether node:http has read the request or not', async () => {
    const { socket, text } = open()
    const heads: string[] = []
    for (const bytes of [request('{}'), `${head}TE: trailers\r\nContent-Length: 2\r\n\r\n{}`]) {
      const before = text().length
      const [only] = await take(socket, bytes)
      only?.respond(answer())
      await until(() => text().slice(before).endsWith('"c2VjcmV0"}'))
      heads.push(
        text()
          .slice(before)
          .replace(/RequestId: .*/, 'RequestId: ')
          .replace(/Date: .*/, 'Date: '),
      )
    }
    assert.equal(heads[0], heads[1])
    assert.match(heads[0] ?? '', /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n/)
    socket.destroy()
  })

  it('asks for a host, and for the body that a client announces', async () => {
    const lines = head.split('\r\n')
    const { socket, text } = open()
    socket.write(`${[lines[0], ...lines.slice(2)].join('\r\n')}Content-Length: 2\r\n\r\n{}`)
    await until(() => text().startsWith('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n'))
    socket.destroy()
    const announcing = open()
    taken.length = 0
    announcing.socket.write(`${head}eXpect: 100-Continue\r\nContent-Length: 2\r\n\r\n`)
    await until(() => announcing.text() === 'HTTP/1.1 100 Continue\r\n\r\n')
    announcing.socket.write('{}')
    await until(() => taken.length === 1)
    announcing.socket.destroy()
    const other = open()
    other.socket.write(`${head}Expect: much\r\nContent-Length: 2\r\n\r\n{}`)
    await until(() => other.text().startsWith('HTTP/1.1 417 '))
    other.socket.destroy()
  })

  it('overwrites a plaintext when it has left, and when the client has', async () => {
    const { socket, text } = open()
    const [sent] = await take(socket, request('{}'))
    const left = answer()
    sent?.respond(left)
    await until(() => text().includes('c2VjcmV0') && isZero(left.body))
    // Large enough to be on its way when the client goes.
    const [aborted] = await take(socket, request('{}'))
    const large = answer({ body: Buffer.alloc(16 * 1024 * 1024, 0x61) })
    socket.pause()
    aborted?.respond(large)
    await sleep(50)
    assert.ok(!isZero(large.body))
    socket.resetAndDestroy()
    await until(() => isZero(large.body))

    const gone = open()
    const [unanswered] = await take(gone.socket, request('{}'))
    gone.socket.resetAndDestroy()
    await sleep(50)
    const late = answer()
    unanswered?.respond(late)
    await until(() => isZero(late.body))
  })

  it('overwrites plaintexts that wait for earlier answers when the client goes', async () => {
    const { socket } = open()
    const [, second] = await take(socket, request('{}') + request('{}'), 2)
    const waiting = answer()
    second?.respond(waiting)
    assert.ok(!isZero(waiting.body))
    socket.resetAndDestroy()
    await until(() => isZero(waiting.body))
  })

  it('overwrites the body of a request that is refused, also one that came in pieces', async () => {
    const { socket } = open()
    const body = '{"Plaintext":"c2VjcmV0"}'
    const pieces = Array.from(body, (each) => `1\r\n${each}\r\n`).join('')
    for (const bytes of [request(body), `${head}Transfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`]) {
      const [only] = await take(socket, bytes)
      assert.equal(only?.request.body.toString('latin1'), body)
      only.respond(answer({ status: 400, errorCode: 'InvalidSignatureException', sensitive: false }))
      assert.ok(isZero(only.request.body))
    }
    socket.destroy()
  })

  it('gives the answers to requests that garbage follows in their order, however they come', async () => {
    const { socket, text } = open()
    const [first, second] = await take(socket, `${request('{}')}${request('{}')}nonsense\r\n\r\n`, 2)
    second?.respond(answer({ body: Buffer.from('"second"'), sensitive: false }))
    await sleep(20)
    assert.equal(text(), '')
    first?.respond(answer({ body: Buffer.from('"first"'), sensitive: false }))
    await once(socket, 'close')
    assert.match(text(), /^HTTP\/1\.1 200 OK\r\n.*"first"HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*"second"$/s)
  })
})
