/**
 * The entry of a worker thread: switches the compile cache on, which threads do not inherit, before it loads anything; then
 * waits for what it is to serve.
 */
import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { ToWorker, WorkerBirth } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('src/server/worker.ts runs as a worker thread only')

// Handed over by the primary, in this same process and version.
const { cacheDirectory } = workerData as WorkerBirth
if (cacheDirectory !== undefined) enableCompileCache(cacheDirectory)
const { serve } = await import('./worker-main.ts')

port.once('message', (message: ToWorker) => {
  if (message.kind !== 'start') throw new Error(`a worker got ${message.kind} before start`)
  // What is thrown ends the thread, and with it the server.
  serve(message.start, port, cacheDirectory).catch((error: unknown) => {
    setImmediate(() => {
      throw error
    })
  })
})
