/**
 * The program in a process of its own, for tests that harm it: it may be started under another command (strace), on a
 * directory that keeps it from starting, and it may be killed. Usable without the test runner.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../support/server.ts'

export const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
export const account = '111122223333'
export const region = 'us-east-1'

export interface Launch {
  readonly directory: string
  /** Default: 1. */
  readonly workers?: number
  /** Default: `region` alone. */
  readonly regions?: readonly string[]
  /** Default: a free port of loopback. */
  readonly listen?: string
  /** Further arguments of `trent serve`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The command, with its arguments, that runs the program; default: this runtime. */
  readonly runner?: readonly string[]
  /** Runs the program as this user. */
  readonly uid?: number
}

export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Program {
  readonly pid: number
  readonly directory: string
  readonly child: ChildProcess
  /** The URL of the ready line; rejects when the program ends before. */
  readonly ready: Promise<string>
  /** Milliseconds from the start to the ready line. */
  readonly readyAfterMs: () => number
  readonly ended: Promise<End>
  readonly stdout: () => string
  readonly stderr: () => string
  /** Sends a signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<End>
}

const readyLine = /^trent: ready on (\S+)$/m
const startLimitMs = 60_000
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function makeDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'trent-fault-'))
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** Runs `work` with a new directory, which is removed afterwards together with all that was started meanwhile. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = makeDirectory()
  try {
    return await work(directory)
  } finally {
    await killAll()
    removeDirectory(directory)
  }
}

/** Ends all that was started: a program that outlives its test would keep the test from ending. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map(killed))
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Starts `trent serve`. */
export function launch(options: Launch): Program {
  const [command = process.execPath, ...before] = options.runner ?? [process.execPath]
  const args = [...before, program, 'serve', '--data-dir', options.directory]
  args.push('--listen', options.listen ?? '127.0.0.1:0', '--account', account)
  args.push('--region', (options.regions ?? [region]).join(','))
  args.push('--workers', String(options.workers ?? 1), ...(options.args ?? []))
  const started = performance.now()
  const child = spawn(command, args, {
    env: cleanEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  })
  running.add(child)
  const out: Buffer[] = []
  const err: Buffer[] = []
  const stdout = (): string => Buffer.concat(out).toString('utf8')
  const stderr = (): string => Buffer.concat(err).toString('utf8')
  const ended = once(child, 'close').then(([code]: unknown[]): End => {
    running.delete(child)
    return { code: typeof code === 'number' ? code : null, signal: child.signalCode }
  })
  let readyAfter = Number.NaN
  const found = Promise.withResolvers<string>()
  const limit = setTimeout(() => {
    found.reject(new Error(`not ready after ${startLimitMs} ms: ${stderr()}`))
  }, startLimitMs)
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk)
    if (!Number.isNaN(readyAfter)) return
    const url = readyLine.exec(stdout())?.[1]
    if (url === undefined) return
    readyAfter = performance.now() - started
    clearTimeout(limit)
    found.resolve(url)
  })
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.once('close', (code) => {
    clearTimeout(limit)
    found.reject(new Error(`the program ended with ${code ?? child.signalCode} before it was ready: ${stderr()}`))
  })
  // Whoever waits for the end only need not look at this.
  found.promise.catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    directory: options.directory,
    child,
    ready: found.promise,
    readyAfterMs: () => readyAfter,
    ended,
    stdout,
    stderr,
    end: async (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

/** How a start that fails ends. */
export async function failedStart(
  options: Launch,
): Promise<End & { readonly stdout: string; readonly stderr: string }> {
  const started = launch(options)
  const end = await started.ended
  return { ...end, stdout: started.stdout(), stderr: started.stderr() }
}

/** Runs an operator's command to its end. */
export function command(...args: readonly string[]): {
  readonly code: number | null
  readonly out: string
  readonly err: string
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: cleanEnvironment(),
    encoding: 'utf8',
    timeout: startLimitMs,
  })
  return { code: status, out: stdout, err: stderr }
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
}

/** What the first start wrote for its user. */
export function readAccessKey(directory: string): AccessKey {
  const text = readFileSync(join(directory, 'credentials'), 'utf8')
  const value = (name: string): string => {
    const found = new RegExp(`^${name} = (.+)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`the credentials have no ${name}`)
    return found
  }
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') }
}
