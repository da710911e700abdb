// @ts-check
/** The entry of the process: sees to it that loading is quick, then loads the command line. */
import { useCompileCache, userCacheDirectory } from './compile-cache.js'
import { resolveOwnModules } from './resolution.js'

// Where the user has no home of his own, a server takes its data directory instead (cli/serve.ts).
useCompileCache(userCacheDirectory(process.env))
resolveOwnModules()
await import('#cli/main.ts')
