import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { chainKey, printedSeed, recordAt, seeded, serialOf, temporaryDirectory } from './fixtures.ts'

const entries = 60_000
const child = join(import.meta.dirname, 'drain-child.ts')

/** Runs the child; kills it `afterMs` after it began to drain, and says whether it was done before. */
async function drain(directory: string, seed: number, afterMs: number | undefined): Promise<boolean> {
  const running = spawn(process.execPath, [child, directory, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const closed = once(running, 'close')
  await Promise.race([once(running.stdout, 'data'), closed])
  if (afterMs !== undefined) {
    await wait(afterMs)
    running.kill('SIGKILL')
  }
  await closed
  return output.includes('drained')
}

describe('draining the outbox', () => {
  it('stores each entry exactly once and in order when the process is killed at any moment', async () => {
    const seed = printedSeed('drain')
    const random = seeded(seed)
    const directory = temporaryDirectory()
    const outbox = new DatabaseSync(join(directory, 'outbox.db'))
    outbox.exec('CREATE TABLE outbox (id INTEGER PRIMARY KEY, record TEXT NOT NULL); BEGIN')
    const insert = outbox.prepare('INSERT INTO outbox VALUES (?, ?)')
    for (let id = 1; id <= entries; id++) insert.run(id, recordAt(1_795_255_440_000 + id, id))
    outbox.exec('COMMIT')
    outbox.close()
    const reader = (): TrailReader => new TrailReader(join(directory, 'trail.db'))
    const heads: number[] = []
    for (let round = 0; round < 10; round++) {
      await drain(directory, seed + round, Math.floor(random() * 80))
      const trail = reader()
      const verdict = await trail.verify(chainKey())
      trail.close()
      if (!verdict.ok) assert.fail(verdict.problem)
      heads.push(verdict.head.seq)
    }
    console.log(`drain: records after each kill ${heads.join(' ')}`)
    assert.equal(await drain(directory, seed + 10, undefined), true)
    const trail = reader()
    assert.equal((await trail.verify(chainKey())).ok, true)
    let expected = 1
    let position = 0
    for (;;) {
      const { records, seq } = trail.after(position, 5000)
      for (const { record } of records) {
        const serial = serialOf(record)
        if (serial === 0) continue
        assert.equal(serial, expected++)
      }
      if (seq === position) break
      position = seq
    }
    trail.close()
    assert.equal(expected, entries + 1)
  })
})
