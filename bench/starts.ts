/**
 * How long `bin/trent serve` takes to its ready line: on a directory that was used before, on one with many keys, and the very
 * first time, when nothing of the program is in a cache. Beside it the start of the bare runtime, in turn.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { makeKeys } from '../test/faults/make-keys.ts'
import { aligned, type Verdict } from './report.ts'
import { median } from './turns.ts'
import { usageOf } from './usage.ts'

const program = fileURLToPath(new URL('../bin/trent', import.meta.url))
const workers = 2
const endMillis = 30_000

/** What is started, and how soon it has to be ready. */
const kinds = {
  used: { name: 'a used directory', limitMillis: 700 },
  keys: { name: 'many keys', limitMillis: 1000 },
  first: { name: 'the very first start', limitMillis: 1200 },
} as const
type Kind = keyof typeof kinds
const kindNames = ['used', 'keys', 'first'] as const satisfies readonly Kind[]

interface Start {
  readonly millis: number
  /** Of all threads, until the ready line. */
  readonly cpuMillis: number | undefined
}

export interface StartResults {
  readonly keys: number
  readonly runtimeMillis: readonly number[]
  readonly starts: Readonly<Record<Kind, readonly Start[]>>
}

/** Starts each kind `times` times, in turn. The directory of many keys is made below `keep`, or found there. */
export async function measureStarts(
  folder: string,
  keys: number,
  times: number,
  keep: string | undefined,
  progress: (line: string) => void,
): Promise<StartResults> {
  const cache = join(folder, 'cache')
  const used = join(folder, 'used')
  const many = join(keep ?? folder, `keys-${keys}`)
  const none = join(folder, 'none')
  await startOnce(used, cache)
  if (!existsSync(`${many}.whole`)) {
    progress(`making ${keys} keys`)
    rmSync(many, { recursive: true, force: true })
    mkdirSync(many, { recursive: true })
    await startOnce(many, cache)
    await makeKeys(many, keys)
    writeFileSync(`${many}.whole`, '')
  }
  const runtimeMillis: number[] = []
  const starts: Record<Kind, Start[]> = { used: [], keys: [], first: [] }
  for (let time = 1; time <= times; time += 1) {
    progress(`starting, ${time} of ${times}`)
    runtimeMillis.push(bareStart())
    starts.used.push(await startOnce(used, cache))
    starts.keys.push(await startOnce(many, cache))
    for (const directory of [none, `${none}-cache`]) rmSync(directory, { recursive: true, force: true })
    starts.first.push(await startOnce(none, `${none}-cache`))
  }
  return { keys, runtimeMillis, starts }
}

/** The runtime with nothing to do. */
function bareStart(): number {
  const begin = performance.now()
  spawnSync(process.execPath, ['--eval', '0'])
  return performance.now() - begin
}

async function startOnce(dataDir: string, cache: string): Promise<Start> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:TRENT|AWS|NODE)_/.test(name))
  const begin = performance.now()
  const flags = ['--data-dir', dataDir, '--listen', '127.0.0.1:0', '--workers', String(workers)]
  const child = spawn(program, ['serve', ...flags], {
    env: { ...Object.fromEntries(kept), XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const gone = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), endMillis)
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('trent: ready on ')) continue
      const cpuMicros = child.pid === undefined ? undefined : usageOf(child.pid)?.cpuMicros
      return { millis: performance.now() - begin, cpuMillis: cpuMicros === undefined ? undefined : cpuMicros / 1000 }
    }
    throw new Error(`trent serve on ${dataDir} ended before it was ready`)
  } finally {
    child.kill('SIGTERM')
    await gone
    clearTimeout(timer)
  }
}

export function startVerdicts({ keys, starts }: StartResults): Verdict[] {
  return kindNames.map((kind) => {
    const { limitMillis, name } = kinds[kind]
    const measured = median(starts[kind].map(({ millis }) => millis))
    const target = `ms until ready: ${kind === 'keys' ? `${keys} keys` : name}`
    return { target, measured, limit: limitMillis, met: measured === undefined ? undefined : measured <= limitMillis }
  })
}

/** The measurements as a text table. */
export function startTable({ keys, runtimeMillis, starts }: StartResults): string {
  const rows = [['start', 'ms', 'CPU ms', '']]
  const add = (name: string, millis: readonly number[], cpu: readonly (number | undefined)[]): void => {
    const cpuMillis = median(cpu.flatMap((each) => each ?? []))
    rows.push([
      name,
      median(millis)?.toFixed(0) ?? '-',
      cpuMillis?.toFixed(0) ?? '-',
      `starts ${millis.map((each) => each.toFixed(0)).join(' ')}`,
    ])
  }
  add('the bare runtime', runtimeMillis, [])
  for (const kind of kindNames) {
    const found = starts[kind]
    const millis = found.map((each) => each.millis)
    const cpu = found.map((each) => each.cpuMillis)
    add(kind === 'keys' ? `${keys} keys` : kinds[kind].name, millis, cpu)
  }
  return `${aligned(rows, 1)}\n${workers} workers`
}
