/** Which files the project consists of: listed by ourselves, so that a checker that saw fewer of them can be caught. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The repository's directory. */
export const root = join(import.meta.dirname, '../..')

/**
 * Where Node keeps what it made of the sources (types stripped, code compiled) between the processes of a check: most of them
 * do less than loading would cost.
 */
export const compileCache = join(root, '.cache/compiled')

// What is not ours or not kept: dependencies, compile cache, the data of a server that somebody started here.
const ignored = new Set(['node_modules', '.git', '.cache', 'data'])

/** Every file below `folder` ('' is the repository), relative to the repository, with slashes, sorted. */
export function filesBelow(folder: string): readonly string[] {
  return list(join(root, folder)).sort()
}

function list(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (ignored.has(entry.name)) return []
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return list(path)
    return entry.isFile() ? [relative(root, path).split(sep).join('/')] : []
  })
}

/** What git tracks, or undefined outside of a working copy (a source archive has none). */
export function trackedFiles(): readonly string[] | undefined {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.split('\0').filter((path) => path !== '') : undefined
}

/** The sources in the folders of tsconfig.json's `include`: TypeScript, and in src what runs before there is any. */
export function sourceFiles(): readonly string[] {
  return ['src', 'test', 'tools', 'bench']
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.endsWith('.ts') || (path.startsWith('src/') && path.endsWith('.js')))
}

/** Throws unless a checker has seen every file that it had to. */
export function requireSeen(expected: readonly string[], seen: ReadonlySet<string>): void {
  const missing = expected.filter((path) => !seen.has(path))
  if (missing.length > 0) throw new Error(`these files were not checked:\n  ${missing.join('\n  ')}`)
  if (expected.length === 0) throw new Error('no files were found to check')
}
