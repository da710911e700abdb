/**
 * The yardstick: a bare `node:http` server that reads a request's body, parses it as JSON, and answers with as many bytes and
 * header lines as the measured server does, under a fresh request id. Run: node bench/echo.ts '{"bodyBytes":…,"headers":…}'
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AnswerShape } from './answer-shape.ts'
import { parseAnswerShape } from './answer-shape.ts'

// Written by node:http itself or set below, so never copied.
const own = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-amzn-requestid'])

function serveEcho(shape: AnswerShape): void {
  const has = (name: string): boolean => shape.headers.some(([candidate]) => candidate === name)
  const answer = `{"Echo":"${'e'.repeat(Math.max(0, shape.bodyBytes - 11))}"}`
  const copied = Object.fromEntries(shape.headers.filter(([name]) => !own.has(name)))
  const headers = { ...copied, 'content-length': answer.length }
  const named = has('x-amzn-requestid')
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
    })
    request.on('end', () => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
      JSON.parse(body.toString())
      const id = randomUUID()
      response.sendDate = has('date')
      if (!has('connection')) response.removeHeader('connection')
      response.writeHead(200, named ? { ...headers, 'x-amzn-requestid': id } : headers)
      response.end(answer)
    })
  })
  // Zero would also leave out the Keep-Alive header; the connections live as long as a drive either way.
  server.keepAliveTimeout = has('keep-alive') ? 120_000 : 0
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    console.log(`echo: ready on http://127.0.0.1:${address.port}`)
  })
  process.on('SIGTERM', () => process.exit(0))
}

serveEcho(parseAnswerShape(process.argv[2] ?? '{"bodyBytes":200,"headers":[]}'))
