/**
 * A real server for tests: the program as users start it, in a process of its own, on a temporary directory and a free
 * port. Whatever a test does, its process ends and its directory is removed.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KMSClient } from '@aws-sdk/client-kms'
import { STSClient } from '@aws-sdk/client-sts'
import type { Credentials } from './signed-request.ts'

export interface ServerOptions {
  /** Default: us-east-1. */
  readonly regions?: readonly string[]
  /** Default: 1. */
  readonly workers?: number
  readonly testProfile?: boolean
  /** A directory that an earlier server of this file left behind; the test removes it. Default: a new one. */
  readonly directory?: string
  /** Further arguments of `trent serve`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface TestServer {
  readonly url: string
  readonly directory: string
  readonly account: string
  /** The first one. */
  readonly region: string
  readonly credentials: Credentials
  readonly pid: number
  /** All that the server wrote to its standard streams so far. */
  stderr(): string
  stdout(): string
  /** SIGTERM, and the server has to end with 0. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  kms(region?: string): KMSClient
  sts(region?: string): STSClient
}

export const account = '111122223333'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const startLimitMs = 60_000
const stopLimitMs = 30_000
const ready = /^trent: ready on (\S+)$/m

const running = new Set<ChildProcess>()
const directories = new Set<string>()
// Where a test file fails while it is loaded, no hook runs.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const directory of directories) removeDirectory(directory)
})

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'trent-test-'))
  directories.add(directory)
  return directory
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  directories.delete(directory)
}

/**
 * The environment of this process without what would configure a server or a client behind the test's back, and without the
 * tests' compile cache: the program brings its own.
 */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(?:AWS_|TRENT_|NODE_TEST_|NODE_COMPILE_CACHE$)/.test(name) ? [] : [[name, value] as const],
  )
  return { ...Object.fromEntries(kept), ...more }
}

/** A new empty directory, removed after the test or suite that asks for it. */
export function temporaryDirectory(): string {
  const directory = makeDirectory()
  after(() => removeDirectory(directory))
  return directory
}

/** Starts a server; it is stopped after the test or suite that asks for it. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const regions = options.regions ?? ['us-east-1']
  const region = regions[0] ?? 'us-east-1'
  const directory = options.directory ?? makeDirectory()
  const args = [program, 'serve', '--data-dir', directory, '--listen', '127.0.0.1:0', '--account', account]
  args.push('--region', regions.join(','), '--workers', String(options.workers ?? 1))
  if (options.testProfile === true) args.push('--test-profile')
  const child = spawn(process.execPath, [...args, ...(options.args ?? [])], {
    env: cleanEnvironment(options.env),
    // Over the channel the server learns of this process's end, however it ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.channel?.unref()
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const clients: { destroy(): void }[] = []
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const stdout = (): string => Buffer.concat(out).toString('utf8')
  const stderr = (): string => Buffer.concat(err).toString('utf8')

  const signal = async (name: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    for (const client of clients.splice(0)) client.destroy()
    if (!running.has(child)) return
    child.kill(name)
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    await ended
    clearTimeout(limit)
  }
  const stop = async (): Promise<void> => {
    if (!running.has(child)) return
    await signal('SIGTERM')
    assert.equal(child.exitCode, 0, `the server ended with ${child.exitCode ?? child.signalCode}: ${stderr()}`)
  }
  after(async () => {
    try {
      await stop()
    } finally {
      if (options.directory === undefined) removeDirectory(directory)
    }
  })

  const url = await readyLine(child, stdout, stderr)
  const credentials = readCredentials(join(directory, 'credentials'))
  const client = <T extends { destroy(): void }>(made: T): T => {
    clients.push(made)
    return made
  }
  const settings = (named: string) => ({ endpoint: url, region: named, credentials, maxAttempts: 1 })
  return {
    url,
    directory,
    account,
    region,
    credentials,
    pid: child.pid ?? 0,
    stderr,
    stdout,
    stop,
    kill: () => signal('SIGKILL'),
    kms: (named = region) => client(new KMSClient(settings(named))),
    sts: (named = region) => client(new STSClient(settings(named))),
  }
}

async function readyLine(child: ChildProcess, stdout: () => string, stderr: () => string): Promise<string> {
  const found = Promise.withResolvers<string>()
  const limit = setTimeout(
    () => found.reject(new Error(`the server is not ready after ${startLimitMs} ms: ${stderr()}`)),
    startLimitMs,
  )
  child.stdout?.on('data', () => {
    const url = ready.exec(stdout())?.[1]
    if (url !== undefined) found.resolve(url)
  })
  child.once('exit', (code) => found.reject(new Error(`the server ended with ${code}: ${stderr()}`)))
  try {
    return await found.promise
  } finally {
    clearTimeout(limit)
  }
}

function readCredentials(file: string): Credentials {
  const text = readFileSync(file, 'utf8')
  const value = (name: string): string => {
    const found = new RegExp(`^${name} = (.+)$`, 'm').exec(text)?.[1]
    assert.ok(found !== undefined, `${file} has no ${name}`)
    return found
  }
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') }
}
