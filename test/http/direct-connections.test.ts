/** Connections whose requests need no node:http, and what becomes of those on which something else comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveDirectly, type DirectOptions } from '#http/direct-connections.ts'
import type { Reply } from '#http/reply.ts'
import type { Answer } from '#gateway/request.ts'

interface Taken {
  readonly by: 'us' | 'node:http'
  readonly body: string
  readonly answer: (text: string) => void
}

const answerOf = (body: string): Answer => ({
  status: 200,
  contentType: 'x/y',
  body,
  errorCode: undefined,
  sensitive: false,
})

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 5) {
    if (what()) return
    await sleep(5)
  }
  assert.fail('it did not come to pass')
}

async function started(t: TestContext, options: Partial<DirectOptions> = {}) {
  const taken: Taken[] = []
  const replies: Reply[] = []
  const faults: (string | undefined)[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
    request.on('end', () => taken.push({ by: 'node:http', body, answer: (text) => response.end(text) }))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    faults.push(error.code)
    socket.destroy()
  })
  const direct = serveDirectly(server, {
    serve: (_head, body, reply) => {
      replies.push(reply)
      const answer = (text: string): void => reply.send('id', answerOf(text), false, 0)
      taken.push({ by: 'us', body: body.toString('latin1'), answer })
    },
    workerHeader: undefined,
    firstRequestMs: 60_000,
    bodyMs: 60_000,
    keepAliveMs: 60_000,
    ...options,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { port } = address
  t.after(() => {
    direct.closeIdle()
    server.closeAllConnections()
    server.close()
  })
  const open = (): { readonly socket: Socket; readonly text: () => string } => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    return { socket, text: () => text }
  }
  return { taken, replies, faults, direct, server, open }
}

const head = (length: number): string => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n`
const request = (body: string): string => `${head(body.length)}\r\n${body}`

describe('a connection of plain requests', () => {
  it('takes bodies that come behind their head, in whatever pieces', async (t) => {
    const { taken, open } = await started(t)
    const { socket, text } = open()
    for (const body of ['one', 'two', 'three']) {
      taken.length = 0
      socket.write(`${head(body.length)}\r\n`)
      await sleep(10)
      for (const piece of body) {
        socket.write(piece)
        await sleep(5)
      }
      await until(() => taken.length === 1)
      assert.deepEqual([taken[0]?.by, taken[0]?.body], ['us', body])
      taken[0]?.answer(`"${body}"`)
      await until(() => text().endsWith(`\r\n\r\n"${body}"`))
    }
  })

  it('answers what comes before the answer to an earlier request afterwards, in order', async (t) => {
    const { taken, open } = await started(t)
    const { socket, text } = open()
    socket.write(request('one'))
    await until(() => taken.length === 1)
    socket.write(request('two'))
    await sleep(20)
    socket.write(request('three'))
    await sleep(20)
    assert.equal(taken.length, 1)
    for (const [index, text] of ['first', 'second', 'third'].entries()) {
      await until(() => taken.length === index + 1)
      taken[index]?.answer(text)
    }
    await until(() => text().includes('third'))
    assert.match(text(), /first.*second.*third/s)
  })

  it('answers a client that has said that it sends nothing more, and ends', async (t) => {
    const { taken, open } = await started(t)
    const { socket, text } = open()
    socket.end(request('one'))
    await until(() => taken.length === 1)
    await sleep(20)
    taken[0]?.answer('first')
    await once(socket, 'end')
    assert.match(text(), /Connection: close\r\n\r\nfirst$/)
  })

  it('ends with the answer that is to be the last', async (t) => {
    const { replies, open } = await started(t)
    const { socket, text } = open()
    socket.write(request('one'))
    await until(() => replies.length === 1)
    replies[0]?.send('id', answerOf('last'), true, 0)
    await once(socket, 'end')
    assert.match(text(), /Connection: close\r\n\r\nlast$/)
  })

  it('ends when nothing is under way on it and that is asked for', async (t) => {
    const { taken, direct, open } = await started(t)
    const busy = open()
    const idle = open()
    idle.socket.write(request('zero'))
    await until(() => taken.length === 1)
    taken[0]?.answer('done')
    await until(() => idle.text().endsWith('done'))
    busy.socket.write(request('one'))
    await until(() => taken.length === 2)
    const closed = once(idle.socket, 'end')
    direct.closeIdle()
    await closed
    taken[1]?.answer('first')
    await until(() => busy.text().endsWith('first'))
  })

  it('sends a large answer whole to a client that reads slowly', async (t) => {
    const { taken, replies, open } = await started(t)
    const { socket, text } = open()
    const body = Buffer.alloc(4 * 1024 * 1024, 0x61)
    for (const small of [1000, 15_000]) {
      taken.length = 0
      replies.length = 0
      socket.pause()
      socket.write(request('one'))
      await until(() => replies.length === 1)
      const sent = body.subarray(0, small)
      const copy = Buffer.from(sent)
      replies[0]?.send('id', { ...answerOf(''), body: copy, sensitive: true }, false, 0)
      assert.ok(copy.every((byte) => byte === 0))
      socket.resume()
      await until(() => text().endsWith(sent.toString('latin1')))
    }
    replies.length = 0
    socket.pause()
    socket.write(request('two'))
    await until(() => replies.length === 1)
    const large = Buffer.from(body)
    replies[0]?.send('id', { ...answerOf(''), body: large, sensitive: true }, false, 0)
    await sleep(20)
    socket.resume()
    await until(() => text().endsWith(body.toString('latin1')))
    await until(() => large.every((byte) => byte === 0))
  })

  it('sends answers that the system does not take at once, and keeps them apart', async (t) => {
    const { replies, open } = await started(t)
    const clients = Array.from({ length: 4 }, open)
    for (const { socket } of clients) socket.pause()
    let expected = ''
    // More than two sockets hold.
    for (let round = 0; round < 400; round += 1) {
      const letter = String.fromCharCode(0x61 + (round % 26))
      const body = letter.repeat(15_000)
      expected += body
      for (const { socket } of clients) socket.write(request('x'))
      await until(() => replies.length === clients.length)
      for (const reply of replies.splice(0)) {
        reply.send('id', { ...answerOf(''), body: Buffer.from(body), sensitive: true }, false, 0)
      }
    }
    for (const { socket } of clients) socket.resume()
    const bodies = (text: string): string => text.replaceAll(/HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\n/g, '')
    for (const { text } of clients) {
      await until(() => text().length >= expected.length && bodies(text()).length === expected.length)
      assert.ok(bodies(text()) === expected)
    }
  })
})

describe('a connection that is slow', () => {
  it('has so long for its first request, and for the rest of a body', async (t) => {
    const { faults, open } = await started(t, { firstRequestMs: 30, bodyMs: 30 })
    await once(open().socket, 'end')
    assert.deepEqual(faults, ['ERR_HTTP_REQUEST_TIMEOUT'])
    const { socket } = open()
    socket.write(`${head(3)}\r\no`)
    await once(socket, 'end')
    assert.deepEqual(faults, ['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_HTTP_REQUEST_TIMEOUT'])
  })

  it('has so long for its next request, and its answers as long as they take', async (t) => {
    const { faults, taken, open } = await started(t, { keepAliveMs: 50 })
    const { socket, text } = open()
    socket.write(request('one'))
    await until(() => taken.length === 1)
    await sleep(200)
    taken[0]?.answer('late')
    await until(() => text().endsWith('late'))
    await once(socket, 'end')
    assert.deepEqual(faults, [])
  })

  it('is told that a body broke off', async (t) => {
    const { faults, open } = await started(t)
    const { socket } = open()
    socket.end(`${head(3)}\r\no`)
    await once(socket, 'close')
    assert.deepEqual(faults, ['HPE_INVALID_EOF_STATE'])
  })
})

describe('a connection on which something else comes', () => {
  it('goes on with node:http, with its first request and with a later one', async (t) => {
    const { taken, open } = await started(t)
    const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n'
    for (const first of [0, 1, 2]) {
      taken.length = 0
      const { socket, text } = open()
      for (let before = 0; before < first; before += 1) {
        socket.write(request('one'))
        await until(() => taken.length === before + 1)
        taken[before]?.answer(`"${before}"`)
        await until(() => text().endsWith(`"${before}"`))
      }
      socket.write(chunked.slice(0, 70))
      await sleep(10)
      socket.write(chunked.slice(70))
      await until(() => taken.length === first + 1)
      assert.deepEqual([taken[first]?.by, taken[first]?.body], ['node:http', 'two'])
      taken[first]?.answer('second')
      await until(() => text().includes('second'))
      socket.write(request('three'))
      await until(() => taken.length === first + 2)
      assert.deepEqual([taken[first + 1]?.by, taken[first + 1]?.body], ['node:http', 'three'])
    }
  })

  it('loses nothing of what came together, nor of what came during an answer', async (t) => {
    const { taken, open } = await started(t)
    const together = open()
    together.socket.write(request('one') + request('two'))
    await until(() => taken.length === 2)
    assert.deepEqual(
      taken.map(({ by, body }) => [by, body]),
      [
        ['node:http', 'one'],
        ['node:http', 'two'],
      ],
    )
    taken.length = 0
    const during = open()
    during.socket.write(request('one'))
    await until(() => taken.length === 1)
    during.socket.write(request('two') + request('three'))
    await sleep(20)
    taken[0]?.answer('first')
    await until(() => taken.length === 3)
    assert.deepEqual(
      taken.map(({ by, body }) => [by, body]),
      [
        ['us', 'one'],
        ['node:http', 'two'],
        ['node:http', 'three'],
      ],
    )
    taken.length = 0
    const behind = open()
    behind.socket.write(`${head(3)}\r\no`)
    await sleep(20)
    behind.socket.write(`ne${request('two')}`)
    await until(() => taken.length === 2)
    assert.deepEqual(
      taken.map(({ body }) => body),
      ['one', 'two'],
    )
  })
})
