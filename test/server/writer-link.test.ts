import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { WriterLink } from '#server/writer-link.ts'
import { allocateClockOffset, systemClock } from '../../src/system.ts'

describe('the link to the writer', () => {
  it('gives every answer of a page, also behind one that can not be given', async () => {
    const { port1, port2 } = new MessageChannel()
    const reported: unknown[] = []
    const link = new WriterLink(port1, systemClock(allocateClockOffset()), (error) => reported.push(error))
    const answered: string[] = []
    const throwing = (): void => {
      throw new Error('a client that is gone')
    }
    link.append('{"a":1}', 1_795_255_440_000, () => void answered.push('first'))
    link.append('{"b":2}', 1_795_255_440_000, throwing)
    link.append('{"c":3}', 1_795_255_440_000, () => void answered.push('third'))
    await once(port2, 'message')
    link.receive({ kind: 'page stored', failure: undefined })
    assert.deepEqual(answered, ['first', 'third'])
    assert.match(String(reported[0]), /a client that is gone/)
    port1.close()
  })
})
