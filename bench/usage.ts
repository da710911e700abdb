import { readdirSync, readFileSync } from 'node:fs'

/** What a process and its children have used so far, and hold now. */
export interface Usage {
  /** User and system time of all threads, in microseconds, in steps of 10,000. */
  readonly cpuMicros: number
  readonly residentBytes: number
}

// USER_HZ, in which proc(5) counts, is 100 on every Linux that Node runs on.
const microsPerTick = 10_000

/** The usage of process `pid` and its descendants, or undefined where there is no /proc to read it from. */
export function usageOf(pid: number): Usage | undefined {
  if (process.platform !== 'linux') return undefined
  let ticks = 0
  let residentKiB = 0
  for (const member of family(pid)) {
    const fields = statFields(member)
    ticks += Number(fields[11]) + Number(fields[12])
    residentKiB += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${member}/status`, 'utf8'))?.[1] ?? 0)
  }
  return { cpuMicros: ticks * microsPerTick, residentBytes: residentKiB * 1024 }
}

/** The fields of /proc/PID/stat behind the command's name, which may itself hold blanks: the state is field 0. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function family(pid: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(Number(name))
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)])
  }
  const found = [pid]
  for (const member of found) found.push(...(childrenOf.get(member) ?? []))
  return found
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(statFields(pid)[1])
  } catch {
    // It ended between the listing and the reading.
    return undefined
  }
}
