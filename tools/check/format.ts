/** Is every file formatted as prettier would? Through its programming interface, because its command line counts nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, getFileInfo, resolveConfig } from 'prettier'
import { filesBelow, requireSeen, root, sourceFiles } from './files.ts'

// Listed first: what somebody adds meanwhile is the next run's.
const expected = sourceFiles()
const seen = new Set<string>()
const unformatted: string[] = []
for (const path of filesBelow('')) {
  const file = join(root, path)
  const { ignored, inferredParser } = await getFileInfo(file, { ignorePath: join(root, '.prettierignore') })
  if (ignored || inferredParser === null) continue
  const options = await resolveConfig(file)
  if (!(await check(readFileSync(file, 'utf8'), { ...options, filepath: file }))) unformatted.push(path)
  seen.add(path)
}
requireSeen(expected, seen)
for (const path of unformatted) console.log(`${path} is not formatted (npm run format)`)
console.log(`${seen.size} files`)
process.exitCode = unformatted.length === 0 ? 0 : 1
