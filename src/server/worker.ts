/** The entry of a worker thread: waits for what it is to serve. */
import { parentPort } from 'node:worker_threads'
import type { ToWorker } from './messages.ts'
import { serve } from './worker-main.ts'

const port = parentPort
if (port === null) throw new Error('src/server/worker.ts runs as a worker thread only')

port.once('message', (message: ToWorker) => {
  if (message.kind !== 'start') throw new Error(`a worker got ${message.kind} before start`)
  // What is thrown ends the thread, and with it the server.
  serve(message.start, port).catch((error: unknown) => {
    setImmediate(() => {
      throw error
    })
  })
})
