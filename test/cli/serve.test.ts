import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { serve, serveLaunched, temporaryDirectory, trent } from './trent-process.ts'

const ready = /^trent: ready on http:\/\/127\.0\.0\.1:\d+$/
const flags = (dir: string): readonly string[] => ['--data-dir', dir, '--listen', '127.0.0.1:0', '--workers', '1']

test('a server is ready once, tells how to use a new installation, and ends with 0 on SIGTERM', async (t) => {
  const home = temporaryDirectory(t)
  const dir = join(home, 'data')
  const first = serve(t, flags(dir), { XDG_CACHE_HOME: home })
  await first.line(ready)
  // The sources that were loaded are kept for the next start, where nobody else can write.
  assert.equal(statSync(join(home, 'trent')).mode & 0o777, 0o700)
  first.child.kill('SIGTERM')
  const { exit, stdout } = await first.ended
  assert.equal(exit, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines.at(-1) ?? '', ready)
  assert.ok(lines.slice(0, -1).some((line) => line.includes('AWS_SHARED_CREDENTIALS_FILE=')))
  assert.ok(readdirSync(join(home, 'trent')).length > 0)

  const again = serve(t, flags(dir))
  await again.line(ready)
  again.child.kill('SIGINT')
  const second = await again.ended
  assert.equal(second.exit, 0)
  assert.match(second.stdout, /^trent: ready on \S+\n$/)
})

test('operators can ask a running server, and move the clock of a test profile', async (t) => {
  const dir = join(temporaryDirectory(t), 'data')
  const server = serve(t, [...flags(dir), '--test-profile'])
  await server.line(ready)
  const at = ['--data-dir', dir, '--json']
  const clock = await trent(['clock', 'advance', '31d', ...at])
  assert.equal(clock.exit, 0)
  const { now } = JSON.parse(clock.stdout) as { now: string }
  const days = (Date.parse(now) - Date.now()) / 86_400_000
  assert.ok(days > 30.9 && days < 31.1, now)
  const status = await trent(['seal', 'status', ...at])
  assert.match(status.stdout, /^\{"type":"key-file","generation":1,"installationId":"[0-9a-f-]{36}","keyFile":\{/)
  assert.match((await trent(['audit', 'verify', '--data-dir', dir])).stdout, /^The audit trail is intact: /)
  assert.match((await trent(['storage', 'verify', '--data-dir', dir])).stdout, /^All 2 rows are what was written\.\n$/)
  server.child.kill('SIGTERM')
  assert.equal((await server.ended).exit, 0)
  assert.match((await trent(['audit', 'verify', '--data-dir', dir])).stdout, /^The audit trail is intact: /)
})

test('what keeps a server from starting is told by the exit code and a message', async (t) => {
  const dir = join(temporaryDirectory(t), 'data')
  const server = serve(t, flags(dir))
  await server.line(ready)
  const second = await trent(['serve', ...flags(dir)])
  assert.equal(second.exit, 75)
  assert.match(second.stderr, /^trent: The data directory \S+ is in use by another process \(pid \d+\)\./m)
  server.child.kill('SIGTERM')
  await server.ended

  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const taken = await trent(['serve', '--data-dir', dir, '--listen', `127.0.0.1:${port}`])
  assert.equal(taken.exit, 75)
  assert.match(taken.stderr, new RegExp(`^trent: 127\\.0\\.0\\.1:${port} is in use by another program`, 'm'))

  const cert = await trent(['serve', ...flags(dir), '--tls-cert', '/absent.crt', '--tls-key', '/absent.key'])
  assert.equal(cert.exit, 64)
  assert.match(cert.stderr, /^trent: cannot read the certificate \/absent\.crt: there is no such file$/m)

  chmodSync(join(dir, 'seal.key'), 0o644)
  const seal = await trent(['serve', ...flags(dir)])
  assert.equal(seal.exit, 66)
  assert.match(seal.stderr, /^trent: the key file \S+ is open to other users \(mode 0644\); run: chmod 0400 /m)
})

test('a server ends when its launcher is killed', async (t) => {
  const dir = join(temporaryDirectory(t), 'data')
  const launched = serveLaunched(t, flags(dir))
  await launched.line(ready)
  const pid = Number(readFileSync(join(dir, 'lock.pid'), 'latin1'))
  assert.notEqual(pid, launched.child.pid)
  launched.child.kill('SIGKILL')
  for (let waited = 0; waited < 10_000 && isAlive(pid); waited += 50) await setTimeout(50)
  assert.equal(isAlive(pid), false)
})

test('Ctrl-C reaches a launched server twice and still drains it', async (t) => {
  const dir = join(temporaryDirectory(t), 'data')
  const launched = serveLaunched(t, flags(dir))
  await launched.line(ready)
  // As the terminal does: to every process of the group. The launcher passes its own on.
  process.kill(Number(readFileSync(join(dir, 'lock.pid'), 'latin1')), 'SIGINT')
  launched.child.kill('SIGINT')
  assert.equal((await launched.ended).exit, 0)
})

test('a cache that others could have written to is not used', async (t) => {
  const home = temporaryDirectory(t)
  const dir = join(home, 'data')
  mkdirSync(join(home, 'trent'))
  chmodSync(join(home, 'trent'), 0o777)
  const server = serve(t, flags(dir), { XDG_CACHE_HOME: home })
  await server.line(ready)
  server.child.kill('SIGTERM')
  assert.equal((await server.ended).exit, 0)
  assert.deepEqual(readdirSync(join(home, 'trent')), [])
  // The one in the data directory takes its place.
  assert.equal(statSync(join(dir, 'cache')).mode & 0o777, 0o700)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
