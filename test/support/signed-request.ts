/**
 * A signer of its own (IAM User Guide, "Create a signed AWS API request") over node:http, which shares nothing with the
 * code under test: tests send exact bytes with it and read the exact answer.
 */
import { createHash, createHmac } from 'node:crypto'
import { request as httpRequest, type Agent } from 'node:http'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What to send; `headers` without `host`. */
export interface RawRequest {
  readonly method: string
  /** Path and query, as they go over the wire. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

export interface Scope {
  readonly region: string
  readonly service: string
  /** Default: now. */
  readonly time?: Date
  /** Headers to leave out of the signature. */
  readonly unsigned?: readonly string[]
}

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; a repeated one is joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly text: string
}

const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** `20261122T090807Z` */
export function amzTime(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&')
}

interface Signature {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
}

function signatureOf(
  request: RawRequest,
  host: string,
  credentials: Credentials,
  scope: Scope,
  date: string,
): Signature {
  const [path = '/', query = ''] = request.target.split('?')
  const left = new Set((scope.unsigned ?? []).map((name) => name.toLowerCase()))
  const headers = Object.entries({ ...request.headers, host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/ +/g, ' ')] as const)
    .filter(([name]) => !left.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const signedHeaders = headers.map(([name]) => name).join(';')
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = [request.method, path, canonicalQuery(query), lines, signedHeaders, hash(request.body)].join('\n')
  const day = date.slice(0, 8)
  const credentialScope = `${day}/${scope.region}/${scope.service}/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${date}\n${credentialScope}\n${hash(canonical)}`
  const key = [day, scope.region, scope.service, 'aws4_request'].reduce<string | Buffer>(
    (made, part) => mac(made, part),
    `AWS4${credentials.secretAccessKey}`,
  )
  const credential = `${credentials.accessKeyId}/${credentialScope}`
  return { credential, signedHeaders, signature: mac(key, text).toString('hex') }
}

/** `request` for the server at `url`, signed in an Authorization header. */
export function sign(request: RawRequest, url: string, credentials: Credentials, scope: Scope): RawRequest {
  const date = amzTime(scope.time ?? new Date())
  const token = credentials.sessionToken
  const headers = {
    ...request.headers,
    'X-Amz-Date': date,
    ...(token === undefined ? {} : { 'X-Amz-Security-Token': token }),
  }
  const dated = { ...request, headers }
  const { credential, signedHeaders, signature } = signatureOf(dated, new URL(url).host, credentials, scope, date)
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
  return { ...dated, headers: { ...headers, Authorization: authorization } }
}

/** `request` (its target has no X-Amz-* parameters yet) for the server at `url`, signed in the query. */
export function presign(
  request: RawRequest,
  url: string,
  credentials: Credentials,
  scope: Scope & { readonly expires: number },
): RawRequest {
  const date = amzTime(scope.time ?? new Date())
  const names = Object.keys({ ...request.headers, host: '' }).map((name) => name.toLowerCase())
  const parameters = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${date.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(scope.expires),
    'X-Amz-SignedHeaders': names.sort().join(';'),
  })
  const joint = request.target.includes('?') ? '&' : '?'
  const target = `${request.target}${joint}${[...parameters].map(([name, value]) => `${name}=${escaped(value)}`).join('&')}`
  const dated = { ...request, target }
  const { signature } = signatureOf(dated, new URL(url).host, credentials, scope, date)
  return { ...dated, target: `${target}&X-Amz-Signature=${signature}` }
}

/** Sends `request` as it stands and reads the whole answer. */
export async function send(url: string, request: RawRequest, agent?: Agent): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const outgoing = httpRequest(
    {
      hostname,
      port,
      method: request.method,
      path: request.target,
      headers: { Host: host, 'Content-Length': Buffer.byteLength(request.body), ...request.headers },
      agent: agent ?? false,
    },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const headers = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')])
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body,
          text: body.toString('utf8'),
        })
      })
    },
  )
  outgoing.on('error', reject)
  outgoing.end(request.body)
  return promise
}

/** An unsigned AWS JSON request of KMS. */
export function kmsRequest(operation: string, body: unknown): RawRequest {
  return {
    method: 'POST',
    target: '/',
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `TrentService.${operation}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

/** An unsigned form of the Query protocol. */
export function queryRequest(parameters: Readonly<Record<string, string>>): RawRequest {
  return {
    method: 'POST',
    target: '/',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams(parameters).toString(),
  }
}
