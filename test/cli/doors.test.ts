/** bin/trent as a shell runs it and as any Node does, and what both say of the runtime's memory. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './trent-process.ts'

const bin = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const skip = process.platform === 'linux' ? false : 'needs /proc'

/** The runtime's flags and the memory variables of a server's process, started by `command`; what the caller sets is `MALLOC_ARENA_MAX`. */
async function startedBy(t: TestContext, command: readonly string[]): Promise<readonly string[]> {
  const [program = '', ...args] = command
  const dataDir = join(temporaryDirectory(t), 'data')
  const child = spawn(program, [...args, 'serve', '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--workers', '1'], {
    env: { PATH: process.env['PATH'], HOME: dataDir, MALLOC_ARENA_MAX: '3' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.includes('trent: ready on ')) break
  }
  const pid = Number(readFileSync(join(dataDir, 'lock.pid'), 'latin1'))
  const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
  const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  child.kill('SIGTERM')
  await once(child, 'exit')
  return [
    ...words.slice(0, words.indexOf('serve')).filter((word) => word.startsWith('--')),
    ...variables.filter((variable) => variable.startsWith('MALLOC_')).sort(),
  ]
}

describe('bin/trent', () => {
  it('starts the service with the same flags and variables from a shell as from Node', { skip }, async (t) => {
    const expected = [
      '--max-semi-space-size=2',
      '--no-allocation-site-pretenuring',
      'MALLOC_ARENA_MAX=3',
      'MALLOC_MMAP_THRESHOLD_=262144',
      'MALLOC_TRIM_THRESHOLD_=1048576',
    ]
    assert.deepEqual(await startedBy(t, [bin]), expected)
    assert.deepEqual(await startedBy(t, [process.execPath, bin]), expected)
  })

  it('becomes the runtime: the process that was started is the server', { skip }, async (t) => {
    const dataDir = join(temporaryDirectory(t), 'data')
    const child = spawn(bin, ['serve', '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--workers', '1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    assert.equal(Number(readFileSync(join(dataDir, 'lock.pid'), 'latin1')), child.pid)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('is found through links, absolute and relative, and keeps arguments as they are', { skip }, (t) => {
    const directory = temporaryDirectory(t)
    symlinkSync(bin, join(directory, 'absolute'))
    symlinkSync('absolute', join(directory, 'relative'))
    for (const program of ['./absolute', './relative', join(directory, 'relative')]) {
      const version = spawnSync(program, ['--version'], { cwd: directory, encoding: 'utf8' })
      assert.match(version.stdout, /^trent \d+\.\d+\.\d+\n$/)
      assert.equal(version.stderr, '')
      const wrong = spawnSync(program, ['two  words *'], { cwd: directory, encoding: 'utf8' })
      assert.equal(wrong.status, 64)
      assert.match(wrong.stderr, /'two {2}words \*'/)
    }
    const named = spawnSync('sh', ['relative', '--version'], { cwd: directory, encoding: 'utf8' })
    assert.match(named.stdout, /^trent \d/)
  })
})
