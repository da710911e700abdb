/** The entry of a signing thread. */
import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { serveSignatures } from './signing-thread-main.ts'

if (parentPort === null) throw new Error('src/server/signing-thread-entry.ts runs as a worker thread only')
await serveSignatures(parentPort)
// The process ends without the end of this thread (end-process.ts).
flushCompileCache()
