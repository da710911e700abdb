import { flushCompileCache } from 'node:module'
import { ownLibrary } from './own-library.ts'

const processFunctions = { _exit: { return: 'void', arguments: ['int32'] } } as const

/**
 * Ends the process with `code` at once, by _exit(2). Node's own way first ends the threads one by one, and the end of a
 * thread frees what V8 knows of the functions of node:ffi, while V8's compiler may still be reading it for that thread: one stop of
 * some hundreds, soon after a start, ended with SIGSEGV or SIGTRAP (Node.js 26.10). Where there is no such interface, Node's own way
 * is safe. Nothing may be left to be written.
 */
export async function endProcess(code: number): Promise<never> {
  try {
    flushCompileCache()
    const { library } = await ownLibrary()
    library.getFunctions(processFunctions)._exit(code)
  } catch {
    // Then nothing here has called its functions.
  }
  process.exit(code)
}
