// @ts-check
/**
 * Node keeps what it made of the sources (types stripped, code compiled), so that a start takes a third of the time. Whoever
 * can write there can have us run anything: only directories that nobody but their owner can write or replace are used.
 *
 * The files of this folder that come before the cache are JavaScript: stripping the first type loads a parser, which takes as
 * long as the start of Node itself, in each thread.
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** @type {string | undefined} */
let active

/**
 * For commands that are no server: below XDG_CACHE_HOME (XDG Base Directory Specification) or ~/.cache.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string}
 */
export function userCacheDirectory(environment) {
  const cacheHome = environment['XDG_CACHE_HOME']
  const base = cacheHome !== undefined && isAbsolute(cacheHome) ? cacheHome : join(homedir(), '.cache')
  return join(base, 'trent')
}

/**
 * Switches the cache on for this thread, in `directory`, which is made (mode 0700) when there is none. Answers whether there is
 * one now: without it everything works, slower.
 * @param {string} directory
 * @returns {boolean}
 */
export function useCompileCache(directory) {
  return active !== undefined || (isPrivate(directory) && adoptCompileCache(directory))
}

/**
 * The same with a directory that another thread of this process has found good.
 * @param {string} directory
 * @returns {boolean}
 */
export function adoptCompileCache(directory) {
  // Only a first start, or nobody, is harmed by a cache that fails.
  if (enableCompileCache(directory).status > 2) return false
  active = directory
  return true
}

/**
 * The directory in use, for the threads that this one starts: they do not inherit the cache.
 * @returns {string | undefined}
 */
export function activeCompileCache() {
  return active
}

/**
 * @param {string} directory
 * @returns {boolean}
 */
function isPrivate(directory) {
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

/**
 * Whether nobody but root and this user can put something else into the place of what is in the directory.
 * @param {import('node:fs').Stats} stats
 * @returns {boolean}
 */
function isTrusted({ uid, mode }) {
  const isOurs = uid === 0 || uid === process.getuid?.()
  const isSticky = (mode & 0o1000) !== 0
  return isOurs && ((mode & 0o022) === 0 || isSticky)
}

/**
 * @param {string} path
 * @returns {readonly string[]}
 */
function ancestors(path) {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...ancestors(parent)]
}
