import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AnswerShape } from './answer-shape.ts'

/** A server in a child process. `stop` ends it and resolves when it is gone. */
export interface StartedServer {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const startMillis = 60_000
const stopMillis = 30_000

/** Starts the service on `dataDir` with `workers` workers. Its log goes to `server.log` in `folder`. */
export function startService(
  folder: string,
  dataDir: string,
  workers: number,
  more: readonly string[],
): Promise<StartedServer> {
  const flags = ['--data-dir', dataDir, '--listen', '127.0.0.1:0', '--workers', String(workers), ...more]
  return start(['bin/trent', 'serve', ...flags], /^trent: ready on (\S+)/, join(folder, 'server.log'))
}

/** Starts the echo that answers in `shape`, with as many `threads`; `work`: after an RSA-2048 signature over each request. */
export function startEcho(folder: string, shape: AnswerShape, threads = 1, work?: 'signs'): Promise<StartedServer> {
  return start(
    ['bench/echo.ts', JSON.stringify(shape), String(threads), ...(work === undefined ? [] : [work])],
    /^echo: ready on (\S+)/,
    join(folder, 'echo.log'),
  )
}

async function start(args: readonly string[], ready: RegExp, log: string): Promise<StartedServer> {
  const logFile = openSync(log, 'w', 0o600)
  // Settings of the caller's shell must not turn the measured service into another one.
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:TRENT|AWS|NODE)_/.test(name))
  const child = spawn(process.execPath, args, {
    cwd: root,
    // The pinned runtime, which stays the process that is measured.
    env: Object.fromEntries(kept),
    stdio: ['ignore', 'pipe', logFile],
  })
  closeSync(logFile)
  const { stdout } = child
  if (stdout === null) throw new Error('no pipe from the server')
  // A server must not outlive a bench that failed or was interrupted.
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const gone = once(child, 'exit')
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMillis)
    child.kill('SIGTERM')
    await gone
    clearTimeout(timer)
    process.removeListener('exit', kill)
  }
  const url = await new Promise<string | undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), startMillis)
    createInterface({ input: stdout }).on('line', (line) => {
      const found = ready.exec(line)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    })
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
  if (url === undefined || child.pid === undefined) {
    if (child.exitCode === null && child.signalCode === null) await stop()
    throw new Error(`${args.join(' ')} did not become ready:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
  return { url, pid: child.pid, stop }
}
