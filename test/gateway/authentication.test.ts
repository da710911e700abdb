/** Signatures over the wire: what is refused, in which words, and where it is written. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { startServer } from '../support/server.ts'
import { amzTime, kmsRequest, presign, send, sign, type RawAnswer, type RawRequest } from '../support/signed-request.ts'

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.'
const minute = 60_000
const scope = { region: 'us-east-1', service: 'kms' }

describe('authentication', async () => {
  const server = await startServer()
  const { credentials, url } = server
  const refusals: { readonly requestId: string; readonly code: string; readonly accessKeyId?: string }[] = []

  const request = kmsRequest('ListKeys', { Limit: 1 })
  const signed = (
    changed: Partial<typeof scope> & { readonly time?: Date; readonly unsigned?: string[] } = {},
  ): RawRequest => sign(request, url, credentials, { ...scope, ...changed })
  const withHeader = (base: RawRequest, name: string, value: string): RawRequest => ({
    ...base,
    headers: { ...base.headers, [name]: value },
  })

  async function refused(raw: RawRequest, code: string, message: string | RegExp, claimed = true): Promise<RawAnswer> {
    const answer = await send(url, raw)
    assert.equal(answer.status, 400, answer.text)
    const body = JSON.parse(answer.text) as { readonly __type: string; readonly message: string }
    assert.deepEqual(Object.keys(body), ['__type', 'message'])
    assert.equal(body.__type, code)
    if (typeof message === 'string') assert.equal(body.message, message)
    else assert.match(body.message, message)
    assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.1')
    const requestId = answer.headers['x-amzn-requestid'] ?? ''
    refusals.push({ requestId, code, ...(claimed ? { accessKeyId: credentials.accessKeyId } : {}) })
    return answer
  }

  it('refuses a signature that is not the one', async () => {
    const right = signed()
    const authorization = right.headers['Authorization'] ?? ''
    const last = authorization.endsWith('0') ? '1' : '0'
    const altered = [
      authorization.slice(0, -1) + last,
      authorization.replace(/Signature=.*/, `Signature=${'0'.repeat(64)}`),
      authorization.replace(/Signature=.*/, `Signature=${'z'.repeat(64)}`),
      authorization.replace(/Signature=(.*)/, (_, signature: string) => `Signature=${signature.toUpperCase()}`),
    ]
    for (const value of altered) {
      await refused(withHeader(right, 'Authorization', value), 'InvalidSignatureException', mismatch)
    }
    const short = withHeader(right, 'Authorization', authorization.replace(/Signature=.*/, 'Signature=short'))
    await refused(short, 'InvalidSignatureException', mismatch, false)
  })

  it('refuses another secret', async () => {
    const wrong = { ...credentials, secretAccessKey: `${credentials.secretAccessKey}x` }
    await refused(sign(request, url, wrong, scope), 'InvalidSignatureException', mismatch)
  })

  it('refuses a body that was changed after it was signed, also by a space', async () => {
    for (const body of ['{"Limit":2}', '{"Limit":1} ', '', '{"Limit":1']) {
      await refused({ ...signed(), body }, 'InvalidSignatureException', mismatch)
    }
  })

  it('refuses a signed header that was changed', async () => {
    const target = withHeader(signed(), 'X-Amz-Target', 'TrentService.CreateKey')
    await refused(target, 'InvalidSignatureException', mismatch)
    await refused(withHeader(signed(), 'Host', 'kms.us-east-1.amazonaws.com'), 'InvalidSignatureException', mismatch)
  })

  it('refuses an added query and another path', async () => {
    await refused({ ...signed(), target: '/?a=b' }, 'InvalidSignatureException', mismatch)
  })

  it('refuses a stated payload hash that is not that of the body', async () => {
    const lying = { ...request, headers: { ...request.headers, 'X-Amz-Content-Sha256': '0'.repeat(64) } }
    await refused(sign(lying, url, credentials, scope), 'InvalidSignatureException', mismatch)
    const unsigned = { ...request, headers: { ...request.headers, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } }
    await refused(sign(unsigned, url, credentials, scope), 'InvalidSignatureException', mismatch)
  })

  it('refuses a target that is not signed', async () => {
    const message = "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."
    await refused(signed({ unsigned: ['x-amz-target'] }), 'InvalidSignatureException', message, false)
  })

  it('refuses a host that is not signed', async () => {
    const message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    await refused(signed({ unsigned: ['host'] }), 'InvalidSignatureException', message, false)
  })

  it('refuses an access key that it does not know', async () => {
    const stranger = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: credentials.secretAccessKey }
    const answer = await send(url, sign(request, url, stranger, scope))
    const message = 'The security token included in the request is invalid.'
    assert.equal(answer.status, 400)
    assert.equal(answer.text, JSON.stringify({ __type: 'UnrecognizedClientException', message }))
  })

  it('refuses a session token, which no key of this version has', async () => {
    const temporary = { ...credentials, sessionToken: 'invented' }
    const message = 'The security token included in the request is invalid.'
    await refused(sign(request, url, temporary, scope), 'UnrecognizedClientException', message)
  })

  it('refuses a request without a signature', async () => {
    const answer = await refused(request, 'MissingAuthenticationTokenException', 'Missing Authentication Token', false)
    assert.equal(
      answer.text,
      '{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}',
    )
  })

  it('refuses an Authorization header of another kind without repeating it', async () => {
    for (const value of ['Basic dXNlcjpwYXNzd29yZA==', 'Bearer token-of-somebody', 'AWS4-HMAC-SHA256 Credential=x']) {
      const answer = await refused(
        withHeader(request, 'Authorization', value),
        'IncompleteSignatureException',
        /^Authorization header requires 'Credential' parameter\. |^Authorization header requires 'Signature' parameter\. /,
        false,
      )
      assert.equal(answer.text.includes(value.slice(6)), false)
    }
  })

  it('refuses a header and a query that both sign', async () => {
    const presigned = presign(request, url, credentials, { ...scope, expires: 60 })
    const both = { ...presigned, headers: { ...presigned.headers, ...signed().headers } }
    const message = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    await refused(both, 'InvalidSignatureException', message, false)
  })

  it('refuses a clock that is more than fifteen minutes behind, and says both times', async () => {
    const time = new Date(Date.now() - 16 * minute)
    const answer = await refused(
      signed({ time }),
      'InvalidSignatureException',
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
    )
    assert.ok(answer.text.includes(`Signature expired: ${amzTime(time)} is`))
    assert.equal((await send(url, signed({ time: new Date(Date.now() - 14 * minute) }))).status, 200)
  })

  it('refuses a clock that is more than fifteen minutes ahead', async () => {
    const time = new Date(Date.now() + 16 * minute)
    const answer = await refused(
      signed({ time }),
      'InvalidSignatureException',
      /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$/,
    )
    assert.ok(answer.text.includes(`Signature not yet current: ${amzTime(time)} is`))
    assert.equal((await send(url, signed({ time: new Date(Date.now() + 14 * minute) }))).status, 200)
  })

  it('sends its own time with every refusal', async () => {
    const { headers } = await refused(
      signed({ time: new Date(0) }),
      'InvalidSignatureException',
      /^Signature expired: /,
    )
    assert.ok(Math.abs(Date.parse(headers['date'] ?? '') - Date.now()) < 5000)
  })

  it('refuses the scope of another service and of another Region', async () => {
    const service = "Credential should be scoped to correct service: 'kms'. "
    await refused(signed({ service: 'sts' }), 'InvalidSignatureException', service)
    const region = "Credential should be scoped to a valid region, not 'eu-west-1'. "
    await refused(signed({ region: 'eu-west-1' }), 'InvalidSignatureException', region)
    await refused(signed({ region: 'eu-west-1', service: 's3' }), 'InvalidSignatureException', region + service)
  })

  it('says nothing of the body before the signature is right', async () => {
    await refused({ ...signed(), body: 'no JSON' }, 'InvalidSignatureException', mismatch)
  })

  it('goes on serving who signs rightly', async () => {
    assert.equal((await send(url, signed())).status, 200)
  })

  it('wrote all of that to the security log and nothing to the trail', async () => {
    const path = join(server.directory, 'security.log')
    const lines = (): readonly Record<string, unknown>[] =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    const last = refusals.at(-1)?.requestId
    for (let waited = 0; waited < 5000 && lines().every(({ requestId }) => requestId !== last); waited += 10) {
      await sleep(10)
    }
    const logged = new Map(lines().map((line) => [line['requestId'], line]))
    for (const { requestId, code, accessKeyId } of refusals) {
      const { time, ...line } = logged.get(requestId) ?? {}
      assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
      assert.deepEqual(line, {
        requestId,
        sourceIp: '127.0.0.1',
        code,
        service: 'kms',
        operation: line['operation'],
        ...(accessKeyId === undefined ? {} : { accessKeyId }),
      })
    }
    const trail = allRecords(server.directory)
    assert.equal(trail.length, 3)
    for (const { requestId } of refusals)
      assert.equal(
        trail.some((record) => record.includes(requestId)),
        false,
      )
  })
})
