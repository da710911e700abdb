/** Programs of other people that tests run when they find them. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cleanEnvironment, type TestServer } from './server.ts'

/** Why the tests of a program are skipped, or undefined when `command` runs here. `install` is how it would come. */
export function skipReason(name: string, command: readonly string[], install: string): string | false {
  const [file = '', ...args] = command
  const { status } = spawnSync(file, args, { env: cleanEnvironment(), stdio: 'ignore' })
  return status === 0 ? false : `${name} is not installed here: ${install}`
}

/** An environment in which AWS's own programs find the server's credentials and region, and nothing else. */
export function awsEnvironment(server: TestServer): Record<string, string> {
  return cleanEnvironment({
    AWS_SHARED_CREDENTIALS_FILE: join(server.directory, 'credentials'),
    AWS_CONFIG_FILE: join(server.directory, 'aws-config'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  })
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, with `input` on its standard input. */
export async function run(command: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<Run> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { env, stdio: 'pipe' })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.end(input)
  await once(child, 'close')
  return {
    code: child.exitCode,
    stdout: Buffer.concat(out).toString('utf8'),
    stderr: Buffer.concat(err).toString('utf8'),
  }
}

/** What a program printed as JSON; fails with what it complained about when it did not end with 0. */
export async function runForJson(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await run(command, env, input)
  assert.equal(code, 0, `${command.join(' ')}: ${stderr}`)
  if (stdout.trim() === '') return {}
  const value: unknown = JSON.parse(stdout)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}
