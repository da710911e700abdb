/** The compiler over everything; nothing is emitted. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { relative, sep } from 'node:path'
import { requireSeen, root, sourceFiles } from './files.ts'

// Listed first: what somebody adds meanwhile is the next run's.
const expected = sourceFiles()
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const { status, stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '--listFiles'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
const lines = stdout.split('\n').filter((line) => line !== '')
// --listFiles prints one absolute path a line; everything else is a finding.
const isListed = (line: string): boolean => line.startsWith(root.split(sep).join('/')) && !line.includes('): error TS')
requireSeen(expected, new Set(lines.filter(isListed).map((path) => relative(root, path).split(sep).join('/'))))
const findings = lines.filter((line) => !isListed(line))
for (const finding of findings) console.log(finding)
console.log(`${expected.length} files`)
process.exitCode = status === 0 && findings.length === 0 ? 0 : 1
