import { constants, setPriority } from 'node:os'
import { ownLibrary } from './own-library.ts'

/** SCHED_IDLE of Linux, sched(7): runs when nothing else wants to, and gives way to what wakes up at once. */
const idlePolicy = 5
const schedulingFunctions = {
  sched_setscheduler: { return: 'int32', arguments: ['int32', 'int32', 'buffer'] },
} as const
// struct sched_param: a priority, which is 0 for this policy.
const parameters = Buffer.alloc(4)

/**
 * Has the process `pid` give way to all others. The least nice value alone does so by shares: who wakes up where it runs waits
 * for milliseconds. Where the system doesn't let us, it is as important as we are.
 */
export async function giveWay(pid: number): Promise<void> {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
    if (process.platform !== 'linux') return
    const { library } = await ownLibrary()
    library.getFunctions(schedulingFunctions).sched_setscheduler(pid, idlePolicy, parameters)
  } catch {
    // It has ended, or there is no such function here.
  }
}
