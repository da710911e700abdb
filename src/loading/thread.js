// @ts-check
/** The entry of a thread: sees to it that loading is quick, which threads don't inherit, then loads what start-thread.ts said. */
import { adoptCompileCache } from './compile-cache.js'
import { resolveOwnModules } from './resolution.js'

const [module = '', cacheDirectory] = process.argv.slice(2)
if (cacheDirectory !== undefined) adoptCompileCache(cacheDirectory)
resolveOwnModules()
await import(module)
