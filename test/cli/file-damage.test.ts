import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { walkMessage } from '#cli/file/message-walk.ts'
import { filesBelow, openBench } from './file-support.ts'
import type { Bench } from './file-support.ts'

const frame = 32 * 1024

/** Encrypts `size` random bytes and returns the message. */
async function makeMessage(bench: Bench, size: number, suite: string): Promise<Buffer> {
  writeFileSync(bench.at('plain'), randomBytes(size))
  const args = ['encrypt', 'plain', '--key-id', 'alias/files', '--context', 'a=b', '--suite', suite, '--force']
  assert.equal((await bench.run(...args)).code, 0)
  return readFileSync(bench.at('plain.encrypted'))
}

/** Decrypts all of `messages` in one run; every one must fail with one clear line, and nothing may be left. */
async function expectRefused(bench: Bench, messages: ReadonlyMap<string, Buffer>): Promise<void> {
  mkdirSync(bench.at('in'), { recursive: true })
  for (const [name, bytes] of messages) writeFileSync(bench.at(`in/${name}.encrypted`), bytes)
  mkdirSync(bench.at('out'))
  const result = await bench.run('decrypt', 'in', '--output', 'out', '--json')
  const lines = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { status: string; source: string; error: { code: string; message: string } })
  const wrong = lines.filter((line) => line.status !== 'failed')
  assert.deepEqual(wrong, [])
  assert.equal(result.stderr, '')
  assert.equal(lines.length, messages.size)
  assert.deepEqual(filesBelow(bench.at('out')), [])
  for (const { source, error } of lines) {
    assert.ok(
      ['damaged', 'not-encrypted', 'no-commitment', 'unsupported', 'key'].includes(error.code) ||
        /^KMS refused: |^asking KMS failed \(Region not accepted/.test(error.message),
      `${source}: ${error.code}: ${error.message}`,
    )
    assert.doesNotMatch(error.message, /\n/)
  }
  assert.equal(result.code, 1)
}

describe('trent file decrypt of a damaged message', () => {
  for (const suite of ['signed', 'unsigned']) {
    it(`refuses a change of any single byte, ${suite}`, async () => {
      await using bench = await openBench()
      const message = await makeMessage(bench, 40, suite)
      const changed = new Map<string, Buffer>()
      for (let at = 0; at < message.length; at++) {
        const copy = Buffer.from(message)
        copy[at]! ^= 1 << randomInt(8)
        changed.set(`flip-${at}`, copy)
      }
      await expectRefused(bench, changed)
    })

    it(`refuses every shorter or longer message, ${suite}`, async () => {
      await using bench = await openBench()
      const message = await makeMessage(bench, 40, suite)
      const changed = new Map<string, Buffer>()
      for (let length = 0; length < message.length; length += 3)
        changed.set(`cut-${length}`, message.subarray(0, length))
      changed.set('cut-1', message.subarray(0, -1))
      for (const more of [1, 16, 32, 100_000]) changed.set(`more-${more}`, Buffer.concat([message, randomBytes(more)]))
      await expectRefused(bench, changed)
    })

    it(`refuses frames that are changed, missing, repeated or in another order, ${suite}`, async () => {
      await using bench = await openBench()
      const message = await makeMessage(bench, 5 * frame, suite)
      const stride = frame + 32
      const first = message.indexOf(Buffer.concat([Buffer.from('00000001', 'hex'), Buffer.alloc(11), Buffer.from([1])]))
      assert.ok(first > 0)
      const part = (index: number): Buffer => message.subarray(first + index * stride, first + (index + 1) * stride)
      const head = message.subarray(0, first)
      const rest = message.subarray(first + 3 * stride)
      const seed = randomInt(2 ** 32)
      console.log(`seed ${seed}`)
      const changed = new Map([
        ['missing', Buffer.concat([head, part(0), part(2), rest])],
        ['swapped', Buffer.concat([head, part(0), part(2), part(1), rest])],
        ['repeated', Buffer.concat([head, part(0), part(0), part(1), part(2), rest])],
        ['cut at a frame', Buffer.concat([head, part(0), part(1)])],
        ['only the last', Buffer.concat([head, rest.subarray(2 * stride)])],
      ])
      for (let count = 0, state = seed; count < 40; count++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        const copy = Buffer.from(message)
        copy[state % message.length]! ^= 0x10
        changed.set(`flip-${count}`, copy)
      }
      await expectRefused(bench, changed)
    })
  }

  it('refuses sizes that would fill the memory', async () => {
    await using bench = await openBench()
    const message = await makeMessage(bench, 40, 'unsigned')
    const first = message.indexOf(Buffer.from('ffffffff00000001', 'hex'))
    const huge = Buffer.from(message)
    huge.writeUInt32BE(0xfffffff0, first - 16 - 32 - 4)
    const keys = Buffer.concat([message.subarray(0, 35), Buffer.from([0, 0, 0xff, 0xff]), randomBytes(3_000_000)])
    await expectRefused(
      bench,
      new Map([
        ['frame', huge],
        ['keys', keys],
      ]),
    )
  })

  it('follows the framing whatever the chunks are', async () => {
    await using bench = await openBench()
    for (const suite of ['signed', 'unsigned']) {
      const message = await makeMessage(bench, 2 * frame + 5, suite)
      for (const length of [1, 7, 31, 32, 33, 1000, frame, message.length]) {
        const walk = walkMessage()
        for (let at = 0; at < message.length; at += length) walk.accept(message.subarray(at, at + length))
        walk.end()
      }
      const walk = walkMessage()
      walk.accept(message.subarray(0, -1))
      assert.throws(() => walk.end(), /its end is missing/)
    }
  })
})
