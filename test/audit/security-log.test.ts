import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { SecurityLogFile } from '#audit/security-log.ts'
import type { SecurityEvent } from '#ports/audit.ts'
import { clockAt, parsed, temporaryDirectory } from './fixtures.ts'

const event: SecurityEvent = {
  requestId: '019aa5f0-0000-7000-8000-000000000001',
  sourceIp: '192.0.2.1',
  code: 'UnrecognizedClientException',
  service: 'kms',
  operation: undefined,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
}
const lines = (path: string): Readonly<Record<string, unknown>>[] =>
  readFileSync(path, 'utf8').trimEnd().split('\n').map(parsed)

describe('the security log', () => {
  it('has one line of JSON for each refusal', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const log = new SecurityLogFile({ path, clock: clockAt(1_795_255_440_123) })
    log.refused(event)
    log.refused({ ...event, operation: 'Encrypt', accessKeyId: undefined })
    await log.close()
    assert.equal(
      readFileSync(path, 'utf8').split('\n')[0],
      '{"time":"2026-11-21T10:04:00.123Z","requestId":"019aa5f0-0000-7000-8000-000000000001","sourceIp":"192.0.2.1","code":"UnrecognizedClientException","service":"kms","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}',
    )
    assert.equal(lines(path)[1]?.['operation'], 'Encrypt')
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('writes 100 lines in a second and counts the others', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const clock = clockAt(1_795_255_440_000)
    const log = new SecurityLogFile({ path, clock })
    for (let index = 0; index < 5000; index++) log.refused(event)
    clock.time += 1000
    log.refused(event)
    await log.close()
    const written = lines(path)
    assert.equal(written.length, 102)
    assert.deepEqual(written[100], { time: '2026-11-21T10:04:01.000Z', dropped: 4900 })
    assert.equal(written[101]?.['code'], 'UnrecognizedClientException')
  })

  it('counts what was dropped before it came here', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const log = new SecurityLogFile({ path, clock: clockAt(1_795_255_440_000) })
    log.dropped(800)
    log.refused(event)
    log.dropped(3)
    await log.close()
    assert.equal(
      lines(path).reduce((sum, line) => sum + Number(line['dropped'] ?? 0), 0),
      803,
    )
  })

  it('writes the count also when nothing follows', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const log = new SecurityLogFile({ path, clock: clockAt(1_795_255_440_000), linesPerSecond: 2 })
    for (let index = 0; index < 5; index++) log.refused(event)
    await wait(1300)
    assert.equal(lines(path).at(-1)?.['dropped'], 3)
    await log.close()
    assert.equal(lines(path).length, 3)
  })

  it('never grows beyond its size and keeps one older file', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const clock = clockAt(1_795_255_440_000)
    const log = new SecurityLogFile({ path, clock, maxBytes: 2000 })
    for (let index = 0; index < 60; index++) log.refused({ ...event, requestId: String(index) })
    await log.close()
    const again = new SecurityLogFile({ path, clock, maxBytes: 2000 })
    for (let index = 60; index < 90; index++) again.refused({ ...event, requestId: String(index) })
    await again.close()
    assert.equal(statSync(path).size <= 2000 && statSync(`${path}.1`).size <= 2000, true)
    assert.equal(existsSync(`${path}.2`), false)
    const ids = [...lines(`${path}.1`), ...lines(path)].map((line) => Number(line['requestId']))
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, index) => 90 - ids.length + index),
    )
    assert.equal(ids.length > 10, true)
  })

  it('escapes whatever a terminal could obey, and cuts what is long', async () => {
    const path = join(temporaryDirectory(), 'security.log')
    const log = new SecurityLogFile({ path, clock: clockAt(0) })
    const hostile = 'a\u001b[2J\n\r\u0000\u007f\u009b\u2028\u202e"\\é\ud800'
    log.refused({ ...event, accessKeyId: hostile, operation: 'x'.repeat(10_000), service: '漢'.repeat(1000) })
    await log.close()
    const text = readFileSync(path, 'latin1')
    assert.match(text, /^[\x20-\x7e]+\n$/)
    assert.equal(text.length < 1500, true)
    assert.equal(lines(path)[0]?.['accessKeyId'], hostile)
    assert.equal(lines(path)[0]?.['operation'], 'x'.repeat(128))
  })

  it('goes on when the file could not be written, and tells how much was lost', async () => {
    const path = join(temporaryDirectory(), 'missing', 'security.log')
    const clock = clockAt(1_795_255_440_000)
    const log = new SecurityLogFile({ path, clock })
    log.refused(event)
    log.refused(event)
    await wait(50)
    assert.match(log.lastError() ?? '', /ENOENT/)
    mkdirSync(join(path, '..'))
    clock.time += 1000
    log.refused(event)
    await log.close()
    assert.deepEqual(
      lines(path).map((line) => line['dropped']),
      [2, undefined],
    )
    assert.equal(log.lastError(), undefined)
    assert.throws(() => rmdirSync(join(path, '..')))
  })
})
