import { Worker, type WorkerOptions } from 'node:worker_threads'
import { activeCompileCache } from './compile-cache.js'

/** `new Worker` for a module of this program, at `module`. */
export function startThread(module: URL, options: Omit<WorkerOptions, 'argv'>): Worker {
  const cacheDirectory = activeCompileCache()
  const argv = [module.href, ...(cacheDirectory === undefined ? [] : [cacheDirectory])]
  return new Worker(new URL('./thread.js', import.meta.url), { ...options, argv })
}
