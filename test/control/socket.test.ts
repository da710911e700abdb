import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { callControl } from '#control/client.ts'
import { ControlError } from '#control/control-error.ts'
import { createControlServer } from '#control/server.ts'
import type { Command } from '#control/server.ts'
import { answerOf, controlServer, temporaryDirectory } from './fixtures.ts'

const echo: Command = async (args, output) => {
  await output.text('first')
  await output.item(args)
}

test('a command is carried out and its items and texts arrive in order', async (t) => {
  const dir = temporaryDirectory(t)
  await controlServer(t, dir, { echo })
  assert.deepEqual(await answerOf(dir, 'echo', { a: 'line\nfeed', b: [1] }), [
    { text: 'first' },
    { a: 'line\nfeed', b: [1] },
  ])
})

test('the socket is for its owner only and goes with the server', async (t) => {
  const dir = temporaryDirectory(t)
  process.umask(0o027)
  const server = await controlServer(t, dir, { echo })
  assert.equal(statSync(join(dir, 'control.sock')).mode & 0o777, 0o600)
  assert.equal(process.umask(0o022), 0o027)
  await server.close()
  assert.equal(existsSync(join(dir, 'control.sock')), false)
  assert.deepEqual(await answerOf(dir, 'echo'), ['no server'])
})

test('a directory without a server, or that is not there, has no server', async (t) => {
  const dir = temporaryDirectory(t)
  assert.deepEqual(await answerOf(dir, 'echo'), ['no server'])
  assert.deepEqual(await answerOf(join(dir, 'absent'), 'echo'), ['no server'])
  assert.deepEqual(await answerOf(join(dir, 'x'.repeat(200)), 'echo'), ['no server'])
})

test('a socket that a killed server left behind is no server, and is replaced', async (t) => {
  const dir = temporaryDirectory(t)
  const path = join(dir, 'control.sock')
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script]), 'exit')
  assert.ok(existsSync(path))
  assert.deepEqual(await answerOf(dir, 'echo'), ['no server'])
  await controlServer(t, dir, { echo })
  assert.deepEqual(await answerOf(dir, 'echo', 1), [{ text: 'first' }, 1])
})

test('what is in the way and no socket is left alone', async (t) => {
  const path = join(temporaryDirectory(t), 'control.sock')
  writeFileSync(path, 'precious')
  await assert.rejects(createControlServer({ path, commands: () => Promise.resolve({}) }), {
    name: 'ControlError',
    message: `${path} is in the way and no socket; move it elsewhere`,
  })
})

test('a path that is too long for a socket works', { skip: process.platform !== 'linux' }, async (t) => {
  const dir = join(temporaryDirectory(t), 'd'.repeat(120), 'e'.repeat(120))
  mkdirSync(dir, { recursive: true })
  const server = await controlServer(t, dir, { echo })
  assert.deepEqual(await answerOf(dir, 'echo', 1), [{ text: 'first' }, 1])
  assert.equal(statSync(join(dir, 'control.sock')).mode & 0o777, 0o600)
  await server.close()
  assert.equal(existsSync(join(dir, 'control.sock')), false)
})

test('an error of a command reaches the client with its exit code', async (t) => {
  const dir = temporaryDirectory(t)
  const reported: unknown[] = []
  const server = await createControlServer({
    path: join(dir, 'control.sock'),
    commands: () =>
      Promise.resolve({
        refuse: () => Promise.reject(new ControlError('no, because', 75)),
        fail: () => Promise.reject(new Error('a bug')),
      }),
    report: (what, error) => void reported.push([what, error]),
  })
  t.after(() => server.close())
  await assert.rejects(answerOf(dir, 'refuse'), { name: 'ControlError', message: 'no, because', exit: 75 })
  assert.deepEqual(reported, [])
  await assert.rejects(answerOf(dir, 'fail'), { message: 'a bug', exit: 70 })
  assert.deepEqual(reported, [['the command fail failed', new Error('a bug')]])
  for (const name of ['other', 'toString', '__proto__']) {
    const message = `the running server does not know the command ${name}`
    await assert.rejects(answerOf(dir, name), { message })
  }
})

test('commands that cannot be loaded are an error of the client, and of the log', async (t) => {
  const dir = temporaryDirectory(t)
  const reported: unknown[] = []
  const server = await createControlServer({
    path: join(dir, 'control.sock'),
    commands: () => Promise.reject(new Error('no such module')),
    report: (what, error) => void reported.push([what, error]),
  })
  t.after(() => server.close())
  await assert.rejects(answerOf(dir, 'echo'), { message: 'no such module', exit: 70 })
  assert.deepEqual(reported, [['the commands could not be loaded', new Error('no such module')]])
})

