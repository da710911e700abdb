import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'

it('the process ends at once with the code, and not by way of the ends of its threads, whose functions V8 may be compiling', () => {
  const script = `
    import { Worker } from 'node:worker_threads'
    import { endProcess } from '#server/end-process.ts'
    const worker = new Worker('setInterval(() => undefined, 1000); process.on("exit", () => console.log("a thread has ended"))', {
      eval: true,
    })
    worker.once('online', () => {
      process.on('exit', () => console.log('by way of Node.js'))
      console.log('written before')
      endProcess(7)
    })`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stdout], [7, 'written before\n'], stderr)
})
