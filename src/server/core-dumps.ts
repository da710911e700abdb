import { ownLibrary } from './own-library.ts'

/** PR_SET_DUMPABLE of prctl(2). */
const setDumpable = 4
const processFunctions = {
  prctl: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'] },
} as const

/**
 * Has Linux make no core dump of this process, for no handler either, and let no other process of its user read its memory or
 * attach to it (PR_SET_DUMPABLE of prctl(2)): both would have keys. Whether it does. The limit of a core file is 0 since the process
 * was started (bin/trent, bin/launch.js), which other systems go by too; children inherit that.
 */
export async function refuseCoreDumps(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  try {
    const { library } = await ownLibrary()
    return library.getFunctions(processFunctions).prctl(setDumpable, 0n, 0n, 0n, 0n) === 0
  } catch {
    return false
  }
}
