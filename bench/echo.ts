/**
 * The yardstick: a bare `node:http` server that reads a request's body, parses it as JSON, and answers with as many bytes and
 * header lines as the measured server does, under a fresh request id. With a second argument it has as many threads, whose
 * listeners share the port as those of the service's workers do. Run: node bench/echo.ts '{"bodyBytes":…,"headers":…}' [THREADS]
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { AnswerShape } from './answer-shape.ts'
import { parseAnswerShape } from './answer-shape.ts'

// Written by node:http itself or set below, so never copied.
const own = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-amzn-requestid'])

/** Listens at `port`, together with others when `shared`; `ready` is told which port it became. */
function serveEcho(shape: AnswerShape, port: number, shared: boolean, ready: (port: number) => void): void {
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
  server.listen({ host: '127.0.0.1', port, reusePort: shared }, () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    ready(address.port)
  })
}

/** The echo of one thread of several, told by messages. */
interface Share {
  readonly shape: AnswerShape
  readonly port: number
}

function isShare(value: unknown): value is Share {
  return typeof value === 'object' && value !== null && 'shape' in value && 'port' in value
}

async function listening(shape: AnswerShape, port: number): Promise<number> {
  const share: Share = { shape, port }
  const worker = new Worker(new URL(import.meta.url), { workerData: share })
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function main(shape: AnswerShape, threads: number): Promise<void> {
  process.on('SIGTERM', () => process.exit(0))
  const announce = (port: number): void => console.log(`echo: ready on http://127.0.0.1:${port}`)
  if (threads === 1) {
    serveEcho(shape, 0, false, announce)
    return
  }
  const port = await listening(shape, 0)
  await Promise.all(Array.from({ length: threads - 1 }, () => listening(shape, port)))
  announce(port)
}

const share: unknown = workerData
if (isMainThread) {
  await main(parseAnswerShape(process.argv[2] ?? '{"bodyBytes":200,"headers":[]}'), Number(process.argv[3] ?? 1))
} else if (isShare(share)) {
  serveEcho(share.shape, share.port, true, (port) => parentPort?.postMessage(port))
}
