/** Microseconds for one verification of a typical request: parse, check the scope, verify. */
import { createHash, createHmac } from 'node:crypto'
import { isRefusal } from '#aws/errors.ts'
import { checkScope } from '#aws/sigv4-scope.ts'
import { parseAuthorization, signingKey, verifySignature, type SignedRequest } from '#aws/sigv4.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const date = '20260801T120000Z'
const nowMs = Date.UTC(2026, 7, 1, 12, 0, 1)
const body = Buffer.from(
  JSON.stringify({ KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab', Plaintext: Buffer.alloc(32).toString('base64') }),
)
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const key = signingKey(Buffer.from(secret), date.slice(0, 8), 'us-east-1', 'kms')
const expectation = { service: 'kms', regions: new Set(['us-east-1']), nowMs, skewSeconds: 900 }

function sign(headers: readonly (readonly [string, string])[], unsigned: readonly string[]): SignedRequest {
  const names = headers.map(([name]) => name.toLowerCase()).sort()
  const values = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
  const lines = names.map((name) => `${name}:${values.get(name) ?? ''}\n`).join('')
  const canonical = `POST\n/\n\n${lines}\n${names.join(';')}\n${sha256(body)}`
  const scope = `${date.slice(0, 8)}/us-east-1/kms/aws4_request`
  const steps = [...scope.split('/'), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`]
  const signature = steps.reduce<Buffer>(
    (link, step) => createHmac('sha256', link).update(step).digest(),
    Buffer.from(`AWS4${secret}`),
  )
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`
  return {
    method: 'POST',
    path: '/',
    query: '',
    rawHeaders: [...headers.flat(), 'Authorization', authorization, ...unsigned],
  }
}

const token = 'IQoJb3JpZ2luX2VjEXAMPLE'.repeat(16)
const sdk = sign(
  [
    ['content-type', 'application/x-amz-json-1.1'],
    ['x-amz-target', 'TrentService.Encrypt'],
    ['amz-sdk-invocation-id', '8f14e45f-ceea-4672-a1b2-1234567890ab'],
    ['amz-sdk-request', 'attempt=1; max=3'],
    ['x-amz-user-agent', 'aws-sdk-js/3.1162.0'],
    ['host', '127.0.0.1:8736'],
    ['content-length', String(body.length)],
    ['x-amz-date', date],
    ['x-amz-content-sha256', sha256(body)],
    ['x-amz-security-token', token],
  ],
  [
    'user-agent',
    'aws-sdk-js/3.1162.0 ua/2.1 os/linux lang/js md/nodejs#26.10.0 api/kms#3.1162.0',
    'Connection',
    'keep-alive',
  ],
)
const cli = sign(
  [
    ['Host', '127.0.0.1:8736'],
    ['X-Amz-Target', 'TrentService.Encrypt'],
    ['Content-Type', 'application/x-amz-json-1.1'],
    ['X-Amz-Date', date],
    ['X-Amz-Security-Token', token],
  ],
  [
    'Accept-Encoding',
    'identity',
    'User-Agent',
    'aws-cli/2.30.0 md/awscrt#0.27 ua/2.1 os/linux md/arch#x86_64 lang/python#3.13',
    'Content-Length',
    String(body.length),
  ],
)

// Strings made anew for each request, as the HTTP parser makes them: interned ones would flatter the map look-ups.
function fresh(request: SignedRequest, rounds: number): SignedRequest[] {
  const texts = JSON.stringify(request.rawHeaders)
  return Array.from({ length: rounds }, () => ({
    ...request,
    rawHeaders: (JSON.parse(texts) as string[]).map((text) => Buffer.from(text, 'latin1').toString('latin1')),
  }))
}

function measure(name: string, request: SignedRequest, run: (request: SignedRequest) => boolean): void {
  let best = Infinity
  for (let round = 0; round < 1000; round++) {
    const requests = fresh(request, 200)
    const start = process.hrtime.bigint()
    for (const each of requests) if (!run(each)) throw new Error('the benchmark signs wrongly')
    best = Math.min(best, Number(process.hrtime.bigint() - start) / requests.length / 1000)
  }
  console.log(`${name.padEnd(36)} ${best.toFixed(2)} µs`)
}

const parses = (request: SignedRequest): boolean => !isRefusal(parseAuthorization(request))
const verifies = (request: SignedRequest): boolean => {
  const claim = parseAuthorization(request)
  return !isRefusal(claim) && checkScope(claim, expectation) === undefined && verifySignature(claim, body, key)
}

measure('JS SDK, 10 signed headers: parse', sdk, parses)
measure('JS SDK, 10 signed headers: all', sdk, verifies)
measure('CLI, 5 signed headers: parse', cli, parses)
measure('CLI, 5 signed headers: all', cli, verifies)