test('clients are served side by side', async (t) => {
  const dir = temporaryDirectory(t)
  const gate = Promise.withResolvers<undefined>()
  await controlServer(t, dir, {
    echo,
    wait: async (args, output) => {
      await gate.promise
      await output.item(args)
    },
  })
  const waiting = [1, 2, 3, 4, 5].map((number) => answerOf(dir, 'wait', number))
  assert.deepEqual(await answerOf(dir, 'echo', 'meanwhile'), [{ text: 'first' }, 'meanwhile'])
  gate.resolve(undefined)
  assert.deepEqual(await Promise.all(waiting), [[1], [2], [3], [4], [5]])
})

test('a client that goes away stops its command', async (t) => {
  const dir = temporaryDirectory(t)
  const stopped = Promise.withResolvers<boolean>()
  await controlServer(t, dir, {
    forever: async (_args, output) => {
      try {
        for (;;) {
          await output.item('x'.repeat(1000))
          await setTimeout(1)
        }
      } finally {
        stopped.resolve(output.signal.aborted)
      }
    },
  })
  const socket = connect(join(dir, 'control.sock'))
  socket.write('{"command":"forever"}\n')
  await once(socket, 'data')
  socket.destroy()
  assert.equal(await stopped.promise, true)
})

test('a client that does not read makes the command wait instead of filling memory', async (t) => {
  const dir = temporaryDirectory(t)
  let sent = 0
  await controlServer(t, dir, {
    flood: async (_args, output) => {
      for (;;) {
        await output.item('x'.repeat(10_000))
        sent += 1
      }
    },
  })
  const socket = connect(join(dir, 'control.sock'))
  t.after(() => socket.destroy())
  socket.pause()
  socket.write('{"command":"flood"}\n')
  let before = -1
  while (sent !== before) {
    before = sent
    await setTimeout(150)
  }
  assert.ok(sent > 0 && sent < 500, `${sent} items of 10 kB were sent to nobody`)
})

test('a server that stops ends the commands of its clients', async (t) => {
  const dir = temporaryDirectory(t)
  const started = Promise.withResolvers<undefined>()
  const server = await controlServer(t, dir, {
    hang: async (_args, output) => {
      started.resolve(undefined)
      await once(output.signal, 'abort')
    },
  })
  const answer = answerOf(dir, 'hang')
  await started.promise
  await server.close()
  await assert.rejects(answer, { message: 'the server ended before it had answered; look at its log', exit: 69 })
})

const refusals: readonly [string, string, string][] = [
  ['no JSON', 'hello\n', 'the request is not one of this protocol'],
  ['no command', '{"arguments":{}}\n', 'the request is not one of this protocol'],
  ['an array', '[]\n', 'the request is not one of this protocol'],
  ['a line without end', 'x'.repeat(70_000), 'the request is too long'],
]
for (const [name, request, message] of refusals) {
  test(`a request that is ${name} is refused`, async (t) => {
    const dir = temporaryDirectory(t)
    await controlServer(t, dir, { echo })
    const socket = connect(join(dir, 'control.sock'))
    socket.write(request)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(Buffer.from(chunk as Uint8Array))
    assert.deepEqual(JSON.parse(Buffer.concat(chunks).toString()), { error: { message, exit: 70 } })
  })
}

test('a line that comes in pieces is one request', async (t) => {
  const dir = temporaryDirectory(t)
  await controlServer(t, dir, { echo })
  const socket = connect(join(dir, 'control.sock'))
  for (const piece of ['{"comm', 'and":"echo","argu', 'ments":"é"}\n']) {
    socket.write(piece)
    await setTimeout(5)
  }
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(Buffer.from(chunk as Uint8Array))
  assert.equal(Buffer.concat(chunks).toString(), '{"text":"first"}\n{"item":"é"}\n{"done":true}\n')
})

test('what a client gets that is not of the protocol is an error', async (t) => {
  const dir = temporaryDirectory(t)
  const { createServer } = await import('node:net')
  const server = createServer((socket) => socket.end('220 mail.example.com ESMTP\n'))
  await new Promise<void>((resolve) => server.listen(join(dir, 'control.sock'), resolve))
  t.after(() => server.close())
  const message = 'the server answered with what is not of this protocol'
  await assert.rejects(callControl(dir, 'echo', {}, { onItem: () => undefined }), { message, exit: 70 })
})
