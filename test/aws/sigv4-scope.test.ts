import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkScope, type ScopeExpectation, type SigV4Claim } from '#aws/sigv4.ts'
import {
  expectation,
  listUsers,
  noon,
  parsed,
  presigned,
  refused,
  verifies,
  withHeaders,
  type Plain,
} from './sigv4-requests.ts'

describe('checkScope', () => {
  const claim = parsed(listUsers)
  const iam = (change: Partial<ScopeExpectation> = {}): ScopeExpectation => expectation({ service: 'iam', ...change })

  it('accepts clocks that are apart by as much as allowed, either way', () => {
    for (const nowMs of [noon, noon + 900_000, noon + 900_999, noon - 900_000]) {
      assert.equal(checkScope(claim, iam({ nowMs })), undefined)
    }
  })

  it('refuses an old signature', () => {
    assert.deepEqual(checkScope(claim, iam({ nowMs: noon + 901_000 })), {
      refused: true,
      code: 'InvalidSignatureException',
      message: 'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)',
    })
    assert.equal(
      checkScope(claim, iam({ nowMs: noon + 301_000, skewSeconds: 300 }))?.message,
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)',
    )
  })

  it('refuses a signature of the future', () => {
    assert.deepEqual(checkScope(claim, iam({ nowMs: noon - 901_000 })), {
      refused: true,
      code: 'InvalidSignatureException',
      message:
        'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)',
    })
  })

  it('names what is wrong with the scope', () => {
    const message = (change: Partial<SigV4Claim>): string | undefined => {
      const verdict = checkScope({ ...claim, ...change }, iam())
      assert.equal(verdict?.code, 'InvalidSignatureException')
      return verdict.message
    }
    assert.equal(message({ region: 'mars-1' }), "Credential should be scoped to a valid region, not 'mars-1'. ")
    assert.equal(message({ service: 'kms' }), "Credential should be scoped to correct service: 'iam'. ")
    assert.equal(
      message({ terminator: 'aws5_request' }),
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ",
    )
    assert.equal(
      message({ scopeDate: '20150829' }),
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'.",
    )
    assert.equal(
      message({ scopeDate: '2015', region: '', service: 'x', terminator: 'y' }),
      "Credential should be scoped to a valid region, not ''. Credential should be scoped to correct service: 'iam'. Credential should be scoped with a valid terminator: 'aws4_request', not 'y'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '2015' != '20150830', from '20150830T123600Z'.",
    )
  })
})

describe('a presigned request', () => {
  const identity: Plain = {
    method: 'GET',
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: 'sts.us-east-1.amazonaws.com', 'x-k8s-aws-id': 'cluster one' },
    body: Buffer.alloc(0),
  }

  it('verifies GetCallerIdentity with the signed cluster header', async () => {
    const request = await presigned(identity, 60, 'sts', 'to+ken/=')
    const claim = parsed(request)
    assert.deepEqual(claim.presigned, { expiresSeconds: 60 })
    assert.equal(claim.sessionToken, 'to+ken/=')
    assert.deepEqual(claim.signedHeaders, ['host', 'x-k8s-aws-id'])
    assert.equal(verifies(request, Buffer.alloc(0), 'sts'), true)
    const other = withHeaders(request, (headers) => headers.with(headers.indexOf('x-k8s-aws-id') + 1, 'cluster two'))
    assert.equal(verifies(other, Buffer.alloc(0), 'sts'), false)
    for (const changed of ['GetCallerIdentitx', 'Version=2011-06-16', 'Expires=61', 'to%2Bkem']) {
      const from = { GetCallerIdentitx: 'GetCallerIdentity', 'Expires=61': 'Expires=60' }[changed]
      const query = request.query.replace(
        from ?? (changed.startsWith('V') ? 'Version=2011-06-15' : 'to%2Bken'),
        changed,
      )
      assert.notEqual(query, request.query)
      assert.equal(verifies({ ...request, query }, Buffer.alloc(0), 'sts'), false)
    }
  })

  it('is good for STS as long as any other request, for other services as long as it says', async () => {
    const sts = parsed(await presigned(identity, 60, 'sts'))
    assert.equal(checkScope(sts, expectation({ service: 'sts', nowMs: noon + 840_000 })), undefined)
    assert.equal(
      checkScope(sts, expectation({ service: 'sts', nowMs: noon + 901_000 }))?.message,
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)',
    )
    const iam = parsed(await presigned(identity, 120, 'iam'))
    assert.equal(checkScope(iam, expectation({ service: 'iam', nowMs: noon + 120_000 })), undefined)
    assert.deepEqual(checkScope(iam, expectation({ service: 'iam', nowMs: noon + 121_000 })), {
      refused: true,
      code: 'InvalidSignatureException',
      message: 'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123801Z - 2 min.)',
    })
    assert.match(
      checkScope(iam, expectation({ service: 'iam', nowMs: noon - 901_000 }))?.message ?? '',
      /^Signature not yet current: /,
    )
  })

  it('refuses missing and odd parameters, and two signatures at once', async () => {
    const request = await presigned(identity, 60, 'sts', 'token')
    const message = (query: string): string => refused({ ...request, query }).message ?? ''
    assert.equal(
      message('X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host'),
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
    )
    for (const expires of ['0', '604801', '-1', '1e3', '6x']) {
      assert.equal(
        message(request.query.replace('Expires=60', `Expires=${expires}`)),
        'X-Amz-Expires must be a number of seconds between 1 and 604800.',
      )
    }
    assert.equal(
      message(request.query.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')),
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
    )
    const both = withHeaders(request, (headers) => [...headers, ...listUsers.rawHeaders.slice(-2)])
    assert.equal(
      refused(both).message,
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )
    const hidden = withHeaders(request, (headers) => [...headers, 'x-amz-security-token', 'other'])
    assert.equal(refused(hidden).code, 'InvalidSignatureException')
  })
})
