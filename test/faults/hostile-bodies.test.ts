/** Bodies that no client sends: each is refused as AWS refuses it, is not logged, and disturbs nobody else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { killAll, launch, makeDirectory, readAccessKey, region, removeDirectory, type Program } from './program.ts'
import { ConnectionEnded, createKey, errorCode, KmsWire, requestBytes, textOf, Wire, type WireAnswer } from './wire.ts'

const secret = 'Zq5HostileSecret'

describe('a hostile body', () => {
  let directory: string
  let server: Program
  let url: string
  let client: KmsWire
  let other: KmsWire
  let KeyId: string
  let slow: Promise<readonly [string, string, number][]>

  before(async () => {
    directory = makeDirectory()
    server = launch({ directory, workers: 1 })
    url = await server.ready
    client = new KmsWire(url, readAccessKey(directory), region)
    other = new KmsWire(url, readAccessKey(directory), region)
    KeyId = await createKey(client)
    // These take half a minute, during which the others run.
    slow = Promise.all([
      dribble('a body that never ends', client.signer.json('ListKeys', { x: secret }).subarray(0, -5)),
      dribble('headers that never end', Buffer.from(`POST / HTTP/1.1\r\nhost: x\r\nx-${secret}: 1\r\n`)),
      dribble(
        'a chunk that never ends',
        Buffer.from('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nff\r\nab'),
      ),
    ])
  })
  after(async () => {
    await killAll()
    removeDirectory(directory)
  })

  /** Sends the beginning of a request and nothing more: the answer, and after how many seconds. */
  async function dribble(name: string, bytes: Buffer): Promise<[string, string, number]> {
    const wire = await Wire.open(url)
    const started = performance.now()
    const answer = await wire.exchange(bytes)
    const seconds = (performance.now() - started) / 1000
    await wire.closed
    return [name, `${answer.status}`, seconds]
  }

  /** `answer` to `bytes` on a connection of their own; undefined when it was only closed. */
  async function raw(bytes: Buffer, finish = false): Promise<WireAnswer | undefined> {
    const wire = await Wire.open(url)
    try {
      const answer = wire.exchange(bytes)
      if (finish) wire.finish()
      return await answer
    } catch (error) {
      if (error instanceof ConnectionEnded) return undefined
      throw error
    } finally {
      wire.destroy()
    }
  }

  async function requireUnharmed(): Promise<void> {
    const output = await other.call('Encrypt', { KeyId, Plaintext: 'AAAA' })
    assert.ok(textOf(output, 'CiphertextBlob').length > 100)
  }

  const deep = (depth: number): string => `{"KeyId":"k","x":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const text = (json: string): Buffer => Buffer.from(json, 'utf8')

  const notJson: readonly (readonly [string, Buffer])[] = [
    ['random bytes', Buffer.from('00ff80c1fe9f93', 'hex')],
    ['zero bytes', Buffer.alloc(64)],
    ['a text that ends early', text(`{"KeyId":"${secret}`)],
    ['an object that ends early', text(`{"KeyId":"${secret}"`)],
    ['two objects', text('{}{}')],
    ['something behind the object', text(`{} ${secret}`)],
    ['a zero byte behind the object', text('{}\u0000')],
    ['an array', text('[]')],
    ['a text', text(`"${secret}"`)],
    ['null', text('null')],
    ['white space only', text('   ')],
    ['single quotes', text(`{'KeyId':'${secret}'}`)],
    ['a comment', text('{/* */}')],
    ['a comma too many', text('{"KeyId":"x",}')],
    ['a byte order mark', text('\ufeff{}')],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['bytes that are no UTF-8', Buffer.concat([text('{"KeyId":"'), Buffer.from([0xc3, 0x28]), text('"}')])],
    ['an encoded surrogate', Buffer.concat([text('{"KeyId":"'), Buffer.from([0xed, 0xa0, 0x80]), text('"}')])],
    ['a lone high surrogate', text(`{"KeyId":"${secret}\\ud800"}`)],
    ['a lone low surrogate', text('{"KeyId":"\\udc00"}')],
    ['surrogates the wrong way round', text('{"KeyId":"\\udc00\\ud800"}')],
    ['a lone surrogate in a name', text('{"\\ud800":1}')],
    ['a line feed in a text', text('{"KeyId":"a\nb"}')],
    ['an unknown escape', text('{"KeyId":"\\x41"}')],
    ['a leading zero', text('{"Limit":01}')],
    ['NaN', text('{"Limit":NaN}')],
    ['a member twice', text(`{"KeyId":"${secret}","KeyId":"x"}`)],
    ['a member twice, once escaped', text('{"KeyId":"a","\\u004beyId":"b"}')],
    ['an unknown member twice', text('{"x":1,"x":2}')],
    ['__proto__ twice', text('{"__proto__":1,"__proto__":2}')],
    ['a name twice in a map', text('{"KeyId":"x","Plaintext":"AAAA","EncryptionContext":{"a":"1","a":"2"}}')],
    ['100 levels', text(deep(100))],
    ['200,000 levels', text(deep(200_000))],
    ['200,000 open brackets', text(`{"x":${'['.repeat(200_000)}`)],
    ['100,000 open braces', text('{"x":'.repeat(100_000))],
    ['a number as a text', text('{"KeyId":5}')],
    ['a text as a blob that is no base64', text(`{"KeyId":"x","Plaintext":"${secret}!"}`)],
    ['base64 without its padding', text('{"KeyId":"x","Plaintext":"AAA"}')],
    ['base64 with bits behind its end', text('{"KeyId":"x","Plaintext":"AAB="}')],
    ['base64 of URLs', text('{"KeyId":"x","Plaintext":"__--"}')],
    ['a number as a blob', text('{"KeyId":"x","Plaintext":12}')],
    ['a text as a map', text('{"KeyId":"x","Plaintext":"AAAA","EncryptionContext":"a"}')],
    ['null in a map', text('{"KeyId":"x","Plaintext":"AAAA","EncryptionContext":{"a":null}}')],
    ['a list in a map', text('{"KeyId":"x","Plaintext":"AAAA","EncryptionContext":{"a":[]}}')],
  ]
  for (const [name, body] of notJson) {
    it(`is refused with SerializationException: ${name}`, async () => {
      const answer = await client.send('Encrypt', body)
      assert.equal(answer.status, 400)
      assert.equal(answer.body.toString('utf8'), '{"__type":"SerializationException"}')
      await requireUnharmed()
    })
  }

  it('changes nothing of any object by __proto__ and constructor', async () => {
    const body = text(
      '{"__proto__":{"Limit":0,"polluted":true},"constructor":{"prototype":{"polluted":true}},"Limit":1}',
    )
    const output = await client.call('ListKeys', body)
    assert.equal(Array.isArray(output['Keys']) && output['Keys'].length, 1)
    const context = '{"__proto__":"a","constructor":"b","toString":"c"}'
    const made = await client.call(
      'Encrypt',
      text(`{"KeyId":"${KeyId}","Plaintext":"AAAA","EncryptionContext":${context}}`),
    )
    const blob = textOf(made, 'CiphertextBlob')
    const back = await client.call('Decrypt', text(`{"CiphertextBlob":"${blob}","EncryptionContext":${context}}`))
    assert.equal(back['Plaintext'], 'AAAA')
    assert.equal(await client.code('Decrypt', { CiphertextBlob: blob }), 'InvalidCiphertextException')
    const without = '{"constructor":"b","toString":"c"}'
    assert.equal(
      await client.code('Decrypt', text(`{"CiphertextBlob":"${blob}","EncryptionContext":${without}}`)),
      'InvalidCiphertextException',
    )
    assert.equal((await client.call('ListKeys', {}))['polluted'], undefined)
  })

  for (const type of ['text/plain', 'application/json', 'application/x-amz-json-1.0', 'text/xml', '', '\u00ff']) {
    it(`is refused with SerializationException when its content type is ${JSON.stringify(type)}`, async () => {
      const headers = { 'content-type': type, 'x-amz-target': 'TrentService.ListKeys' }
      const body = text('{}')
      const answer = await raw(requestBytes('POST', '/', client.signer.headers('POST', '/', headers, body), body))
      assert.equal(answer?.status, 400)
      assert.equal(errorCode(answer), 'SerializationException')
      await requireUnharmed()
    })
  }

  it('is refused without being read when it is larger than 512 KiB, announced or not', async () => {
    const big = Buffer.alloc(512 * 1024 + 1, 0x20)
    const announced = await raw(client.signer.json('ListKeys', big))
    assert.equal(announced?.status, 413)
    assert.equal(errorCode(announced), 'RequestEntityTooLargeException')
    const headers = client.signer.headers(
      'POST',
      '/',
      {
        'x-amz-target': 'TrentService.ListKeys',
        'content-type': 'application/x-amz-json-1.1',
        'transfer-encoding': 'chunked',
      },
      big,
    )
    const chunks = Buffer.concat([text(`${big.length.toString(16)}\r\n`), big, text('\r\n0\r\n\r\n')])
    const chunked = await raw(requestBytes('POST', '/', headers, chunks))
    assert.equal(chunked?.status, 413)
    const huge = await raw(text('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999\r\n\r\n{}'))
    assert.equal(huge?.status, 413)
    await requireUnharmed()
  })

  it('may be as large as 512 KiB, and is refused for what it says then', async () => {
    const filler = ' '.repeat(512 * 1024 - 2)
    assert.equal(await client.code('ListKeys', text(`{${filler}}`)), 'success')
    const long = `{"KeyId":"${'A'.repeat(500_000)}"}`
    assert.equal(await client.code('DescribeKey', text(long)), 'ValidationException')
    await requireUnharmed()
  })

  it('does nothing when it breaks off', async () => {
    const whole = client.signer.json('CreateKey', { Description: secret })
    for (const length of [10, 100, whole.length - 30, whole.length - 1]) {
      const answer = await raw(whole.subarray(0, length), true)
      assert.ok(answer === undefined || answer.status === 400, `answered ${answer?.status ?? 0}`)
    }
    const { Keys } = await client.call('ListKeys', {})
    assert.equal(Array.isArray(Keys) && Keys.length, 1)
    await requireUnharmed()
  })

  const head = 'POST / HTTP/1.1\r\nhost: x\r\n'
  const badHttp: readonly (readonly [string, number, string])[] = [
    ['no HTTP', 400, `${secret}\r\n\r\n`],
    ['TLS on a plain port', 400, '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n'],
    ['HTTP/2 without being asked', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a length and chunks', 400, `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', 400, `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
    ['a negative length', 400, `${head}content-length: -1\r\n\r\n{}`],
    ['a length that is no number', 400, `${head}content-length: 2x\r\n\r\n{}`],
    ['an unknown transfer encoding', 400, `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a chunk size that is no number', 400, `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`],
    ['a space before the colon', 400, `${head}content-length : 2\r\n\r\n{}`],
    ['a folded header', 400, `${head}x-a: b\r\n c\r\n\r\n`],
    ['a zero byte in a header', 400, `${head}x-a: b\u0000c\r\n\r\n`],
    ['a bare carriage return', 400, `${head}x-a: b\rc: d\r\n\r\n`],
    ['64 KiB of headers', 431, `${head}x-a: ${secret.repeat(4096)}\r\n\r\n`],
    ['no host', 400, 'POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}'],
  ]
  for (const [name, status, bytes] of badHttp) {
    it(`is nothing to read in what is no request: ${name}`, async () => {
      const answer = await raw(Buffer.from(bytes, 'latin1'))
      assert.equal(answer?.status, status)
      await requireUnharmed()
    })
  }

  it('is not waited for longer than half a minute, while others are served', async () => {
    const over = new AbortController()
    const others = (async () => {
      while (!over.signal.aborted) {
        await requireUnharmed()
        await sleep(100)
      }
    })()
    const answers = await slow
    over.abort()
    await others
    for (const [name, status, seconds] of answers) {
      assert.equal(status, '408', name)
      assert.ok(seconds > 15 && seconds < 45, `${name}: ${seconds} s`)
    }
  })

  it('is not logged', async () => {
    client.close()
    other.close()
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
    for (const text of [server.stdout(), server.stderr(), readFileSync(join(directory, 'security.log'), 'utf8')]) {
      assert.ok(!text.includes(secret))
    }
    assert.doesNotMatch(server.stderr(), /"level":[56]0/)
  })
})
