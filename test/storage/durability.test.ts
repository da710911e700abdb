import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { openReader } from '#storage/sqlite/reader.ts'
import { readInstallation } from '#storage/sqlite/installation.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import {
  commitOf,
  installedDatabase,
  keyAdded,
  keyId,
  keyRecord,
  place,
  temporaryDirectory,
  testKeys,
} from './fixtures.ts'

const keys = testKeys()

describe('what was acknowledged', () => {
  it('is there after kill -9, with its audit record, and nothing is half there', { timeout: 120_000 }, async (t) => {
    const file = installedDatabase(temporaryDirectory(t), keys)
    const seen: string[] = []
    for (let round = 0; round < 10; round++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'children', 'committer.ts'), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text))
      const closed = once(child, 'close')
      await once(child.stdout, 'data')
      const delay = randomInt(300)
      await setTimeout(delay)
      child.kill('SIGKILL')
      await closed
      // What a kill cut off is no acknowledgement.
      const acknowledged = output.split('\n').slice(0, -1)
      seen.push(...acknowledged)

      assert.equal(readInstallation(file)?.id, 'a-test-installation')
      const writer = openWriter(file, keys)
      const reader = openReader(file, keys.stateMac)
      const about = `round ${round}, killed after ${delay} ms, ${acknowledged.length} acknowledged`
      for (const id of seen) {
        assert.ok(reader.key(place, keyId(id)), about)
        assert.equal(reader.grantCount(place, keyId(id)), 1, about)
        assert.ok(reader.iamById('user', `AIDA-${id}`), about)
        assert.ok(reader.policyText(id), about)
      }
      const stored = reader.keyIds(place, undefined, Number.MAX_SAFE_INTEGER)
      // At most the one commit of each round whose acknowledgement was cut off.
      assert.ok(stored.length - seen.length <= round + 1, about)
      assert.equal(writer.head().revision, 1 + stored.length, about)
      assert.equal(reader.account(place.account)?.rev, writer.head().revision, about)
      const records = writer.outbox(1, Number.MAX_SAFE_INTEGER).map(({ record }) => JSON.parse(record) as unknown)
      assert.deepEqual([...records].sort(), [...stored], about)
      assert.deepEqual((await verifyAll({ file, keys })).findings, [], about)
      reader.close()
      writer.close()
    }
    assert.ok(seen.length > 10)
  })

  it('is seen at once by another connection and by another thread', async (t) => {
    const file = installedDatabase(temporaryDirectory(t), keys)
    const writer = openWriter(file, keys)
    const reader = openReader(file, keys.stateMac)
    const worker = new Worker(join(import.meta.dirname, 'children', 'reading-thread.ts'), { workerData: file })
    t.after(async () => {
      reader.close()
      writer.close()
      await worker.terminate()
    })
    await once(worker, 'message')
    for (let round = 0; round < 20; round++) {
      const key = keyRecord({ description: `round ${round}` })
      writer.commit(commitOf([keyAdded(key)]))
      assert.equal(reader.key(place, key.keyId)?.description, `round ${round}`)
      const answer = once(worker, 'message')
      worker.postMessage(key.keyId)
      assert.deepEqual(await answer, [`round ${round}`])
      writer.commit(commitOf([{ kind: 'key deleted', place, keyId: key.keyId }]))
      assert.equal(reader.key(place, key.keyId), undefined)
    }
  })

  it('leaves the log when a checkpoint empties it, unless a scan needs it', async (t) => {
    const file = installedDatabase(temporaryDirectory(t), keys)
    const writer = openWriter(file, keys)
    t.after(() => writer.close())
    writer.commit(commitOf(Array.from({ length: 10 }, () => keyAdded(keyRecord()))))
    let during: boolean | undefined
    const onProgress = (): void => {
      writer.commit(commitOf([]))
      during ??= writer.checkpoint()
    }
    await verifyAll({ file, keys, chunk: 5, onProgress })
    assert.equal(during, false)
    assert.equal(writer.checkpoint(), true)
  })
})
