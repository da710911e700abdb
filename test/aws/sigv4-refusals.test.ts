import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { type SignedRequest } from '#aws/sigv4.ts'
import {
  encryptRequest,
  listUsers,
  refused,
  signed,
  verifies,
  withAuthorization,
  withHeaders,
} from './sigv4-requests.ts'

describe('what is refused before any key is looked up', () => {
  it('refuses a request without authentication', () => {
    const bare = withHeaders(listUsers, (headers) => headers.slice(0, -2))
    assert.deepEqual(refused(bare), {
      refused: true,
      code: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    })
  })

  it('names all that the Authorization header lacks, and quotes it only as a hash', () => {
    const request = {
      method: 'POST',
      path: '/',
      query: '',
      rawHeaders: ['host', 'h', 'authorization', 'Basic c2VjcmV0'],
    }
    const { code, message } = refused(request)
    assert.equal(code, 'IncompleteSignatureException')
    assert.equal(
      message,
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=" +
        createHash('sha256').update('Basic c2VjcmV0').digest('base64'),
    )
    const some = withAuthorization(listUsers, () => 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=')
    assert.match(
      refused(some).message ?? '',
      /^Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\. \(Hashed/,
    )
  })

  it('refuses malformed Authorization headers', () => {
    const cases: [RegExp, (value: string) => string][] = [
      [
        /^Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'\.$/,
        (v) => v.replace('HMAC-SHA256', 'ECDSA-P256-SHA256'),
      ],
      [/^Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'\.$/, (v) => v.replace('SHA256', 'SHA512')],
      [/^Invalid key=value pair \(missing equal-sign\)/, (v) => v.replace('Signature=', 'Signature')],
      [/^Invalid key=value pair/, () => 'AWS4-HMAC-SHA256 '],
      [/unknown or repeated parameter/, (v) => `${v}, Signature=${'0'.repeat(64)}`],
      [/unknown or repeated parameter/, (v) => `${v}, Extra=1`],
      [/malformed or names a header twice/, (v) => v.replace('host;', 'host;host;')],
      [/malformed or names a header twice/, (v) => v.replace('host;', 'Host;')],
      [/malformed or names a header twice/, (v) => v.replace('host;', 'host;;')],
      [
        /^Credential must have exactly 5 slash-delimited elements, e\.g\. keyid\/date\/region\/service\/term, got 'AKIDEXAMPLE'$/,
        (v) => v.replace('/20150830/us-east-1/iam/aws4_request', ''),
      ],
      [/^Credential must have exactly 5/, (v) => v.replace('aws4_request', 'aws4_request/x')],
      [/not printable/, (v) => v.replace('us-east-1', 'us east-1')],
    ]
    for (const [message, change] of cases) {
      const verdict = refused(withAuthorization(listUsers, change))
      assert.equal(verdict.code, 'IncompleteSignatureException')
      assert.match(verdict.message ?? '', message)
    }
  })

  it('refuses an access key id that none could have as an unknown one', () => {
    const verdict = refused(withAuthorization(listUsers, (value) => value.replace('AKIDEXAMPLE', 'a b')))
    assert.equal(verdict.code, 'UnrecognizedClientException')
    assert.equal(verdict.message, 'The security token included in the request is invalid.')
  })

  it('refuses a signature of another length', () => {
    const verdict = refused(withAuthorization(listUsers, (value) => value.slice(0, -1)))
    assert.equal(verdict.code, 'InvalidSignatureException')
    assert.equal(
      verdict.message,
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  })

  it('refuses a signature in capitals', () => {
    const capitals = withAuthorization(listUsers, (value) => value.slice(0, -64) + value.slice(-64).toUpperCase())
    assert.equal(verifies(capitals, Buffer.alloc(0), 'iam'), false)
  })

  it('refuses an unsigned host, target, date or security token', async () => {
    const unsigned = (name: string): SignedRequest =>
      withAuthorization(listUsers, (value) => value.replace(`;${name}`, ''))
    assert.deepEqual(refused(unsigned('host')), {
      refused: true,
      code: 'InvalidSignatureException',
      message: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    })
    assert.equal(
      refused(unsigned('x-amz-date')).message,
      "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.",
    )
    const request = await signed(encryptRequest)
    for (const name of ['x-amz-target', 'X-Amz-Target']) {
      const bare = withAuthorization(request, (value) => value.replace(';x-amz-target', ''))
      const renamed = withHeaders(bare, (headers) => headers.map((text) => (text === 'x-amz-target' ? name : text)))
      assert.equal(refused(renamed).message, "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.")
    }
    const tokened = withHeaders(request, (headers) => [...headers, 'X-Amz-Security-Token', 't'])
    assert.equal(refused(tokened).code, 'InvalidSignatureException')
  })

  it('refuses an unsigned Date header where there is no other', () => {
    const dated = withHeaders(
      withAuthorization(listUsers, (value) => value.replace(';x-amz-date', '')),
      (headers) => headers.map((text) => (text === 'X-Amz-Date' ? 'Date' : text)),
    )
    assert.equal(refused(dated).message, "'date' must be a 'SignedHeader' in the AWS Authorization.")
    const undated = withHeaders(dated, (headers) => headers.map((text) => (text === 'Date' ? 'Dated' : text)))
    assert.match(
      refused(undated).message ?? '',
      /^Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header\. \(Hashed/,
    )
  })

  it('refuses repeated headers that must be unique', async () => {
    const request = await signed(encryptRequest, 'kms', 'TOKEN')
    for (const name of [
      'host',
      'content-type',
      'x-amz-date',
      'x-amz-target',
      'x-amz-security-token',
      'authorization',
    ]) {
      const at = request.rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
      const value = name === 'host' ? 'other' : (request.rawHeaders[at + 1] ?? '')
      for (const spelling of [name, name.toUpperCase()]) {
        const twice = withHeaders(request, (headers) => [...headers, spelling, value])
        assert.equal(refused(twice).code, 'IncompleteSignatureException', name)
        assert.match(refused(twice).message ?? '', /^The request has more than one /)
      }
    }
  })

  it('refuses control characters that could pose as further lines', () => {
    for (const value of ['a\nx-amz-date:20150830T123600Z', 'a\r', 'a\u0000', 'a\tb', 'a\u007f', '\n']) {
      const broken = withHeaders(listUsers, (headers) =>
        headers.map((text) => (text === 'iam.amazonaws.com' ? value : text)),
      )
      assert.equal(refused(broken).message, 'The request holds control characters.', JSON.stringify(value))
    }
    assert.equal(refused({ ...listUsers, method: 'GET\n/' }).message, 'The request holds control characters.')
    assert.equal(refused({ ...listUsers, path: '/a\nb' }).message, 'The path of the request is malformed.')
  })

  it('refuses a query that is malformed or names a parameter twice', () => {
    for (const query of ['a=%', 'a=%zz', 'a=1&a=2', 'a=1&%61=2', 'a=\n', 'a b=c']) {
      assert.equal(
        refused({ ...listUsers, query }).message,
        'The query string is malformed or names a parameter more than once.',
        query,
      )
    }
  })

  it('refuses dates that are malformed or do not exist', () => {
    for (const date of ['2015-08-30T12:36:00Z', '20150230T000000Z', '20150830T240000Z', '20150830T123660Z', '']) {
      const odd = withHeaders(listUsers, (headers) =>
        headers.map((text) => (text === '20150830T123600Z' ? date : text)),
      )
      assert.equal(
        refused(odd).message,
        `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      )
    }
  })
})
