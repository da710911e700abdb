/** ESLint over everything; warnings count as errors. */
import { relative, sep } from 'node:path'
import { ESLint } from 'eslint'
import { requireSeen, root, sourceFiles } from './files.ts'

// Listed first: what somebody adds meanwhile is the next run's.
const expected = sourceFiles()
const eslint = new ESLint({ cwd: root })
const results = await eslint.lintFiles(['.'])
requireSeen(expected, new Set(results.map(({ filePath }) => relative(root, filePath).split(sep).join('/'))))
const formatter = await eslint.loadFormatter('stylish')
const problems = await formatter.format(results)
if (problems !== '') console.log(problems)
console.log(`${results.length} files`)
process.exitCode = results.every(({ errorCount, warningCount }) => errorCount + warningCount === 0) ? 0 : 1
