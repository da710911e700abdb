/** The entry of a signing thread: switches the compile cache on before it loads anything. */
import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { SigningBirth } from './signing-messages.ts'

const port = parentPort
if (port === null) throw new Error('src/server/signing-thread-entry.ts runs as a worker thread only')

// Handed over by the thread that made this one, in the same process and version.
const { cacheDirectory } = workerData as SigningBirth
if (cacheDirectory !== undefined) enableCompileCache(cacheDirectory)
const { serveSignatures } = await import('./signing-thread-main.ts')
await serveSignatures(port)
