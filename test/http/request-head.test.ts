/** Heads that are read without node:http: only such as have one reading, which is node:http's. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { after, describe, it } from 'node:test'
import { readRequestHead } from '#http/request-head.ts'
import { seededNumbers } from '../crypto/key-fixtures.ts'

const lines = [
  'POST / HTTP/1.1',
  'content-type: application/x-amz-json-1.1',
  'X-Amz-Target: TrentService.Encrypt',
  'content-length: 2',
  'Host: 127.0.0.1:8080',
  'amz-sdk-request: attempt=1; max=3',
  'Connection: Keep-Alive',
]
const textOf = (parts: readonly string[]): string => `${parts.join('\r\n')}\r\n\r\n{}`
const read = (text: string): ReturnType<typeof readRequestHead> => readRequestHead(Buffer.from(text, 'latin1'))
const withLine = (line: string): string => textOf([...lines, line])
const instead = (index: number, line: string): string => textOf(lines.with(index, line))

describe('a request head of the form that SDKs send', () => {
  it('is read as it came, with the length of the body and where it begins', () => {
    for (const text of [textOf(lines), textOf(lines), textOf(lines.slice(0, -1)), instead(1, 'A:b')]) {
      const head = read(text)
      assert.ok(head !== undefined)
      assert.equal(head.contentLength, 2)
      assert.equal(text.slice(head.end), '{}')
      const expected = text.split('\r\n').slice(1, -2)
      assert.deepEqual(
        head.rawHeaders,
        expected.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      )
    }
  })

  it('keeps names as each request writes them, also at places where others stood before', () => {
    assert.equal(read(textOf(lines))?.rawHeaders[2], 'X-Amz-Target')
    assert.equal(read(instead(2, 'x-amz-target: t'))?.rawHeaders[2], 'x-amz-target')
    assert.equal(read(instead(2, 'x-amz-target-2: t'))?.rawHeaders[2], 'x-amz-target-2')
    assert.equal(read(instead(2, 'x-amz: t'))?.rawHeaders[2], 'x-amz')
  })

  it('is of the sizes that requests have', () => {
    assert.ok(read(withLine(`x-amz-security-token: ${'t'.repeat(12_000)}`)) !== undefined)
    assert.equal(read(withLine(`x-amz-security-token: ${'t'.repeat(20_000)}`)), undefined)
    const many = (count: number): string => textOf([...lines, ...Array.from({ length: count }, (_, i) => `a${i}: b`)])
    assert.ok(read(many(90)) !== undefined)
    assert.equal(read(many(100)), undefined)
  })
})

describe('any other request head', () => {
  const others: Record<string, string> = {
    'another method': instead(0, 'GET / HTTP/1.1'),
    'another path': instead(0, 'POST /x HTTP/1.1'),
    'a query': instead(0, 'POST /?a=b HTTP/1.1'),
    'another version': instead(0, 'POST / HTTP/1.0'),
    'two blanks': instead(0, 'POST  / HTTP/1.1'),
    chunks: withLine('Transfer-Encoding: chunked'),
    'an expectation': withLine('Expect: 100-continue'),
    'an upgrade': withLine('Upgrade: h2c'),
    'the end of the connection': instead(6, 'Connection: close'),
    'options of the connection': instead(6, 'Connection: keep-alive, x-amz-target'),
    'a connection to the proxy': withLine('Proxy-Connection: keep-alive'),
    trailers: withLine('Trailer: x'),
    'no length': textOf(lines.toSpliced(3, 1)),
    'two lengths': withLine('Content-Length: 2'),
    'a list of lengths': instead(3, 'Content-Length: 2, 2'),
    'a signed length': instead(3, 'Content-Length: +2'),
    'a length in hex': instead(3, 'Content-Length: 0x2'),
    'a long length': instead(3, 'Content-Length: 00000002'),
    'no host': textOf(lines.toSpliced(4, 1)),
    'two hosts': withLine('host: x'),
    'a folded line': withLine(' folded'),
    'a folded line with a tab': withLine('\tfolded'),
    'a blank before the colon': withLine('X-A : b'),
    'a blank behind the value': withLine('X-A: b '),
    'two blanks before the value': withLine('X-A:  b'),
    'no value': withLine('X-A:'),
    'no value but a blank': withLine('X-A: '),
    'a name of other characters': withLine('X_A: b'),
    'no name': withLine(': b'),
    'no colon': withLine('nothing'),
    'a tab in a value': withLine('X-A: b\tc'),
    'a byte above ASCII': withLine('X-A: b\u00e9'),
    'a zero byte': withLine('X-A: b\u0000'),
    'a deleting byte': withLine('X-A: b\u007f'),
    'a lone line feed in a value': withLine('X-A: b\nTransfer-Encoding: chunked'),
    'a lone carriage return in a value': withLine('X-A: b\rTransfer-Encoding: chunked'),
    'lines that end with a line feed': textOf(lines).replaceAll('\r\n', '\n'),
    'an empty line before': `\r\n${textOf(lines)}`,
    'an end of a line feed': textOf(lines).replace('\r\n\r\n', '\r\n\n'),
    'no end': textOf(lines).slice(0, -4),
    'half an end': textOf(lines).slice(0, -3),
    nothing: '',
  }
  for (const [name, text] of Object.entries(others)) {
    it(`is left to node:http: ${name}`, () => assert.equal(read(text), undefined))
  }
})

describe('what is read of a head', async () => {
  let taken: readonly string[] | undefined
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
    request.on('end', () => {
      taken = [`${request.method ?? ''} ${request.url ?? ''} HTTP/${request.httpVersion}`, ...request.rawHeaders, body]
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { port } = address
  after(() => server.close())

  /** What node:http takes of `text`, when it takes all of it and nothing stays. */
  async function nodeReads(text: string): Promise<readonly string[] | undefined> {
    taken = undefined
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume()
    socket.end(text, 'latin1')
    await once(socket, 'close')
    return taken
  }

  it('is what node:http reads, whatever becomes of single bytes', async () => {
    const seed = randomInt(2 ** 31)
    console.log(`seed ${seed}`)
    const next = seededNumbers(seed)
    const below = (count: number): number => Math.floor(next() * count)
    const pieces = [
      '\r',
      '\n',
      '\r\n',
      ' ',
      ':',
      '\t',
      '\u0000',
      '\u00ff',
      ',',
      '0',
      '3',
      'x',
      'Content-Length: 1\r\n',
      'Host: y\r\n',
    ]
    let both = 0
    for (let round = 0; round < 400; round += 1) {
      const whole = textOf(lines)
      const at = below(whole.length - 2)
      const cut = below(3)
      const text = whole.slice(0, at) + (pieces[below(pieces.length)] ?? '') + whole.slice(at + cut)
      const head = read(text)
      if (head === undefined || text.length !== head.end + head.contentLength) continue
      both += 1
      const expected = ['POST / HTTP/1.1', ...head.rawHeaders, text.slice(head.end)]
      assert.deepEqual(await nodeReads(text), expected, JSON.stringify(text))
    }
    assert.ok(both > 20, `${both} of the heads were read`)
  })
})
