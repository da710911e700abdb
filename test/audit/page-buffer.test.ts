import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readNotes } from '#audit/key-use-notes.ts'
import { PageBuffer } from '#audit/page-buffer.ts'
import { requestTime, uuidTime } from '#audit/request-time.ts'
import { clockAt, recordAt } from './fixtures.ts'

const done = (): void => undefined

describe('the page buffer', () => {
  it('joins records as lines with the times of their requests', () => {
    const buffer = new PageBuffer(clockAt(5))
    buffer.append(recordAt(2000, 1), done)
    buffer.append(recordAt(1000, 2), done)
    buffer.append(recordAt(9999, 3), done, 3000)
    assert.equal(buffer.count, 3)
    const page = buffer.take()!
    assert.equal(
      Buffer.from(page.bytes).toString(),
      `${recordAt(2000, 1)}\n${recordAt(1000, 2)}\n${recordAt(9999, 3)}\n`,
    )
    assert.deepEqual([page.count, page.minMs, page.maxMs, page.dones.length], [3, 1000, 3000, 3])
  })

  it('carries the uses of keys behind the records, in their order and without those of earlier pages', () => {
    const buffer = new PageBuffer(clockAt(5))
    const use = { operation: 'Encrypt', time: 1000, requestId: 'a request', eventId: 'an event' }
    const read = (used: Uint8Array<ArrayBuffer> | undefined): (readonly [string, string])[] => {
      const notes: (readonly [string, string])[] = []
      const bytes = Buffer.from(used ?? [])
      readNotes(bytes, (key, start, end) => notes.push([key, bytes.toString('latin1', start, end)]))
      return notes
    }
    const text = '["Encrypt",1000,"a request","an event"]'
    buffer.append(recordAt(1, 1), done, 1, { keys: ['arn:1', 'arn:2'], use })
    buffer.append(recordAt(1, 2), done, 1)
    buffer.append(recordAt(1, 3), done, 1, { keys: ['arn:1'], use: { ...use, time: 2000 } })
    const page = buffer.take()!
    assert.equal(Buffer.from(page.bytes).toString(), `${recordAt(1, 1)}\n${recordAt(1, 2)}\n${recordAt(1, 3)}\n`)
    const later = '["Encrypt",2000,"a request","an event"]'
    assert.deepEqual(read(page.used), [
      ['arn:1', text],
      ['arn:2', text],
      ['arn:1', later],
    ])
    assert.equal(page.used?.buffer, page.bytes.buffer)
    buffer.append(recordAt(1, 4), done)
    assert.equal(buffer.take()!.used, undefined)
    // More than the memory they begin with, beside records that nearly fill theirs.
    const record = `"${'x'.repeat(21_000)}"`
    const many = Array.from({ length: 1000 }, (_, index) => `arn:aws:kms:us-east-1:111122223333:key/${index}`)
    for (let count = 0; count < 3; count += 1) buffer.append(record, done, 1, { keys: many, use })
    const large = buffer.take()!
    assert.equal(Buffer.from(large.bytes).toString(), `${record}\n`.repeat(3))
    assert.deepEqual(
      read(large.used),
      [...many, ...many, ...many].map((key) => [key, text]),
    )
    assert.throws(() => buffer.append('{}', done, 1, { keys: ['a'.repeat(256)], use }), RangeError)
    assert.throws(
      () => buffer.append('{}', done, 1, { keys: ['arn:1'], use: { ...use, eventId: 'e'.repeat(144) } }),
      RangeError,
    )
  })

  it('can be transferred, page by page, and gets its memory back', () => {
    const buffer = new PageBuffer(clockAt(5))
    const memories = new Set<number>()
    let memory: ArrayBuffer | undefined
    for (let round = 0; round < 5; round++) {
      buffer.append(`{"é":"漢😀${round}"}`, done)
      const { bytes } = buffer.take()!
      // What comes while a page is on its way has memory of its own.
      buffer.append(`{"next":${round}}`, done)
      const sent = structuredClone(bytes, { transfer: [bytes.buffer] })
      assert.equal(Buffer.from(sent).toString(), `{"é":"漢😀${round}"}\n`)
      memory = sent.buffer
      Buffer.from(memory).fill(0x7a)
      buffer.reuse(memory)
      assert.equal(Buffer.from(buffer.take()!.bytes).toString(), `{"next":${round}}\n`)
      memories.add(memory.byteLength)
    }
    assert.deepEqual([...memories], [65_536])
    buffer.append('{"last":1}', done)
    assert.equal(buffer.take()?.bytes.buffer, memory)
  })

  it('does not keep the memory of a burst', () => {
    const buffer = new PageBuffer(clockAt(5))
    buffer.append(`{"text":"${'x'.repeat(1_048_576)}"}`, done)
    buffer.reuse(buffer.take()!.bytes.buffer)
    buffer.append('{}', done)
    assert.equal(buffer.take()?.bytes.buffer.byteLength, 65_536)
  })

  it('is empty after it was taken, and starts anew', () => {
    const buffer = new PageBuffer(clockAt(5))
    assert.equal(buffer.take(), undefined)
    buffer.append(recordAt(1000, 1), done)
    assert.equal(buffer.take()?.count, 1)
    assert.deepEqual([buffer.take(), buffer.count, buffer.bytes], [undefined, 0, 0])
    buffer.append(recordAt(4000, 1), done)
    assert.equal(buffer.take()?.minMs, 4000)
  })

  it('grows with what waits', () => {
    const buffer = new PageBuffer(clockAt(5))
    const record = `{"text":"${'漢'.repeat(50_000)}"}`
    for (let index = 0; index < 20; index++) buffer.append(record, done)
    assert.equal(Buffer.from(buffer.take()!.bytes).toString(), `${record}\n`.repeat(20))
  })

  it('keeps a record on one line even when its text has line feeds', () => {
    const buffer = new PageBuffer(clockAt(5))
    buffer.append('{\n"a": 1\n}', done)
    assert.equal(Buffer.from(buffer.take()!.bytes).toString(), '{ "a": 1 }\n')
  })

  it('takes the time of the machine for a record without request', () => {
    const buffer = new PageBuffer(clockAt(1234))
    buffer.append('{"eventName":"DeleteKey"}', done)
    assert.equal(buffer.take()?.minMs, 1234)
  })
})

describe('the time of a request', () => {
  it('is the one in its version 7 UUID', () => {
    // RFC 9562, appendix A.6.
    assert.equal(uuidTime('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), 1_645_557_742_000)
    assert.equal(uuidTime('c1a2b3c4-0000-4000-8000-000000000002'), undefined)
  })

  it('is not taken from an encryption context that looks like a request id', () => {
    const requestParameters = { encryptionContext: { requestID: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f' } }
    assert.equal(requestTime(recordAt(77, 1, { requestParameters })), 77)
  })
})
