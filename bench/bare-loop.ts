import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BareKind } from './bare.ts'
import { numberMember } from './json.ts'
import type { Figures } from './measure.ts'
import type { OtherCase } from './turns.ts'

/** Processes that do nothing but one kind of cryptography. `stop` ends them. */
export interface BareLoop extends OtherCase {
  stop(): void
}

const program = fileURLToPath(new URL('bare.ts', import.meta.url))

// They must not outlive a bench that failed or was interrupted.
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `processes` of them, each of which does `count` operations a turn. The rate is that of all together. */
export function startBareLoop(name: string, kind: BareKind, processes: number, count: number): BareLoop {
  const children = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [program, kind], { stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: createInterface({ input: child.stdout }) }
  })
  for (const { child } of children) running.add(child)
  return {
    name,
    turn: async () => {
      const results = await Promise.all(children.map(({ child, lines }) => run(child, lines, count)))
      const cpuMicros = results.reduce((sum, result) => sum + result.cpuMicros, 0) / (count * processes)
      const requestsPerSecond = results.reduce((sum, { seconds }) => sum + count / seconds, 0)
      const none = Number.NaN
      return {
        cpuMicros,
        requestsPerSecond,
        p50Millis: none,
        p99Millis: none,
        residentBytes: undefined,
      } satisfies Figures
    },
    stop: () => {
      for (const { child } of children) {
        running.delete(child)
        child.kill('SIGKILL')
      }
    },
  }
}

async function run(
  child: ChildProcess,
  lines: Interface,
  count: number,
): Promise<{ readonly seconds: number; readonly cpuMicros: number }> {
  const ending = new AbortController()
  const ended = once(child, 'exit', { signal: ending.signal }).then(() => {
    throw new Error('a bare loop ended')
  })
  child.stdin?.write(`${count}\n`)
  try {
    const [line] = (await Promise.race([once(lines, 'line', { signal: ending.signal }), ended])) as unknown[]
    const result: unknown = JSON.parse(String(line))
    return { seconds: numberMember(result, 'seconds'), cpuMicros: numberMember(result, 'cpuMicros') }
  } finally {
    ending.abort()
    ended.catch(() => undefined)
  }
}
