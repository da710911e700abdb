/** The log of a worker, which loads what writes it with its first line. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

/** What a process that runs `script` with a log of `level` writes to standard error, and whether it has loaded pino. */
function linesOf(level: string, script: string): { readonly lines: readonly unknown[]; readonly isLoaded: boolean } {
  const program = `
    import { createRequire } from 'node:module'
    const { createWorkerLog } = await import('#server/worker-log.ts')
    const log = createWorkerLog('${level}', { worker: 1 })
    ${script}
    console.log(Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('pino')))
    process.kill(process.pid, 'SIGKILL')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    cwd: new URL('../..', import.meta.url),
  })
  const lines = stderr.split('\n').filter((line) => line !== '')
  return { lines: lines.map((line): unknown => JSON.parse(line)), isLoaded: stdout === 'true\n' }
}

test('a worker writes its lines at once, from its level on', () => {
  const script = `
    log.debug({ a: 1 }, 'one')
    log.info({ a: 2 }, 'two')
    log.warn({ a: 3 }, 'three')
    log.error({ a: 4 }, 'four')`
  const { lines, isLoaded } = linesOf('warn', script)
  const shown = lines.map((line) => {
    assert.ok(typeof line === 'object' && line !== null && 'time' in line)
    return { ...line, time: typeof line.time }
  })
  assert.deepEqual(shown, [
    { level: 40, time: 'string', worker: 1, a: 3, msg: 'three' },
    { level: 50, time: 'string', worker: 1, a: 4, msg: 'four' },
  ])
  assert.equal(isLoaded, true)
  assert.equal(linesOf('debug', script).lines.length, 4)
})

test('a worker that writes no line loads nothing for it', () => {
  assert.deepEqual(linesOf('info', `log.debug({}, 'openssl')`), { lines: [], isLoaded: false })
})
