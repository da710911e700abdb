import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { acquireLock } from '#storage/lock.ts'
import { StorageError } from '#storage/storage-error.ts'
import { temporaryDirectory } from './fixtures.ts'

const child = join(import.meta.dirname, 'children', 'lock-holder.ts')

/** Starts a process that wants the lock of `dir`; its first line says whether it got it. */
async function start(dir: string) {
  const started = spawn(process.execPath, ['--expose-gc', child, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'compile-cache') },
  })
  const chunks: unknown[] = await once(started.stdout, 'data')
  return { child: started, line: String(chunks[0]).trim() }
}

async function end(started: Awaited<ReturnType<typeof start>>, signal: NodeJS.Signals): Promise<void> {
  if (started.child.exitCode !== null || started.child.signalCode !== null) return
  const exit = once(started.child, 'exit')
  started.child.kill(signal)
  await exit
}

describe('the lock of a data directory', () => {
  it('is refused to a second owner at once, naming directory and holder', (t) => {
    const dir = temporaryDirectory(t)
    const lock = acquireLock(dir)
    const before = performance.now()
    assert.throws(
      () => acquireLock(dir),
      (error) =>
        error instanceof StorageError &&
        error.fault === 'busy' &&
        error.message ===
          `The data directory ${dir} is in use by another process (pid ${process.pid}). Stop that one first, or choose another directory.`,
    )
    assert.ok(performance.now() - before < 100)
    lock.release()
    assert.equal(existsSync(join(dir, 'lock.pid')), false)
    lock.release()
    const again = acquireLock(dir)
    again.release()
  })

  it('is refused without the pid when that is not known', (t) => {
    const dir = temporaryDirectory(t)
    const lock = acquireLock(dir)
    rmSync(join(dir, 'lock.pid'))
    assert.throws(() => acquireLock(dir), {
      message: `The data directory ${dir} is in use by another process. Stop that one first, or choose another directory.`,
    })
    lock.release()
  })

  it('does not keep two directories apart owners', (t) => {
    const dir = temporaryDirectory(t)
    mkdirSync(join(dir, 'a'))
    mkdirSync(join(dir, 'b'))
    const locks = ['a', 'b'].map((name) => acquireLock(join(dir, name)))
    for (const lock of locks) lock.release()
  })

  it('says so when the directory is not there', (t) => {
    const dir = join(temporaryDirectory(t), 'none')
    assert.throws(() => acquireLock(dir), { name: 'StorageError', fault: 'unreachable' })
  })

  it('is released by kill -9 of its holder', async (t) => {
    const dir = temporaryDirectory(t)
    for (let round = 0; round < 3; round++) {
      const holder = await start(dir)
      assert.equal(holder.line, 'held')
      assert.equal(readFileSync(join(dir, 'lock.pid'), 'utf8'), `${holder.child.pid}\n`)
      assert.throws(() => acquireLock(dir), { message: new RegExp(`\\(pid ${holder.child.pid}\\)`) })
      await end(holder, 'SIGKILL')
      acquireLock(dir).release()
    }
  })

  it('goes to exactly one of a hundred processes that start at once', { timeout: 120_000 }, async (t) => {
    const dir = temporaryDirectory(t)
    // The first one fills the compile cache.
    await end(await start(dir), 'SIGKILL')
    const started = await Promise.all(Array.from({ length: 100 }, () => start(dir)))
    const holders = started.filter(({ line }) => line === 'held')
    const refused = started.filter(({ line }) =>
      line.startsWith(`The data directory ${dir} is in use by another process`),
    )
    await Promise.all(started.map((one) => end(one, 'SIGKILL')))
    assert.equal(holders.length, 1)
    assert.equal(refused.length, 99)
  })
})
