import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { kmsRequest, send, sign, type RawAnswer } from '../support/signed-request.ts'
import { region, server } from './service.ts'

function ask(headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
  const bare = kmsRequest('ListKeys', {})
  const request = { ...bare, headers: { ...bare.headers, ...headers } }
  return send(server.url, sign(request, server.url, server.credentials, { region, service: 'kms' }))
}

describe('requests for something else', () => {
  it('answers UnknownOperationException without a message to names that are no operation', async () => {
    const names = ['Nothing', 'listkeys', 'ListKeys.', '', 'constructor', '__proto__', 'toString', 'x'.repeat(5000)]
    for (const name of names) {
      const answer = await ask({ 'X-Amz-Target': `TrentService.${name}` })
      assert.deepEqual([answer.status, answer.text], [400, '{"__type":"UnknownOperationException"}'], name)
      assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.1')
      assert.match(answer.headers['x-amzn-requestid'] ?? '', /^[0-9a-f-]{36}$/)
    }
  })

  it('answers the same to operations of KMS that a later version brings', async () => {
    for (const name of ['CreateCustomKeyStore', 'ReplicateKey', 'GetKeyLastUsage']) {
      const answer = await ask({ 'X-Amz-Target': `TrentService.${name}` })
      assert.deepEqual([answer.status, answer.text], [400, '{"__type":"UnknownOperationException"}'])
    }
  })

  it('answers the same to targets of no service', async () => {
    for (const target of ['OtherService.ListKeys', 'ListKeys', 'TrentService', 'trentservice.ListKeys', '.']) {
      const answer = await ask({ 'X-Amz-Target': target })
      assert.deepEqual([answer.status, answer.text], [400, '{"__type":"UnknownOperationException"}'])
    }
  })

  it('refuses a body of another type', async () => {
    for (const type of ['application/json', 'application/x-amz-json-1.0', 'text/plain', 'application/cbor']) {
      const answer = await ask({ 'Content-Type': type })
      assert.deepEqual([answer.status, answer.text], [400, '{"__type":"SerializationException"}'])
    }
    const answer = await ask({ 'Content-Type': 'application/x-amz-json-1.1; charset=utf-8' })
    assert.equal(answer.status, 200)
  })

  it('writes them to the security log and leaves no record', async () => {
    const answer = await ask({ 'X-Amz-Target': 'TrentService.Marker7301' })
    const requestId = answer.headers['x-amzn-requestid'] ?? ''
    const log = (): string => readFileSync(join(server.directory, 'security.log'), 'utf8')
    for (let waited = 0; waited < 5000 && !log().includes(requestId); waited += 10) await sleep(10)
    const line = log()
      .split('\n')
      .find((each) => each.includes(requestId))
    const { time, ...event } = JSON.parse(line ?? '{}') as Record<string, unknown>
    assert.ok(typeof time === 'string')
    assert.deepEqual(event, {
      requestId,
      sourceIp: '127.0.0.1',
      code: 'UnknownOperationException',
      service: 'kms',
      operation: 'Marker7301',
    })
    assert.equal(
      allRecords(server.directory).some((record) => record.includes(requestId)),
      false,
    )
  })
})
