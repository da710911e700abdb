import assert from 'node:assert/strict'
import { closeSync, openSync, ftruncateSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { appears, finished, openBench, peakMemory } from './file-support.ts'
import type { Bench } from './file-support.ts'

/** A file of zeros that takes no space on the disk. */
function plantSparse(bench: Bench, name: string, mebibytes: number): void {
  const fd = openSync(bench.at(name), 'w')
  ftruncateSync(fd, mebibytes * 2 ** 20)
  closeSync(fd)
}
const posix = process.platform === 'win32' ? { skip: 'needs a POSIX shell' } : {}
const memory = process.platform === 'linux' ? {} : { skip: 'needs /proc' }

describe('trent file as a process', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`leaves nothing when ${signal} stops it midway`, async () => {
      await using bench = await openBench()
      plantSparse(bench, 'data', 2048)
      mkdirSync(bench.at('out'))
      const child = bench.start('encrypt', 'data', '--key-id', 'alias/files', '--output', 'out')
      await appears(bench.at('out'), '.partial')
      child.kill(signal)
      const result = await finished(child)
      assert.equal(result.code, signal === 'SIGINT' ? 130 : 143)
      assert.deepEqual(readdirSync(bench.at('out')), [])
    })

  it('has no file under the final name when it is killed midway, and says later what was left', async () => {
    await using bench = await openBench()
    plantSparse(bench, 'data', 2048)
    mkdirSync(bench.at('out'))
    const child = bench.start('encrypt', 'data', '--key-id', 'alias/files', '--output', 'out')
    await appears(bench.at('out'), '.partial')
    child.kill('SIGKILL')
    await finished(child)
    const left = readdirSync(bench.at('out'))
    assert.equal(left.length, 1)
    assert.match(left[0]!, /^\.trent-[0-9a-f]{16}\.partial$/)
    const later = await bench.run('encrypt', 'out', '--key-id', 'alias/files')
    assert.equal(later.code, 0)
    assert.match(later.stderr, /out\/\.trent-[0-9a-f]{16}\.partial: skipped: left by a run that was killed: delete it/)
  })

  it('leaves nothing when the disk or the input fails', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    writeFileSync(bench.at('not-a-directory'), '')
    const result = await bench.run('encrypt', 'data', '--key-id', 'alias/files', '--output', 'not-a-directory/x')
    assert.equal(result.code, 1)
    assert.match(result.stderr, /a part of the path is not a directory/)
  })

  it('leaves nothing when the disk takes no more', posix, async () => {
    await using bench = await openBench()
    plantSparse(bench, 'data', 20)
    const result = await bench.runIn('ulimit -f 2000; exec "$@"', 'encrypt', 'data', '--key-id', 'alias/files')
    assert.equal(result.code, 1)
    assert.match(result.stderr, /data: too large for this file system/)
    assert.deepEqual(readdirSync(bench.directory), ['data'])
  })

  it('takes no more memory for a large file than for a small one', memory, async () => {
    await using bench = await openBench()
    const peak = async (...args: string[]): Promise<number> => {
      const child = bench.start(...args)
      const [result, mebibytes] = await Promise.all([finished(child), peakMemory(child)])
      assert.equal(result.code, 0, result.stderr)
      assert.ok(mebibytes > 30)
      return mebibytes
    }
    const peaks: Record<string, number> = {}
    for (const size of [20, 300]) {
      plantSparse(bench, `data${size}`, size)
      peaks[`encrypt ${size}`] = await peak('encrypt', `data${size}`, '--key-id', 'alias/files')
      rmSync(bench.at(`data${size}`))
      peaks[`decrypt ${size}`] = await peak('decrypt', `data${size}.encrypted`)
      rmSync(bench.at(`data${size}`))
      rmSync(bench.at(`data${size}.encrypted`))
    }
    console.log(peaks)
    for (const direction of ['encrypt', 'decrypt'])
      assert.ok(peaks[`${direction} 300`]! - peaks[`${direction} 20`]! <= 20, direction)
  })
})
