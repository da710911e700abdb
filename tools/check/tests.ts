/**
 * Runs test files with Node's test runner, some at a time, each in a process of its own, and reports as `--test-reporter=spec`
 * does. Before the runner's own summary, which ends the output, stands what it does not say by itself: which tests were
 * skipped and what they need, which files registered no test, and whether fewer tests ran than there have to be.
 */
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { compileCache, root } from './files.ts'

export interface Floor {
  readonly testFiles: number
  readonly tests: number
}

// A test that hangs is a finding; the slowest ones (crash tests, floods) take tens of seconds on a busy machine.
const testTimeoutMs = 180_000
const fileTimeoutMs = 900_000
// One more than the two cores of a build machine: many a file waits for disks, timers or other programs.
const concurrency = 3

interface Tally {
  /** Tests, without suites, that came to an end, skipped ones included. */
  tests: number
  readonly filesWithTests: Set<string>
  readonly skipped: Skip[]
  failed: boolean
}
interface Skip {
  readonly file: string
  readonly name: string
  readonly reason: string
}

/** The rules of the sources first, what takes long last, so that what fails quickly is seen early. */
function turn(path: string): number {
  if (path.startsWith('test/architecture/')) return 0
  return path.includes('.slow.') ? 2 : 1
}

/** Runs `files` (relative to the repository). `earlier` are findings of other checks, shown again. True when all is well. */
export async function runTests(
  files: readonly string[],
  floor: Floor | undefined,
  earlier: readonly string[],
): Promise<boolean> {
  const tally: Tally = { tests: 0, filesWithTests: new Set(), skipped: [], failed: false }
  const findings = [...earlier]
  const events = run({
    files: files.toSorted((a, b) => turn(a) - turn(b)).map((path) => join(root, path)),
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    concurrency,
    timeout: fileTimeoutMs,
    execArgv: [`--test-timeout=${testTimeoutMs}`],
  })

  async function* annotated(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
    let summarized = false
    for await (const event of source) {
      count(event, tally)
      if (!summarized && isSummary(event)) {
        summarized = true
        findings.push(...findingsOf(tally, files, floor))
        yield said([...skips(tally.skipped), ...findings.map((finding) => `✖ ${finding}`)])
      }
      yield event
    }
    if (!summarized) throw new Error('the test runner ended without a summary')
  }

  await pipeline(events, annotated, new spec(), process.stdout, { end: false })
  return !tally.failed && findings.length === 0
}

function count(event: TestEvent, tally: Tally): void {
  if (event.type === 'test:summary' && !event.data.success) tally.failed = true
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return
  const { data } = event
  if (event.type === 'test:fail' && data.todo === undefined) tally.failed = true
  // A test may be written in a module that the test file imports: `entryFile` is what was run.
  const file = pathOf('entryFile' in data && typeof data.entryFile === 'string' ? data.entryFile : data.file)
  // A file that registers no test is reported as a test of its own name.
  if (data.details.type === 'suite' || data.name === data.file) return
  tally.tests += 1
  tally.filesWithTests.add(file)
  if (data.skip !== undefined && data.skip !== false) {
    tally.skipped.push({ file, name: data.name, reason: typeof data.skip === 'string' ? data.skip : '' })
  }
}

/** The first of the lines with which the runner sums up: `tests N`. */
function isSummary(event: TestEvent): boolean {
  return (
    event.type === 'test:diagnostic' &&
    event.data.nesting === 0 &&
    event.data.file === undefined &&
    /^tests \d+$/.test(event.data.message)
  )
}

function findingsOf(tally: Tally, files: readonly string[], floor: Floor | undefined): readonly string[] {
  const findings = files
    .filter((path) => !tally.filesWithTests.has(path))
    .map((path) => `${path} registered no test, or ended before its first one did`)
  for (const { file, name, reason } of tally.skipped) {
    if (reason === '') findings.push(`${file}: "${name}" is skipped without saying what it needs`)
  }
  if (floor === undefined) return findings
  if (files.length < floor.testFiles)
    findings.push(`${files.length} test files were found, at least ${floor.testFiles} are expected`)
  if (tally.tests < floor.tests) findings.push(`${tally.tests} tests ran, at least ${floor.tests} are expected`)
  return findings
}

function skips(skipped: readonly Skip[]): readonly string[] {
  if (skipped.length === 0) return []
  const lines = skipped.map(({ file, name, reason }) => `﹣ ${file}: ${name}: ${reason}`)
  return [`${skipped.length} tests were skipped:`, ...[...new Set(lines)].sort()]
}

/** Text in the runner's own stream, so that it can't overtake or be overtaken. */
function said(lines: readonly string[]): TestEvent {
  const message = lines.length === 0 ? '' : `\n${lines.join('\n')}\n\n`
  return { type: 'test:stdout', data: { file: '', message } }
}

function pathOf(file: string | undefined): string {
  return file?.startsWith(root) === true ? file.slice(root.length + 1).replaceAll('\\', '/') : (file ?? '')
}
