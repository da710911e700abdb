/**
 * A client of one socket that sends exactly the bytes it is given and takes the answer apart itself: fast enough for a
 * hundred thousand requests beside the server, and blind to what an HTTP library would repair.
 */
import { createHash, createHmac, hash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { AccessKey } from './program.ts'

export interface WireAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** The connection ended before a whole answer was there. */
export class ConnectionEnded extends Error {
  /** What came before the end. */
  readonly received: Buffer
  constructor(message: string, received: Buffer) {
    super(message)
    this.name = 'ConnectionEnded'
    this.received = received
  }
}

const nothing = Buffer.alloc(0)
const headEnd = Buffer.from('\r\n\r\n')
const emptyChunk = Buffer.from('0\r\n\r\n')

/** The answer at the front of `bytes` with its length; undefined when it is not whole yet. Throws on what is no HTTP. */
export function parseAnswer(bytes: Buffer): { readonly answer: WireAnswer; readonly length: number } | undefined {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 ([1-5][0-9]{2}) [\x20-\x7e]*$/.exec(first)?.[1])
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(first)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a header: ${JSON.stringify(line)}`)
    headers.set(name.toLowerCase(), value)
  }
  const start = end + headEnd.length
  // 100 Continue has no body and is not the answer.
  if (status < 200) {
    const rest = parseAnswer(bytes.subarray(start))
    return rest === undefined ? undefined : { answer: rest.answer, length: start + rest.length }
  }
  // What Node answers by itself (no Host, an unknown expectation) has an empty body in chunks.
  if (headers.get('transfer-encoding') === 'chunked') {
    const last = start + emptyChunk.length
    if (bytes.length < last) return undefined
    if (!bytes.subarray(start, last).equals(emptyChunk)) throw new Error(`an answer in chunks: ${first}`)
    return { answer: { status, headers, body: nothing }, length: last }
  }
  const declared = headers.get('content-length')
  if (declared === undefined) throw new Error(`an answer without Content-Length: ${first}`)
  const length = start + Number(declared)
  if (bytes.length < length) return undefined
  return { answer: { status, headers, body: bytes.subarray(start, length) }, length }
}

interface Waiting {
  resolve(answer: WireAnswer): void
  reject(reason: Error): void
}

/** One keep-alive connection, one request at a time. */
export class Wire {
  readonly #socket: Socket
  #received: Buffer = nothing
  #waiting: Waiting | undefined
  #ended = false
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
      this.#deliver()
    })
    // A reset is followed by 'close', which tells whoever waits.
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true
        const waiting = this.#waiting
        this.#waiting = undefined
        waiting?.reject(new ConnectionEnded('the connection ended before an answer', this.#received))
        resolve()
      })
    })
    socket.on('end', () => {
      this.#ended = true
    })
  }

  static open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: false })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Wire(socket))
      })
    })
  }

  get usable(): boolean {
    return !this.#ended && this.#socket.writable
  }

  /** Bytes that nobody asked for. */
  get surplus(): Buffer {
    return this.#received
  }

  /** Sends `bytes` and waits for the one answer. Rejects with ConnectionEnded. */
  exchange(bytes: Buffer | string): Promise<WireAnswer> {
    const answer = this.answer()
    this.#socket.write(bytes)
    return answer
  }

  /** Sends without waiting for an answer. */
  write(bytes: Buffer | string): void {
    this.#socket.write(bytes)
  }

  /** The next answer. */
  answer(): Promise<WireAnswer> {
    if (this.#waiting !== undefined) throw new Error('one request at a time')
    return new Promise((resolve, reject) => {
      if (!this.usable) {
        reject(new ConnectionEnded('the connection has ended', this.#received))
        return
      }
      this.#waiting = { resolve, reject }
    })
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #deliver(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    try {
      const parsed = parseAnswer(this.#received)
      if (parsed === undefined) return
      this.#received = this.#received.subarray(parsed.length)
      this.#waiting = undefined
      waiting.resolve(parsed.answer)
    } catch (error) {
      this.#waiting = undefined
      waiting.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

export interface Signing {
  readonly key: AccessKey
  readonly host: string
  readonly region: string
  readonly service: string
  /** When it is signed; default: now. */
  readonly at?: Date
}

const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** Signs requests (IAM User Guide, "Create a signed AWS API request"), sharing nothing with the code under test. */
export class Signer {
  readonly #signing: Signing
  #day = ''
  #signingKey: Buffer = nothing

  constructor(signing: Signing) {
    this.#signing = signing
  }

  get host(): string {
    return this.#signing.host
  }

  /** Header lines (`host` included) with the signature over all of `headers` and the body. Names in lower case. */
  headers(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    query = '',
  ): Record<string, string> {
    const { key, host, region, service, at = new Date() } = this.#signing
    const date = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const day = date.slice(0, 8)
    if (day !== this.#day) {
      this.#day = day
      this.#signingKey = [region, service, 'aws4_request'].reduce(mac, mac(`AWS4${key.secretAccessKey}`, day))
    }
    const token = key.sessionToken === undefined ? {} : { 'x-amz-security-token': key.sessionToken }
    const all: Record<string, string> = { ...token, ...headers, host, 'x-amz-date': date }
    const names = Object.keys(all).sort()
    const signedHeaders = names.join(';')
    let canonical = `${method}\n${path}\n${query}\n`
    for (const name of names) canonical += `${name}:${(all[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`
    canonical += `\n${signedHeaders}\n${hash('sha256', body)}`
    const scope = `${day}/${region}/${service}/aws4_request`
    const digest = createHash('sha256').update(canonical, 'latin1').digest('hex')
    const signature = mac(this.#signingKey, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`).toString('hex')
    all['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
    return all
  }

  /** A whole signed AWS JSON request. */
  json(operation: string, body: unknown): Buffer {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const headers = this.headers(
      'POST',
      '/',
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
      bytes,
    )
    return requestBytes('POST', '/', headers, bytes)
  }
}

/** A request as it goes over the wire; Content-Length is added unless `headers` frame the body themselves. */
export function requestBytes(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Buffer {
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (const name in headers) head += `${name}: ${headers[name] ?? ''}\r\n`
  if (!('content-length' in headers) && !('transfer-encoding' in headers)) head += `content-length: ${body.length}\r\n`
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body])
}

/** The error code of an answer: `__type` of AWS JSON, `Code` of AWS Query; undefined for success. */
export function errorCode({ status, headers, body }: WireAnswer): string | undefined {
  if (status === 200) return undefined
  const text = body.toString('utf8')
  const found =
    headers.get('content-type')?.startsWith('text/xml') === true
      ? /<Code>([A-Za-z.]+)<\/Code>/.exec(text)?.[1]
      : /"__type":"(?:[^"#]*#)?([A-Za-z]+)"/.exec(text)?.[1]
  return found ?? `HTTP ${status}`
}

/** A client of KMS over one connection, which is opened again when the server closed it. */
export class KmsWire {
  readonly signer: Signer
  readonly #url: string
  #wire: Wire | undefined

  constructor(url: string, key: AccessKey, region: string) {
    this.#url = url
    this.signer = new Signer({ key, host: new URL(url).host, region, service: 'kms' })
  }

  async send(operation: string, body: unknown): Promise<WireAnswer> {
    if (this.#wire?.usable !== true) this.#wire = await Wire.open(this.#url)
    return this.#wire.exchange(this.signer.json(operation, body))
  }

  /** The members of a success; throws what the server refused with. */
  async call(operation: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await this.send(operation, body)
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.body.toString('utf8')}`)
    return answer.body.length === 0 ? {} : members(answer)
  }

  /** The error code that `operation` is refused with, or 'success'. */
  async code(operation: string, body: unknown): Promise<string> {
    return errorCode(await this.send(operation, body)) ?? 'success'
  }

  close(): void {
    this.#wire?.destroy()
    this.#wire = undefined
  }
}

/** The JSON object in an answer. */
export function members({ body }: WireAnswer): Record<string, unknown> {
  const value: unknown = JSON.parse(body.toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error('the answer is no JSON object')
  return Object.fromEntries(Object.entries(value))
}

/** A member that must be a text. */
export function textOf(value: Readonly<Record<string, unknown>>, name: string): string {
  const member = value[name]
  if (typeof member !== 'string') throw new Error(`${name} is no text`)
  return member
}

/** Creates a key and answers its id. */
export async function createKey(
  client: Pick<KmsWire, 'call'>,
  input: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { KeyMetadata } = await client.call('CreateKey', input)
  if (typeof KeyMetadata !== 'object' || KeyMetadata === null) throw new Error('no KeyMetadata')
  return textOf(Object.fromEntries(Object.entries(KeyMetadata)), 'KeyId')
}
