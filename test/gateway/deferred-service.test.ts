import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BoundService, Respond } from '#gateway/bound-service.ts'
import { deferredService } from '#gateway/deferred-service.ts'
import type { Answer, IncomingRequest } from '#gateway/request.ts'
import { systemRandom } from '../../src/system.ts'

const protocol = { kind: 'aws-query', version: '2010-05-08', namespace: 'https://iam.amazonaws.com/doc/' } as const
const facts = { name: 'iam', protocol, operations: ['GetUser'] }

function request(): IncomingRequest {
  const receivedMs = Date.now()
  return {
    requestId: systemRandom().requestId(receivedMs),
    receivedMs,
    method: 'POST',
    path: '/',
    query: '',
    rawHeaders: [],
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    endpoint: undefined,
    client: '',
    tlsDetails: undefined,
  }
}

const answered: Answer = {
  status: 200,
  contentType: 'text/xml',
  body: 'loaded',
  errorCode: undefined,
  sensitive: false,
}
const loadedService: BoundService = {
  ...facts,
  has: () => true,
  isUnsigned: () => false,
  run: (_operation, _request, respond) => respond(answered),
  runNamed: (_nameOf, _request, respond) => respond(answered),
  runUnsigned: () => assert.fail(),
  runForwarded: () => assert.fail(),
  refuse: (_refused, _operation, _request, respond) => respond(answered),
}
const ask = (service: BoundService): Promise<Answer> =>
  new Promise((resolve: Respond) => service.runNamed(() => 'GetUser', request(), resolve))

describe('a deferred service', () => {
  it('is loaded with its first request, once for all that come meanwhile', async () => {
    let loads = 0
    const service = deferredService(facts, { failed: () => assert.fail(), undecided: () => assert.fail() }, () => {
      loads += 1
      return Promise.resolve(loadedService)
    })
    assert.deepEqual([service.has('GetUser'), service.has('Encrypt'), loads], [true, false, 0])
    const answers = await Promise.all([ask(service), ask(service)])
    assert.deepEqual(
      answers.map(({ body }) => body),
      ['loaded', 'loaded'],
    )
    assert.equal((await ask(service)).body, 'loaded')
    assert.equal(loads, 1)
  })

  it('answers an internal error while it can not be loaded, and is tried again', async () => {
    const failures: unknown[] = []
    let broken = true
    const service = deferredService(
      facts,
      { failed: (_where, error) => failures.push(error), undecided: () => assert.fail() },
      () => (broken ? Promise.reject(new Error('no file')) : Promise.resolve(loadedService)),
    )
    const refused = await ask(service)
    assert.equal(refused.status, 500)
    assert.match(String(refused.body), /<Code>InternalFailure<\/Code>/)
    assert.equal(failures.length, 1)
    broken = false
    assert.equal((await ask(service)).body, 'loaded')
  })
})
