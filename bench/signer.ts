import { createHmac, hash, randomUUID } from 'node:crypto'

/** What a request is signed with. */
export interface SigningIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
  readonly region: string
}

/** A signed request: its header lines in sending order, and its body (ASCII JSON). */
export interface SignedRequest {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Signs a KMS request: `at` is the moment of signing, `invocationId` what makes otherwise equal requests distinct. */
export type Signer = (operation: string, body: string, at?: Date, invocationId?: string) => SignedRequest

const namesBeforeToken =
  'amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date'
const namesAfterToken = 'x-amz-target;x-amz-user-agent'
const contentType = 'application/x-amz-json-1.1'
const attempt = 'attempt=1; max=3'
const agent = 'aws-sdk-js/3.1162.0'
const fullAgent = `${agent} ua/2.1 os/linux#6.12.0 lang/js md/nodejs#26.10.0 api/kms#3.1162.0 m/N,E,e`

/** The SigV4 signing key of one day (AWS, "Create a signed AWS API request", step 4). */
export function signingKey(identity: SigningIdentity, day: string, service = 'kms'): Buffer {
  let key = createHmac('sha256', `AWS4${identity.secretAccessKey}`).update(day).digest()
  for (const part of [identity.region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
  return key
}

/**
 * A signer for the server at `host` (`name:port`). It sends and signs the headers that the AWS SDK for JavaScript v3 sends
 * and signs, because a server's cost grows with the number of headers: a leaner request would flatter the measurement.
 */
export function createSigner(identity: SigningIdentity, host: string): Signer {
  const { sessionToken } = identity
  const tokenLine = sessionToken === undefined ? '' : `x-amz-security-token:${sessionToken}\n`
  const tokenName = sessionToken === undefined ? '' : ';x-amz-security-token'
  const signedNames = `${namesBeforeToken}${tokenName};${namesAfterToken}`
  let day = ''
  let key = Buffer.alloc(0)
  return (operation, body, at = new Date(), invocationId = randomUUID()) => {
    const moment = at.toISOString().replace(/[-:]|\.\d+/g, '')
    if (!moment.startsWith(day) || day === '') {
      day = moment.slice(0, 8)
      key = Buffer.from(signingKey(identity, day))
    }
    const target = `TrentService.${operation}`
    const digest = hash('sha256', body, 'hex')
    const scope = `${day}/${identity.region}/kms/aws4_request`
    const canonical =
      `POST\n/\n\namz-sdk-invocation-id:${invocationId}\namz-sdk-request:${attempt}\n` +
      `content-length:${body.length}\ncontent-type:${contentType}\nhost:${host}\nx-amz-content-sha256:${digest}\n` +
      `x-amz-date:${moment}\n${tokenLine}x-amz-target:${target}\nx-amz-user-agent:${agent}\n\n${signedNames}\n${digest}`
    const toSign = `AWS4-HMAC-SHA256\n${moment}\n${scope}\n${hash('sha256', canonical, 'hex')}`
    const signature = createHmac('sha256', key).update(toSign).digest('hex')
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scope}, ` +
      `SignedHeaders=${signedNames}, Signature=${signature}`
    return {
      headers: [
        ['content-type', contentType],
        ['x-amz-target', target],
        ['content-length', String(body.length)],
        ['x-amz-user-agent', agent],
        ['user-agent', fullAgent],
        ['host', host],
        ['amz-sdk-invocation-id', invocationId],
        ['amz-sdk-request', attempt],
        ['x-amz-date', moment],
        ['x-amz-content-sha256', digest],
        ...(sessionToken === undefined ? [] : [['x-amz-security-token', sessionToken] as const]),
        ['authorization', authorization],
        ['connection', 'keep-alive'],
      ],
      body,
    }
  }
}

/** The bytes of `request` as HTTP/1.1 puts them on the wire (all ASCII). */
export function rawRequest(request: SignedRequest): string {
  let text = 'POST / HTTP/1.1\r\n'
  for (const [name, value] of request.headers) text += `${name}: ${value}\r\n`
  return `${text}\r\n${request.body}`
}
