/** A port that anybody else holds is refused, never shared. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { failedStart, launch, readAccessKey, region, withDirectory } from './program.ts'
import { KmsWire } from './wire.ts'

const races = 5

async function listening(host: string, port = 0): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer()
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { server, port: address.port }
}

for (const workers of [1, 2]) {
  it(`refuses a port that another program listens on, with ${workers} workers`, async () => {
    await withDirectory(async (directory) => {
      for (const host of ['127.0.0.1', '0.0.0.0']) {
        const { server, port } = await listening(host)
        const end = await failedStart({ directory, workers, listen: `127.0.0.1:${port}` })
        assert.equal(end.code, 75, end.stderr)
        assert.match(end.stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use by another program`))
        assert.doesNotMatch(end.stdout, /ready/)
        server.close()
        await once(server, 'close')
      }
    })
  })

  it(
    `refuses a port that a program listens on which would share it, with ${workers} workers`,
    { skip: process.platform === 'linux' ? false : 'needs Linux, where ports are shared so' },
    async () => {
      await withDirectory(async (directory) => {
        const script = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, reusePort: true }, function () {
          console.log(this.address().port)
        })`
        const other = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
        const [line] = (await once(other.stdout, 'data')) as [Buffer]
        const port = Number(line.toString('latin1'))
        const end = await failedStart({ directory, workers, listen: `127.0.0.1:${port}` })
        assert.equal(end.code, 75, end.stderr)
        assert.match(end.stderr, /is in use by another program/)
        assert.doesNotMatch(end.stdout, /ready/)
        other.kill('SIGKILL')
        await once(other, 'exit')
        const server = launch({ directory, workers, listen: `127.0.0.1:${port}` })
        assert.equal(await server.ready, `http://127.0.0.1:${port}`)
        assert.equal((await server.end('SIGTERM')).code, 0)
      })
    },
  )
}

it('names the address that is taken, and the flag that chooses it', async () => {
  await withDirectory(async (directory) => {
    const { server, port } = await listening('127.0.0.1')
    const end = await failedStart({ directory, args: ['--metrics-listen', `127.0.0.1:${port}`] })
    assert.equal(end.code, 75, end.stderr)
    assert.match(end.stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use by another program: .* --metrics-listen`))
    server.close()
    await once(server, 'close')
  })
})

it('refuses an address that is none of this machine, and a port that is none', async () => {
  await withDirectory(async (directory) => {
    const elsewhere = await failedStart({ directory, listen: '192.0.2.1:8736', args: ['--allow-plaintext'] })
    assert.equal(elsewhere.code, 64)
    assert.match(elsewhere.stderr, /192\.0\.2\.1 is not an address of this machine/)
    const none = await failedStart({ directory, listen: '127.0.0.1:65536' })
    assert.equal(none.code, 64)
  })
})

it('lets at most one of two servers that race for a port be ready', async () => {
  await withDirectory(async (base) => {
    const directories = [join(base, 'one'), join(base, 'two')]
    // The first starts make the installations, so that the race is about the port.
    for (const directory of directories) {
      const first = launch({ directory })
      await first.ready
      await first.end('SIGTERM')
    }
    let served = 0
    for (let round = 0; round < races; round += 1) {
      const { server, port } = await listening('127.0.0.1')
      server.close()
      await once(server, 'close')
      const racers = directories.map((directory) => launch({ directory, workers: 2, listen: `127.0.0.1:${port}` }))
      const outcomes = await Promise.all(
        racers.map((racer) =>
          racer.ready.then(
            () => 'ready',
            () => 'refused',
          ),
        ),
      )
      const ready = outcomes.filter((outcome) => outcome === 'ready').length
      assert.ok(ready <= 1, `round ${round}: both are ready`)
      served += ready
      for (const [index, racer] of racers.entries()) {
        const end = await racer.end('SIGTERM')
        assert.equal(end.code, outcomes[index] === 'ready' ? 0 : 75, racer.stderr())
      }
      // Whoever lost the port has lost nothing else.
    }
    console.log(`one of two was ready in ${served} of ${races} races`)
    for (const directory of directories) {
      const server = launch({ directory })
      const client = new KmsWire(await server.ready, readAccessKey(directory), region)
      await client.call('ListKeys', {})
      client.close()
      assert.equal((await server.end('SIGTERM')).code, 0)
    }
  })
})
