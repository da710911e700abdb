import { randomBytes } from 'node:crypto'
import { closeSync, constants, fchmod, fsync, linkSync, lstatSync, openSync, renameSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { syncDirectory } from '#files/sync-directory.ts'
import { errorCode } from './error-code.ts'
import { FileError } from './errors.ts'

const namePattern = /^\.trent-[0-9a-f]{16}\.partial$/
/** Whether `name` is what an output is called until it is complete; one on disk was left by a run that was killed. */
export function isPartialName(name: string): boolean {
  return namePattern.test(name)
}

/** Paths of this process's outputs that are not complete. */
const live = new Set<string>()
/** Deletes every incomplete output at once: for signal handlers and for the end of the process, where nothing can wait. */
export function removePartialFiles(): void {
  for (const path of live) removeIfThere(path)
  live.clear()
}

/**
 * An output that has its final name only when it is complete and on disk: it is written beside it under a temporary name
 * (same directory, so that the last step is one rename or link; O_EXCL and mode 0600, so that nobody else can have made it
 * or can read it). The creator calls `publish` or `discard`.
 */
export class PartialFile {
  readonly #path: string
  readonly #target: string
  #open = true
  /** Open for writing until `publish` or `discard`. */
  readonly fd: number

  /** Throws the file system's error when the directory is missing or not writable. */
  constructor(target: string) {
    this.#target = target
    this.#path = join(dirname(target), `.trent-${randomBytes(8).toString('hex')}.partial`)
    // Synchronous, so that a signal handler runs either before the file exists or when it is in the list.
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
    this.fd = openSync(this.#path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
    live.add(this.#path)
  }

  /**
   * Flushes the file, gives it its permissions (set-user-id, set-group-id and sticky bits are dropped) and its final name.
   * Throws FileError `exists` when a file of that name appeared meanwhile and `replace` is false.
   */
  async publish(mode: number, replace: boolean): Promise<void> {
    await promisify(fchmod)(this.fd, mode & 0o777)
    await promisify(fsync)(this.fd)
    this.#close()
    if (replace) renameSync(this.#path, this.#target)
    else giveFreeName(this.#path, this.#target)
    live.delete(this.#path)
    syncName(this.#target)
  }

  /** Deletes the file. Safe after a failed `publish`. */
  discard(): void {
    if (live.delete(this.#path)) removeIfThere(this.#path)
    this.#close()
  }

  #close(): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.fd)
  }
}

/** Throws FileError `exists` when something is at `path`, be it a dangling link. */
export function refuseExisting(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new FileError('exists', `${path} exists already: pass --force to replace it, or --output to write elsewhere`)
}

// link() fails when the name is taken, rename() would replace; both steps in one tick, so that no signal handler runs between.
function giveFreeName(path: string, target: string): void {
  try {
    linkSync(path, target)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') refuseExisting(target)
    // No hard links here (FAT and many network and FUSE file systems): the best left is to look and then rename.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS' && code !== 'EMLINK')
      throw error
    refuseExisting(target)
    renameSync(path, target)
    return
  }
  unlinkSync(path)
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

/** Errors of directories that cannot be opened or flushed: the file is complete all the same. */
const unflushable = new Set<unknown>(['EINVAL', 'EPERM', 'EACCES', 'EISDIR', 'ENOTSUP'])
/** Makes the new name itself durable, where directories can be flushed. */
function syncName(path: string): void {
  try {
    syncDirectory(dirname(path))
  } catch (error) {
    if (!unflushable.has(errorCode(error))) throw error
  }
}
