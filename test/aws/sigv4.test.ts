import assert from 'node:assert/strict'
import { createHash, createHmac, randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { isRefusal } from '#aws/errors.ts'
import { checkScope, parseAuthorization, verifySignature, type SignedRequest } from '#aws/sigv4.ts'
import {
  body,
  encryptRequest,
  expectation,
  keys,
  listUsers,
  noon,
  numbers,
  parsed,
  refused,
  secret,
  signed,
  verifies,
  withAuthorization,
  withHeaders,
  type Plain,
} from './sigv4-requests.ts'

describe('a signature in the Authorization header', () => {
  it("verifies the documentation's ListUsers example", () => {
    const claim = parsed(listUsers)
    assert.equal(claim.accessKeyId, 'AKIDEXAMPLE')
    assert.equal(claim.scope, '20150830/us-east-1/iam/aws4_request')
    assert.equal(claim.region, 'us-east-1')
    assert.equal(claim.service, 'iam')
    assert.equal(claim.timeMs, noon)
    assert.deepEqual(claim.signedHeaders, ['content-type', 'host', 'x-amz-date'])
    assert.equal(claim.presigned, undefined)
    assert.equal(claim.payloadHash, undefined)
    assert.equal(verifySignature(claim, Buffer.alloc(0), keys.iam), true)
    assert.equal(verifySignature(claim, Buffer.from('x'), keys.iam), false)
    assert.equal(verifySignature(claim, Buffer.alloc(0), keys.sts), false)
  })

  it('takes the Authorization header with or without spaces, in any order', () => {
    for (const change of [
      (value: string) => value.replaceAll(', ', ','),
      (value: string) => value.replaceAll(', ', ',   '),
      () =>
        'AWS4-HMAC-SHA256 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7,SignedHeaders=x-amz-date;host;content-type,Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request',
    ]) {
      assert.equal(verifies(withAuthorization(listUsers, change), Buffer.alloc(0), 'iam'), true)
    }
  })

  it('takes spaces around and within header values for what signers make of them', () => {
    const spaced = withHeaders(listUsers, (headers) =>
      headers.map((text) =>
        text.startsWith('application/') ? '  application/x-www-form-urlencoded;    charset=utf-8 ' : text,
      ),
    )
    assert.equal(verifies(spaced, Buffer.alloc(0), 'iam'), true)
  })

  it('takes the host of an HTTP/2 request from :authority', () => {
    const second = withHeaders(listUsers, (headers) => headers.map((text) => (text === 'Host' ? ':authority' : text)))
    assert.equal(verifies(second, Buffer.alloc(0), 'iam'), true)
    const both = withHeaders(second, (headers) => [...headers, 'host', 'iam.amazonaws.com'])
    assert.equal(verifies(both, Buffer.alloc(0), 'iam'), true)
    const differing = withHeaders(second, (headers) => [...headers, 'host', 'sts.amazonaws.com'])
    assert.equal(refused(differing).message, "The request has more than one 'host' header.")
  })

  it('verifies random requests of the SDK signer and refuses each after any change', async (t) => {
    const seed = randomInt(2 ** 32)
    t.diagnostic(`seed ${seed}`)
    const below = numbers(seed)
    const pick = (alphabet: string, length: number): string =>
      Array.from({ length }, () => alphabet[below(alphabet.length)] ?? '').join('')
    const visible = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')
    for (let round = 0; round < 200; round++) {
      const content = Buffer.from(pick(visible, below(200)))
      const plain: Plain = {
        method: 'POST',
        path: ['/', '/a/b', '/a%20b/~c/', '/../x/./y//z', '/%C3%A4+(1)'][below(5)] ?? '/',
        query: Object.fromEntries(
          Array.from({ length: below(4) }, (_, index) => [
            `${index}${pick(visible, below(5))}`,
            pick(visible, below(9)),
          ]),
        ),
        headers: {
          ...encryptRequest.headers,
          'content-length': String(content.length),
          'X-Amz-Meta': `m${pick(visible, below(20))}`,
          ...(below(2) === 0 ? { 'x-amz-content-sha256': createHash('sha256').update(content).digest('hex') } : {}),
        },
        body: content,
      }
      const token = below(2) === 0 ? undefined : `token+${pick('abc/=', 40)}`
      const request = await signed(plain, 'kms', token)
      assert.equal(verifies(request, content), true, JSON.stringify(request))
      assert.equal(parsed(request).sessionToken, token)
      if (content.length > 0) {
        const changed = Buffer.from(content)
        const at = below(content.length)
        changed[at] = (changed[at] ?? 0) ^ (1 << below(8))
        assert.equal(verifies(request, changed), false)
      }
      assert.equal(verifies(request, Buffer.concat([content, Buffer.of(below(256))])), false)
      assert.equal(verifies({ ...request, method: 'PUT' }, content), false)
      assert.equal(verifies({ ...request, path: `${request.path}q` }, content), false)
      assert.equal(verifies({ ...request, query: `${request.query}&added=1` }, content), false)
    }
  })

  it('refuses every change of one byte in path, query, header values, signature and scope', async () => {
    const request = await signed({ ...encryptRequest, path: '/a/b', query: { Action: 'x', b: '1' } }, 'kms', 'TOKEN')
    assert.equal(verifies(request, body), true)
    const variants = function* (text: string): Generator<string> {
      for (let at = 0; at < text.length; at++) {
        for (const bit of [1, 2, 16]) {
          yield text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ bit) + text.slice(at + 1)
        }
        yield text.slice(0, at) + text.slice(at + 1)
      }
    }
    let tried = 0
    for (const path of variants(request.path)) assert.equal(verifies({ ...request, path }, body), false, path)
    for (const query of variants(request.query)) assert.equal(verifies({ ...request, query }, body), false, query)
    for (const [index, text] of request.rawHeaders.entries()) {
      if (index % 2 === 0) continue
      for (const changed of variants(text)) {
        // A space after a comma of the Authorization header means nothing.
        if (changed === text.replace(', ', ',') || changed === text.replace(/(.*), /, '$1,')) continue
        const other = withHeaders(request, (headers) => headers.with(index, changed))
        assert.equal(verifies(other, body), false, `${request.rawHeaders[index - 1] ?? ''}: ${changed}`)
        tried++
      }
    }
    assert.ok(tried > 1000)
  })

  it('refuses a header name that was changed, removed or added within what must be signed', async () => {
    const request = await signed(encryptRequest, 'kms', 'TOKEN')
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const name = request.rawHeaders[index] ?? ''
      assert.equal(
        verifies(
          withHeaders(request, (headers) => headers.with(index, `${name}x`)),
          body,
        ),
        false,
        name,
      )
      assert.equal(
        verifies(
          withHeaders(request, (headers) => headers.toSpliced(index, 2)),
          body,
        ),
        false,
        name,
      )
      assert.equal(
        verifies(
          withHeaders(request, (headers) => headers.with(index, name.toUpperCase())),
          body,
        ),
        true,
        name,
      )
    }
    const traced = withHeaders(request, (headers) => [...headers, 'X-Amzn-Trace-Id', 'Root=1', 'User-Agent', 'a'])
    assert.equal(verifies(traced, body), true)
    const added = withHeaders(request, (headers) => [...headers, 'X-Amz-Acl', 'public'])
    assert.equal(refused(added).message, "'x-amz-acl' must be a 'SignedHeader' in the AWS Authorization.")
  })

  it('joins repeated signed headers by commas, as one list', async () => {
    const request = await signed({ ...encryptRequest, headers: { ...encryptRequest.headers, 'x-list': 'one,two' } })
    const apart = withHeaders(request, (headers) => {
      const at = headers.indexOf('x-list')
      return [...headers.toSpliced(at, 2), 'X-List', 'one ', 'x-list', ' two']
    })
    assert.equal(verifies(apart, body), true)
  })

  it('covers bytes beyond ASCII as they came', () => {
    const value = 'caf\u00e9 \u00ff'
    const canonical = `POST\n/%25E4%E4\n\nhost:h\nx-amz-date:20150830T123600Z\nx-amz-note:${value}\n\nhost;x-amz-date;x-amz-note\n${createHash('sha256').update(body).digest('hex')}`
    const hashed = createHash('sha256').update(Buffer.from(canonical, 'latin1')).digest('hex')
    const scope = '20150830/us-east-1/kms/aws4_request'
    let link: Buffer = Buffer.from(`AWS4${secret}`)
    for (const step of [...scope.split('/'), `AWS4-HMAC-SHA256\n20150830T123600Z\n${scope}\n${hashed}`]) {
      link = createHmac('sha256', link).update(step).digest()
    }
    const request = (note: string): SignedRequest => ({
      method: 'POST',
      path: '/%E4\u00e4',
      query: '',
      rawHeaders: [
        'host',
        'h',
        'x-amz-date',
        '20150830T123600Z',
        'x-amz-note',
        note,
        'authorization',
        `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=host;x-amz-date;x-amz-note, Signature=${link.toString('hex')}`,
      ],
    })
    assert.equal(verifies(request(value), body), true)
    assert.equal(verifies(request('cafe \u00ff'), body), false)
    assert.equal(refused(request('caf\u01e9 \u00ff')).message, 'The request holds control characters.')
  })

  it('takes the Date header, in both its forms, when there is no X-Amz-Date', () => {
    const scope = '20150830/us-east-1/kms/aws4_request'
    for (const [date, valid] of [
      ['20150830T123600Z', true],
      ['Sun, 30 Aug 2015 12:36:00 GMT', true],
      ['Mon, 30 Aug 2015 12:36:00 GMT', false],
      ['30 Aug 2015', false],
    ] as const) {
      const canonical = `POST\n/\n\ndate:${date}\nhost:h\n\ndate;host\n${createHash('sha256').update(body).digest('hex')}`
      const hashed = createHash('sha256').update(canonical).digest('hex')
      let link: Buffer = Buffer.from(`AWS4${secret}`)
      for (const step of [...scope.split('/'), `AWS4-HMAC-SHA256\n20150830T123600Z\n${scope}\n${hashed}`]) {
        link = createHmac('sha256', link).update(step).digest()
      }
      const authorization = `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=date;host, Signature=${link.toString('hex')}`
      const rawHeaders = ['Host', 'h', 'Date', date, 'Authorization', authorization]
      assert.equal(verifies({ method: 'POST', path: '/', query: '', rawHeaders }, body), valid, date)
    }
  })

  it('refuses a payload that claims to be unsigned or streamed, or whose stated hash is not its own', async () => {
    for (const stated of ['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', '0'.repeat(64)]) {
      const request = await signed({
        ...encryptRequest,
        headers: { ...encryptRequest.headers, 'x-amz-content-sha256': stated },
      })
      assert.equal(parsed(request).payloadHash, stated)
      assert.equal(verifies(request, body), false)
    }
  })
})

