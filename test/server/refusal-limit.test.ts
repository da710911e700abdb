import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { SecurityEvent } from '#ports/audit.ts'
import { limitRefusals } from '#server/refusal-limit.ts'

const event: SecurityEvent = {
  requestId: '019aa5f0-0000-7000-8000-000000000001',
  sourceIp: '192.0.2.1',
  code: 'UnrecognizedClientException',
  service: 'kms',
  operation: undefined,
  accessKeyId: undefined,
}

describe('the refusals of one worker', () => {
  it('are passed on up to 200 a second, and the others are counted', () => {
    const seen = { refused: 0, dropped: [] as number[] }
    const sink = { refused: () => void (seen.refused += 1), dropped: (count: number) => void seen.dropped.push(count) }
    let now = 1_795_255_440_000
    const log = limitRefusals(sink, () => now)
    for (let index = 0; index < 1000; index += 1) log.refused(event)
    assert.deepEqual(seen, { refused: 200, dropped: [] })
    now += 1000
    log.refused(event)
    assert.deepEqual(seen, { refused: 201, dropped: [800] })
  })

  it('are counted also when nothing follows', async () => {
    const dropped: number[] = []
    const log = limitRefusals({ refused: () => undefined, dropped: (count) => void dropped.push(count) }, () => 0)
    for (let index = 0; index < 203; index += 1) log.refused(event)
    await wait(1300)
    assert.deepEqual(dropped, [3])
  })
})
