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
    link.receive({ kind: 'page stored', failure: undefined, memory: new ArrayBuffer(64) })
    assert.deepEqual(answered, ['first', 'third'])
    assert.match(String(reported[0]), /a client that is gone/)
    port1.close()
  })

  it('sends a page when a turn of the event loop brought no record, and a full one at once', async () => {
    const { port1, port2 } = new MessageChannel()
    const counts: unknown[] = []
    port2.on('message', (message: { readonly count: number }) => counts.push(message.count))
    const link = new WriterLink(port1, systemClock(allocateClockOffset()), () => undefined)
    const append = (): void => link.append('{"a":1}', 1_795_255_440_000, () => undefined)
    const stored = (): void => link.receive({ kind: 'page stored', failure: undefined, memory: new ArrayBuffer(64) })
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

    append()
    await turn()
    append()
    while (counts.length < 1) await turn()
    stored()
    for (let index = 0; index < 64; index++) append()
    await turn()
    append()
    while (counts.length < 2) await turn()
    stored()
    while (counts.length < 3) await turn()
    assert.deepEqual(counts, [2, 64, 1])

    // However steadily they come, a record waits a few turns only.
    stored()
    for (let index = 0; index < 10; index++) {
      append()
      await turn()
    }
    while (counts.length < 4) await turn()
    assert.ok(Number(counts[3]) < 5)
    port1.close()
  })
})
