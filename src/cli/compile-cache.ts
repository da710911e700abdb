/**
 * Node keeps what it made of the sources (types stripped, code compiled), so that a start takes a third of the time. Whoever
 * can write there can have us run anything: only directories that nobody but their owner can write or replace are used.
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** For commands that are no server: below XDG_CACHE_HOME (XDG Base Directory Specification) or ~/.cache. */
export function userCacheDirectory(environment: NodeJS.ProcessEnv): string {
  const cacheHome = environment['XDG_CACHE_HOME']
  const base = cacheHome !== undefined && isAbsolute(cacheHome) ? cacheHome : join(homedir(), '.cache')
  return join(base, 'trent')
}

/**
 * Switches the cache on for this thread, in `directory`, which is made (mode 0700) when there is none. Answers whether it did:
 * without it everything works, slower.
 */
export function useCompileCache(directory: string): boolean {
  if (active !== undefined) return true
  if (!isPrivate(directory)) return false
  // Only a first start, or nobody, is harmed by a cache that fails.
  if (enableCompileCache(directory).status > 2) return false
  active = directory
  return true
}

let active: string | undefined

/** The directory in use, for worker threads, which do not inherit the cache. */
export function activeCompileCache(): string | undefined {
  return active
}

function isPrivate(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // Windows has no such modes; there the profile's directory is its owner's.
    if (process.getuid === undefined) return true
    const own = lstatSync(directory)
    if (!own.isDirectory() || own.uid !== process.getuid() || (own.mode & 0o077) !== 0) return false
    return ancestors(realpathSync(directory)).every((each) => isTrusted(lstatSync(each)))
  } catch {
    // A home that isn't there or can't be written.
    return false
  }
}

/** Whether nobody but root and this user can put something else into the place of what is in the directory. */
function isTrusted({ uid, mode }: Stats): boolean {
  const isOurs = uid === 0 || uid === process.getuid?.()
  const isSticky = (mode & 0o1000) !== 0
  return isOurs && ((mode & 0o022) === 0 || isSticky)
}

function ancestors(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...ancestors(parent)]
}