describe('any input', () => {
  it('gets a verdict and never an exception', (t) => {
    const seed = randomInt(2 ** 32)
    t.diagnostic(`seed ${seed}`)
    const below = numbers(seed)
    const pieces = [
      ...listUsers.rawHeaders,
      ...'\u0000|\n|\r|\t| |  |,|;|/|=|%|%zz|%41|+|&|?|:|\u00e4|\u20ac|\ud800|x-amz-|date|..|.|\u007f'.split('|'),
      'X-Amz-Signature=',
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      'Credential=',
      'SignedHeaders=',
      'Signature=',
      'authorization',
      ':authority',
      'x'.repeat(5000),
    ]
    const any = (): string => pieces[below(pieces.length)] ?? ''
    const mangled = (text: string): string => {
      let result = text
      for (let times = below(3); times > 0; times--) {
        const at = below(result.length + 1)
        result = result.slice(0, at) + (below(2) === 0 ? any() : '') + result.slice(at + below(4))
      }
      return result
    }
    let accepted = 0
    for (let round = 0; round < 20_000; round++) {
      const rawHeaders =
        below(4) === 0
          ? Array.from({ length: below(12) }, any)
          : listUsers.rawHeaders.map((text) => (below(6) === 0 ? mangled(text) : text))
      const request = {
        method: below(5) === 0 ? any() : 'GET',
        path: below(5) === 0 ? any() + any() : '/',
        query: below(3) === 0 ? mangled(`${any()}&${any()}`) : listUsers.query,
        rawHeaders: below(9) === 0 ? rawHeaders.slice(1) : rawHeaders,
      }
      const claim = parseAuthorization(request)
      if (isRefusal(claim)) continue
      checkScope(claim, expectation({ service: 'iam' }))
      if (verifySignature(claim, Buffer.alloc(0), keys.iam)) accepted++
    }
    assert.ok(accepted > 0, 'some inputs were left as they were')
  })
})
