/**
 * After kill -9 the kernel still writes what it was given, so that crash tests say nothing about power failures. The order
 * of system calls does: between the write of a record and the answer lies a sync of the file that has the record.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { launch, readAccessKey, region, withDirectory } from './program.ts'
import { createKey, KmsWire, type WireAnswer } from './wire.ts'

const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
const skip = canTrace ? false : 'needs strace and the right to trace: apt-get install strace'

interface Call {
  readonly name: string
  /** The path of the descriptor, or the socket. */
  readonly file: string
  readonly text: string
  /** Lines of the trace. */
  readonly begun: number
  readonly done: number
}

it('syncs the file with the record before it answers, for a change and for a use of a key', { skip }, async () => {
  await withDirectory(async (directory) => {
    const trace = join(directory, 'trace')
    const calls = 'trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync'
    const server = launch({
      directory,
      workers: 1,
      runner: ['strace', '-f', '-y', '-s', '20000', '-o', trace, '-e', calls, process.execPath],
    })
    const url = await server.ready
    const traced = Number(readFileSync(join(directory, 'lock.pid'), 'latin1'))
    // The tracer would pass no signal on, and leave what it traces behind when it is killed.
    after(() => {
      if (server.child.exitCode === null) process.kill(traced, 'SIGKILL')
    })
    const client = new KmsWire(url, readAccessKey(directory), region)
    const KeyId = await createKey(client)
    const changes: WireAnswer[] = []
    const uses: WireAnswer[] = []
    for (let index = 0; index < 5; index += 1) {
      changes.push(await client.send('UpdateKeyDescription', { KeyId, Description: `number ${index}` }))
      uses.push(await client.send('GenerateDataKey', { KeyId, KeySpec: 'AES_256' }))
      uses.push(await client.send('DescribeKey', { KeyId }))
    }
    client.close()
    process.kill(traced, 'SIGTERM')
    assert.equal((await server.ended).code, 0)
    const all = parseTrace(readFileSync(trace, 'latin1'))
    for (const answer of changes) requireOrder(all, answer, '/keys.db-wal')
    for (const answer of uses) requireOrder(all, answer, '/trail.db-wal')
  })
})

function requireOrder(calls: readonly Call[], answer: WireAnswer, file: string): void {
  assert.equal(answer.status, 200)
  const id = answer.headers.get('x-amzn-requestid') ?? ''
  // A record may lie across two pages of the log, and its id with it: then one half of the id is whole.
  const halves = [id.slice(0, 18), id.slice(18)]
  const stored = calls.filter(
    (call) => call.file.endsWith(file) && /^pwrite/.test(call.name) && halves.some((half) => call.text.includes(half)),
  )
  const written = stored[0]
  assert.ok(written !== undefined, `the record of ${id} was not written to ${file}`)
  const answered = calls.find((call) => call.text.includes('HTTP/1.1 200') && call.text.includes(id))
  assert.ok(answered !== undefined, `no answer with ${id} was seen`)
  const sync = calls.find(
    (call) =>
      /sync$/.test(call.name) && call.file.endsWith(file) && call.begun > written.done && call.done < answered.begun,
  )
  assert.ok(sync !== undefined, `no sync of ${file} between lines ${written.done} and ${answered.begun} of the trace`)
}

/** The calls with their descriptors' names; one that another thread interrupted is on two lines. */
function parseTrace(trace: string): readonly Call[] {
  const calls: Call[] = []
  const unfinished = new Map<string, Omit<Call, 'done'>>()
  for (const [line, text] of trace.split('\n').entries()) {
    const begin = /^(\d+)\s+(\w+)\(\d+<([^>]*)>/.exec(text)
    if (begin !== null) {
      const [, pid = '', name = '', file = ''] = begin
      if (text.endsWith('<unfinished ...>')) unfinished.set(pid, { name, file, text, begun: line })
      else calls.push({ name, file, text, begun: line, done: line })
      continue
    }
    const pid = /^(\d+)\s+<\.\.\. \w+ resumed>/.exec(text)?.[1]
    const call = pid === undefined ? undefined : unfinished.get(pid)
    if (call !== undefined) calls.push({ ...call, text: call.text + text, done: line })
  }
  return calls.sort((a, b) => a.begun - b.begun)
}
