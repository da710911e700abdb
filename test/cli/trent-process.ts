/** bin/trent as a process of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const launcher = fileURLToPath(new URL('../../bin/launch.js', import.meta.url))
const main = fileURLToPath(new URL('../../src/loading/main.js', import.meta.url))

export function temporaryDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'trent-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The environment of the tests without any setting of trent, and without their compile cache: the program brings its own. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:TRENT_|NODE_COMPILE_CACHE$)/.test(name))
  return { ...Object.fromEntries(own), ...more }
}

export interface Ended {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves with the line when standard output has one that `pattern` matches; rejects when it ends before. */
  line(pattern: RegExp): Promise<string>
}

function run(script: string, args: readonly string[], more: NodeJS.ProcessEnv, cwd: string): Running {
  const child = spawn(process.execPath, [script, ...args], { env: environment(more), cwd, stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exit, signal) => resolve({ exit, signal, stdout, stderr }))
  })
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout.split('\n').find((each) => pattern.test(each))
        if (found !== undefined) resolve(found)
      }
      child.stdout.on('data', look)
      look()
      ended.then(() => reject(new Error(`ended before a line ${String(pattern)}: ${stdout}${stderr}`)), reject)
    })
  return { child, ended, line }
}

/** Runs `trent ARGS` to its end. */
export function trent(args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = tmpdir()): Promise<Ended> {
  return run(bin, args, more, cwd).ended
}

/** Starts `trent serve ARGS` directly, without launcher; it is killed when the test ends. */
export function serve(t: TestContext, args: readonly string[], more: NodeJS.ProcessEnv = {}): Running {
  const running = run(main, ['serve', ...args], more, tmpdir())
  t.after(() => running.child.kill('SIGKILL'))
  return running
}

/** The same below a launcher, as on a machine with another Node: answers it and the pid of the server once it listens. */
export function serveLaunched(t: TestContext, args: readonly string[]): Running {
  // The launcher starts a second process only where it is not the pinned runtime itself.
  const script = `
    Object.defineProperty(process.versions, 'node', { value: '20.0.0' })
    const { launch } = await import(${JSON.stringify(launcher)})
    launch(${JSON.stringify([main, 'serve', ...args])})`
  const running = run('--input-type=module', ['--eval', script], {}, tmpdir())
  t.after(() => running.child.kill('SIGKILL'))
  return running
}
