/** Signed requests for the tests of the verifier: the SDK's own signer is the oracle. */
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { isRefusal, type Refusal } from '#aws/errors.ts'
import {
  checkScope,
  parseAuthorization,
  signingKey,
  verifySignature,
  type ScopeExpectation,
  type SignedRequest,
  type SigV4Claim,
} from '#aws/sigv4.ts'

export const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const noon = Date.UTC(2015, 7, 30, 12, 36, 0)

/** The SDK's hash constructor, made of Node's: the oracle shares no code with the verifier. */
class NodeSha256 {
  readonly #secret: Parameters<typeof createHmac>[1] | undefined
  #data: Buffer[] = []
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    if (typeof key === 'string') this.#secret = key
    else if (ArrayBuffer.isView(key)) this.#secret = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
    else if (key !== undefined) this.#secret = Buffer.from(key)
  }
  update(data: Uint8Array): void {
    this.#data.push(Buffer.from(data))
  }
  digest(): Promise<Uint8Array> {
    const hasher = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
    return Promise.resolve(hasher.update(Buffer.concat(this.#data)).digest())
  }
  reset(): void {
    this.#data = []
  }
}

export interface Plain {
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const signer = (service: string, sessionToken?: string): SignatureV4 =>
  new SignatureV4({
    service,
    region: 'us-east-1',
    sha256: NodeSha256,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret, ...(sessionToken ? { sessionToken } : {}) },
  })

const wire = (request: { method: string; path: string; query?: unknown; headers: Record<string, string> }) => ({
  method: request.method,
  path: request.path,
  query: Object.entries((request.query ?? {}) as Record<string, string>)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&'),
  rawHeaders: Object.entries(request.headers).flat(),
})

const toSign = (plain: Plain) => ({ ...plain, protocol: 'https:', hostname: 'localhost' })

export async function signed(plain: Plain, service = 'kms', token?: string): Promise<SignedRequest> {
  return wire(await signer(service, token).sign(toSign(plain), { signingDate: new Date(noon) }))
}

export async function presigned(
  plain: Plain,
  expiresIn: number,
  service: string,
  token?: string,
): Promise<SignedRequest> {
  const options = { signingDate: new Date(noon), expiresIn, unhoistableHeaders: new Set(['x-amz-target']) }
  return wire(await signer(service, token).presign(toSign(plain), options))
}

export const expectation = (change: Partial<ScopeExpectation> = {}): ScopeExpectation => ({
  service: 'kms',
  regions: new Set(['us-east-1', 'eu-west-1']),
  nowMs: noon,
  skewSeconds: 900,
  ...change,
})

const key = (service: string) => signingKey(Buffer.from(secret), '20150830', 'us-east-1', service)
export const keys = { kms: key('kms'), sts: key('sts'), iam: key('iam') }

export function parsed(request: SignedRequest): SigV4Claim {
  const claim = parseAuthorization(request)
  if (isRefusal(claim)) assert.fail(`refused: ${claim.code} ${claim.message ?? ''}`)
  return claim
}
export function refused(request: SignedRequest): Refusal {
  const claim = parseAuthorization(request)
  if (!isRefusal(claim)) assert.fail('not refused')
  return claim
}
export function verifies(request: SignedRequest, body: Buffer, service: 'kms' | 'sts' | 'iam' = 'kms'): boolean {
  const claim = parseAuthorization(request)
  // The id itself is not signed: it names the secret, and any other names another.
  if (isRefusal(claim) || !['AKIDEXAMPLE', 'AKID'].includes(claim.accessKeyId)) return false
  return checkScope(claim, expectation({ service })) === undefined && verifySignature(claim, body, keys[service])
}

export const body = Buffer.from('{"KeyId":"alias/a","Plaintext":"AAAA"}')
export const encryptRequest: Plain = {
  method: 'POST',
  path: '/',
  query: {},
  headers: {
    host: 'localhost:8736',
    'content-type': 'application/x-amz-json-1.1',
    'content-length': String(body.length),
    'x-amz-target': 'TrentService.Encrypt',
    'amz-sdk-request': 'attempt=1; max=3',
  },
  body,
}

export function withHeaders(request: SignedRequest, change: (headers: string[]) => string[]): SignedRequest {
  return { ...request, rawHeaders: change([...request.rawHeaders]) }
}
export function withAuthorization(request: SignedRequest, change: (value: string) => string): SignedRequest {
  return withHeaders(request, (headers) =>
    headers.map((text, index) => (headers[index - 1]?.toLowerCase() === 'authorization' ? change(text) : text)),
  )
}

/** A repeatable stream of whole numbers below `limit` (mulberry32). */
export function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

export const listUsers: SignedRequest = {
  method: 'GET',
  path: '/',
  query: 'Action=ListUsers&Version=2010-05-08',
  rawHeaders: [
    'Host',
    'iam.amazonaws.com',
    'Content-Type',
    'application/x-www-form-urlencoded; charset=utf-8',
    'X-Amz-Date',
    '20150830T123600Z',
    'Authorization',
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  ],
}
