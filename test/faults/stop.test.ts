/** A stop under load: every request is answered or was never taken, whoever asks for the stop. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { launch, readAccessKey, region, withDirectory } from './program.ts'
import { ConnectionEnded, createKey, KmsWire, requestBytes, textOf, Wire } from './wire.ts'

it('answers what it has taken when it is told to end under load, and ends with 0', async () => {
  await withDirectory(async (directory) => {
    for (let round = 0; round < 5; round += 1) {
      const server = launch({ directory, workers: 2 })
      const url = await server.ready
      const key = readAccessKey(directory)
      const acknowledged: string[] = []
      let torn = 0
      const lanes = Array.from({ length: 16 }, async (_, index) => {
        const client = new KmsWire(url, key, region)
        try {
          const KeyId = await createKey(client)
          for (let count = 0; ; count += 1) {
            const answer =
              index % 2 === 0
                ? await client.send('UpdateKeyDescription', { KeyId, Description: `${count}` })
                : await client.send('GenerateDataKey', { KeyId, KeySpec: 'AES_256' })
            assert.equal(answer.status, 200, answer.body.toString('utf8'))
            acknowledged.push(answer.headers.get('x-amzn-requestid') ?? '')
          }
        } catch (error) {
          if (error instanceof ConnectionEnded) torn += error.received.length
          else if (!(error instanceof Error && 'code' in error)) throw error
        } finally {
          client.close()
        }
      })
      // Until there is load, however slow the machine is, and then at a moment of its own in each round.
      for (let waited = 0; acknowledged.length <= 50 && waited < 20_000; waited += 20) await sleep(20)
      await sleep(40 * round)
      const started = performance.now()
      assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
      const milliseconds = performance.now() - started
      await Promise.all(lanes)
      assert.ok(milliseconds < 5000, `the stop took ${milliseconds} ms`)
      assert.equal(torn, 0, 'an answer broke off')
      assert.ok(acknowledged.length > 50)
      // Each database is one file again, which can be copied as it is.
      const logs = readdirSync(directory).filter((name) => /-(?:wal|shm|journal)$/.test(name))
      assert.deepEqual(logs, [])
      requireRecords(directory, acknowledged)
      assert.doesNotMatch(server.stderr(), /"level":[56]0/)
    }
  })
})

function requireRecords(directory: string, ids: readonly string[]): void {
  const missing = new Set(ids)
  const reader = new TrailReader(join(directory, 'trail.db'))
  let seq = 0
  for (;;) {
    const found = reader.after(seq, 5000)
    if (found.seq === seq) break
    seq = found.seq
    for (const { record } of found.records) missing.delete(/"requestID":"([0-9a-f-]{36})"/.exec(record)?.[1] ?? '')
  }
  reader.close()
  assert.deepEqual([...missing], [])
}

it('lets every client finish, busy or idle, and tells it that the connection ends', async () => {
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers: 2 })
    const url = await server.ready
    const key = readAccessKey(directory)
    const lanes = Array.from({ length: 16 }, async () => {
      const wire = await Wire.open(url)
      const { signer } = new KmsWire(url, key, region)
      for (;;) {
        // A connection that ends without having said so rejects.
        const answer = await wire.exchange(signer.json('GenerateRandom', { NumberOfBytes: 16 }))
        assert.equal(answer.status, 200)
        if (answer.headers.get('connection') === 'close') return
      }
    })
    const idle = await Wire.open(url)
    const { signer } = new KmsWire(url, key, region)
    await idle.exchange(signer.json('ListKeys', {}))
    const health = await Wire.open(url)
    const ready = requestBytes('GET', '/health/ready', { host: 'x' }, Buffer.alloc(0))
    assert.equal((await health.exchange(ready)).status, 200)
    await sleep(300)
    const ended = server.end('SIGTERM')
    await sleep(300)
    const last = await idle.exchange(signer.json('ListKeys', {}))
    assert.deepEqual([last.status, last.headers.get('connection')], [200, 'close'])
    const notReady = await health.exchange(ready)
    assert.equal(notReady.status, 503)
    assert.equal(notReady.body.toString('latin1'), 'not ready: the server is about to end\n')
    await Promise.all(lanes)
    assert.deepEqual(await ended, { code: 0, signal: null })
  })
})

it('answers what it took before it was ready when it is told to end then', async () => {
  await withDirectory(async (directory) => {
    const first = launch({ directory })
    const port = new URL(await first.ready).port
    await first.end('SIGTERM')
    const url = `http://127.0.0.1:${port}`
    const { signer } = new KmsWire(url, readAccessKey(directory), region)
    for (let round = 0; round < 3; round += 1) {
      const server = launch({ directory, listen: `127.0.0.1:${port}` })
      const wire = await serving(url)
      const answer = wire.exchange(signer.json('CreateKey', {}))
      const ended = server.end('SIGTERM')
      assert.equal((await answer).status, 200)
      assert.deepEqual(await ended, { code: 0, signal: null })
    }
  })
})

/** A connection to a worker, however early. */
async function serving(url: string): Promise<Wire> {
  for (;;) {
    try {
      const wire = await Wire.open(url)
      await wire.exchange(requestBytes('GET', '/health/live', { host: 'x' }, Buffer.alloc(0)))
      return wire
    } catch (error) {
      // Before the workers the port is bound for a moment, to see whether it is free.
      if (!(error instanceof ConnectionEnded) && !(error instanceof Error && 'code' in error)) throw error
      await sleep(1)
    }
  }
}

