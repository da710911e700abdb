/**
 * The yardstick: a bare `node:http` server that reads a request's body, parses it as JSON, and answers with as many bytes and
 * header lines as the measured server does, under a fresh request id. With a second argument it has as many threads, whose
 * listeners share the port as those of the service's workers do. With a third argument it also signs each request's body with an
 * RSA-2048 key, on Node's own threads, before it answers: what is left then of the rate of bare signatures is all that a server
 * of this kind could reach. Run: node bench/echo.ts '{"bodyBytes":…,"headers":…}' [THREADS [signs]]
 */
import { constants, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { AnswerShape } from './answer-shape.ts'
import { parseAnswerShape } from './answer-shape.ts'

// Written by node:http itself or set below, so never copied.
const own = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-amzn-requestid'])

/** What is done with a request's body before its answer. */
type Work = (body: Buffer, then: () => void) => void

const nothing: Work = (_body, then) => then()

function signing(): Work {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const padded = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return (body, then) => {
    sign('sha256', body, padded, (failure) => {
      if (failure !== null) throw failure
      then()
    })
  }
}

/** Listens at `port`, together with others when `shared`; `ready` is told which port it became. */
function serveEcho(shape: AnswerShape, port: number, shared: boolean, work: Work, ready: (port: number) => void): void {
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
      work(body, () => {
        const id = randomUUID()
        response.sendDate = has('date')
        if (!has('connection')) response.removeHeader('connection')
        response.writeHead(200, named ? { ...headers, 'x-amzn-requestid': id } : headers)
        response.end(answer)
      })
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
  readonly signs: boolean
}

function isShare(value: unknown): value is Share {
  return typeof value === 'object' && value !== null && 'shape' in value && 'port' in value && 'signs' in value
}

async function listening(share: Share): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: share })
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function main(shape: AnswerShape, threads: number, signs: boolean): Promise<void> {
  process.on('SIGTERM', () => process.exit(0))
  const announce = (port: number): void => console.log(`echo: ready on http://127.0.0.1:${port}`)
  if (threads === 1) {
    serveEcho(shape, 0, false, signs ? signing() : nothing, announce)
    return
  }
  const port = await listening({ shape, port: 0, signs })
  await Promise.all(Array.from({ length: threads - 1 }, () => listening({ shape, port, signs })))
  announce(port)
}

const share: unknown = workerData
if (isMainThread) {
  const [shape = '{"bodyBytes":200,"headers":[]}', threads = '1', signs] = process.argv.slice(2)
  await main(parseAnswerShape(shape), Number(threads), signs === 'signs')
} else if (isShare(share)) {
  serveEcho(share.shape, share.port, true, share.signs ? signing() : nothing, (port) => parentPort?.postMessage(port))
}
