/** That a crash leaves no key on a disk, and that nobody attaches to the service to read one. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'trent-core-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a command where core dumps of any size are allowed, as an operator's shell may. */
const withDumps = 'ulimit -S -c unlimited && exec "$0" "$@"'

/** Why a crash of anything would leave nothing to look at here. */
const keepsNone = ((): string | false => {
  if (process.platform !== 'linux') return 'needs Linux'
  if (!/^core/.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'))) return 'core dumps go elsewhere here'
  const cwd = mkdtempSync(join(directory, 'other-'))
  spawnSync('sh', ['-c', withDumps, process.execPath, '--eval', 'process.abort()'], { cwd, stdio: 'ignore' })
  return readdirSync(cwd).length > 0 ? false : 'no core dumps are kept here'
})()

async function crash(
  command: readonly string[],
): Promise<{ readonly limits: string; readonly left: readonly string[] }> {
  const cwd = mkdtempSync(join(directory, 'service-'))
  const data = mkdtempSync(join(directory, 'data-'))
  const args = [...command, 'serve', '--data-dir', data, '--listen', '127.0.0.1:0', '--workers', '1']
  const child = spawn('sh', ['-c', withDumps, ...args], { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  try {
    for await (const line of createInterface({ input: child.stdout })) if (/^trent: ready/.test(line)) break
    const limits = /^Max core file size.*$/m.exec(readFileSync(`/proc/${child.pid}/limits`, 'utf8'))?.[0] ?? ''
    child.kill('SIGABRT')
    assert.deepEqual(await exited, [null, 'SIGABRT'])
    return { limits, left: readdirSync(cwd) }
  } finally {
    child.kill('SIGKILL')
  }
}

describe('a crash of the service', { skip: keepsNone }, () => {
  it('leaves no core dump, whatever limit it was started with', async () => {
    const { limits, left } = await crash([program])
    assert.match(limits, /^Max core file size +0 /)
    assert.deepEqual(left, [])
  })

  it('leaves none either where Node.js starts it', async () => {
    const { limits, left } = await crash([process.execPath, program])
    assert.match(limits, /^Max core file size +0 /)
    assert.deepEqual(left, [])
  })
})

it(
  'the service is closed to core dumps by any handler, and to debuggers',
  { skip: process.platform !== 'linux' },
  () => {
    const script = `
    const { ownLibrary } = await import('#server/own-library.ts')
    const { refuseCoreDumps } = await import('#server/core-dumps.ts')
    const { library } = await ownLibrary()
    const { prctl } = library.getFunctions({
      prctl: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'] },
    })
    const PR_GET_DUMPABLE = 3
    const isDumpable = () => prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n)
    console.log(isDumpable(), await refuseCoreDumps(), isDumpable())`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    })
    assert.equal(stdout, '1 true 0\n', stderr)
  },
)
