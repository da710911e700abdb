/** Runs `trent file` as a process against a fake KMS, in a directory of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFakeKms } from './fake-kms.ts'
import type { FakeKms } from './fake-kms.ts'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}
export interface Bench extends AsyncDisposable {
  readonly kms: FakeKms
  readonly directory: string
  /** The path of `name` in the directory. */
  at(name: string): string
  start(...args: string[]): ChildProcess
  run(...args: string[]): Promise<Finished>
  /** Under a shell command that ends in `exec "$@"`. */
  runIn(shell: string, ...args: string[]): Promise<Finished>
  runWith(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Finished>
}

const main = join(import.meta.dirname, 'file-main.ts')

export async function openBench(): Promise<Bench> {
  const kms = await startFakeKms()
  const directory = mkdtempSync(join(tmpdir(), 'trent-file-'))
  const compileCache = process.env['NODE_COMPILE_CACHE']
  const environment = {
    PATH: process.env['PATH'],
    // A home of its own has no compile cache either; a hundred processes that each strip all types again take minutes.
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
    HOME: directory,
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_KMS: kms.url,
  }
  const begin = (more: Readonly<Record<string, string>>, args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [main, ...args], {
      cwd: directory,
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    kms,
    directory,
    at: (name) => join(directory, name),
    start: (...args) => begin({}, args),
    runIn: (shell, ...args) =>
      finished(
        spawn('sh', ['-c', shell, 'sh', process.execPath, main, ...args], {
          cwd: directory,
          env: environment,
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      ),
    run: (...args) => finished(begin({}, args)),
    runWith: (more, ...args) => finished(begin(more, args)),
    [Symbol.asyncDispose]: async () => {
      await kms.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr }
}

/** All paths below `directory`, relative and sorted. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

/** Resolves when a file whose name ends in `end` is in `directory`. */
export async function appears(directory: string, end: string): Promise<void> {
  while (!readdirSync(directory).some((name) => name.endsWith(end)))
    await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Resolves with the highest resident set of a process in MiB once it has ended. Linux only. */
export async function peakMemory(child: ChildProcess): Promise<number> {
  let peak = 0
  const timer = setInterval(() => {
    const status = child.exitCode === null ? readStatus(child.pid ?? 0) : ''
    const kib = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
    if (kib !== undefined) peak = Math.max(peak, Number(kib) / 1024)
  }, 10)
  await once(child, 'close')
  clearInterval(timer)
  return peak
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch (error) {
    if (error instanceof Error) return ''
    throw error
  }
}