it('waits for a request whose body is still coming', async () => {
  await withDirectory(async (directory) => {
    const server = launch({ directory })
    const url = await server.ready
    const client = new KmsWire(url, readAccessKey(directory), region)
    const bytes = client.signer.json('CreateKey', { Description: 'late' })
    const wire = await Wire.open(url)
    wire.write(bytes.subarray(0, -4))
    await sleep(200)
    const ended = server.end('SIGTERM')
    await sleep(300)
    const answer = await wire.exchange(bytes.subarray(-4))
    assert.equal(answer.status, 200)
    assert.deepEqual(await ended, { code: 0, signal: null })
    const again = launch({ directory })
    const later = new KmsWire(await again.ready, readAccessKey(directory), region)
    const { Keys } = await later.call('ListKeys', {})
    assert.equal(Array.isArray(Keys) && Keys.length, 1)
    later.close()
    await again.end('SIGTERM')
  })
})

it('ends at once at the second signal', async () => {
  await withDirectory(async (directory) => {
    const server = launch({ directory })
    const url = await server.ready
    const client = new KmsWire(url, readAccessKey(directory), region)
    // A request without its end holds the first one up.
    const wire = await Wire.open(url)
    wire.write(client.signer.json('ListKeys', {}).subarray(0, -1))
    await sleep(200)
    server.child.kill('SIGTERM')
    await sleep(500)
    assert.equal(server.child.exitCode, null)
    const started = performance.now()
    const end = await server.end('SIGTERM')
    assert.ok(performance.now() - started < 1000)
    assert.equal(end.code, 143)
    wire.destroy()
  })
})

/** A Node.js on the PATH that is not the pinned one: with it, bin/trent stays as the launcher. */
const otherNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find((path) => {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    return status === 0 && stdout.trim() !== process.version
  })
const noLauncher = otherNode === undefined ? 'needs another version of Node.js on the PATH' : false

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  it(`ends when its launcher gets ${signal}`, { skip: noLauncher }, async () => {
    await withDirectory(async (directory) => {
      assert.ok(otherNode !== undefined)
      const server = launch({ directory, runner: [otherNode] })
      const url = await server.ready
      const client = new KmsWire(url, readAccessKey(directory), region)
      const keyId = await createKey(client)
      const pid = Number(readFileSync(join(directory, 'lock.pid'), 'latin1'))
      assert.notEqual(pid, server.pid, 'there is no launcher')
      server.child.kill(signal)
      await once(server.child, 'exit')
      if (signal === 'SIGTERM') assert.equal(server.child.exitCode, 0)
      const limit = performance.now() + 10_000
      while (isRunning(pid)) {
        assert.ok(performance.now() < limit, `process ${pid} outlives its launcher`)
        await sleep(20)
      }
      client.close()
      const again = launch({ directory })
      const later = new KmsWire(await again.ready, readAccessKey(directory), region)
      const { KeyMetadata } = await later.call('DescribeKey', { KeyId: keyId })
      assert.equal(textOf(Object.fromEntries(Object.entries(KeyMetadata ?? {})), 'KeyState'), 'Enabled')
      later.close()
      assert.equal((await again.end('SIGTERM')).code, 0)
    })
  })
}

it('ends with 0 when it is told to before it is ready', async () => {
  await withDirectory(async (directory) => {
    for (const milliseconds of [60, 150, 300, 500]) {
      const untouched = join(directory, String(milliseconds))
      const starting = launch({ directory: untouched })
      await sleep(milliseconds)
      const { code, signal } = await starting.end('SIGTERM')
      // In the first moments, before anything is touched, nobody has asked for the signal yet.
      assert.ok(
        code === 0 || (signal === 'SIGTERM' && !existsSync(untouched)),
        `${code ?? signal} after ${milliseconds} ms`,
      )
    }
    const server = launch({ directory })
    await server.ready
    assert.equal((await server.end('SIGTERM')).code, 0)
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
