/**
 * The gate, `npm test`: format, lint, types, then all tests, of which those of the layers are the first; the test runner's
 * summary is the last thing said. Each step fails when it saw less than there is, because a checker that finds no files finds no faults either.
 *
 *   npm test -- --only PATTERN     only the test files whose path contains PATTERN, and no other check
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compileCache, filesBelow, requireSeen, root, trackedFiles } from './check/files.ts'
import { runTests, type Floor } from './check/tests.ts'

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values
const testFiles = filesBelow('test').filter((path) => path.endsWith('.test.ts'))

if (only === undefined) {
  const started = performance.now()
  const findings = [...missingFiles(), ...(await staticChecks())]
  const expected = JSON.parse(readFileSync(join(root, 'tools/expected-counts.json'), 'utf8')) as Floor
  console.log(`tests       ${testFiles.length} files, after ${seconds(started)} of other checks\n`)
  process.exitCode = (await runTests(testFiles, expected, findings)) ? 0 : 1
} else {
  const chosen = testFiles.filter((path) => path.includes(only))
  if (chosen.length === 0) throw new Error(`no test file's path contains "${only}"`)
  process.exitCode = (await runTests(chosen, undefined, [])) ? 0 : 1
}

/** Two lanes for two cores: the linter takes as long as the others. */
async function staticChecks(): Promise<readonly string[]> {
  const lint = step('lint', ['tools/check/lint.ts'])
  const others = [await step('format', ['tools/check/format.ts']), await step('types', ['tools/check/types.ts'])]
  return [...others, await lint].filter((finding) => finding !== undefined)
}

/** Runs a step under this runtime and prints what it said, in one piece. Answers a finding when it failed. */
async function step(name: string, args: readonly string[]): Promise<string | undefined> {
  const started = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('close', (status) => resolve(status ?? -1))
  })
  const text = Buffer.concat(output).toString('utf8').trimEnd()
  const verdict = code === 0 ? 'ok    ' : 'FAILED'
  const lines = text.split('\n')
  console.log(
    `${name.padEnd(12)}${verdict}  ${seconds(started)}  ${lines.length === 1 ? (lines[0] ?? '') : `\n${text}`}`,
  )
  return code === 0 ? undefined : `${name} failed: see above`
}

/** What git tracks must be among the files that the checks look at: a listing that lost a folder would be green. */
function missingFiles(): readonly string[] {
  const tracked = trackedFiles()
  if (tracked === undefined || tracked.length === 0) return []
  try {
    requireSeen(tracked, new Set(filesBelow('')))
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
