import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errorCode } from './error-code.ts'
import { FileError } from './errors.ts'
import { isPartialName } from './partial-file.ts'

/** What an encrypted file is called: the name of its source and this. */
export const suffix = '.encrypted'
export type Direction = 'encrypt' | 'decrypt'

/** What to do with one path. */
export type Item =
  | { readonly kind: 'file'; readonly source: string; readonly target: string }
  /** `expected`: there is nothing to say about it, because it is simply not one of the files that are meant. */
  | { readonly kind: 'skip'; readonly source: string; readonly reason: string; readonly expected: boolean }
  | { readonly kind: 'failure'; readonly source: string; readonly error: unknown }

/**
 * The files that `paths` name, directories with all below them, each with the name of its output: beside it, or below
 * `output` when that is given. `output` is one file when `paths` is one file and nothing says that it is a directory.
 * Symbolic links and special files are not followed.
 */
export async function* findTargets(
  direction: Direction,
  paths: readonly string[],
  output: string | undefined,
): AsyncGenerator<Item> {
  const single = paths.length === 1 && output !== undefined && !/[/\\]$/.test(output) && !(await isDirectory(output))
  for (const path of paths) {
    try {
      const found = await lstat(path)
      if (found.isDirectory()) {
        const name = basename(resolve(path))
        yield* below(direction, path, output === undefined ? path : join(output, name), output)
      } else if (found.isSymbolicLink()) {
        throw new FileError('symlink', 'a symbolic link: name the file that it leads to')
      } else if (!found.isFile()) {
        throw new FileError('not-a-file', 'not a regular file')
      } else if (single) {
        yield { kind: 'file', source: path, target: output }
      } else {
        yield {
          kind: 'file',
          source: path,
          target: join(output ?? dirname(path), targetName(direction, basename(path))),
        }
      }
    } catch (error) {
      yield { kind: 'failure', source: path, error }
    }
  }
}

async function* below(
  direction: Direction,
  directory: string,
  target: string,
  output: string | undefined,
): AsyncGenerator<Item> {
  // The whole listing before the first file: outputs may appear in this very directory.
  const entries = await readdir(directory, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const { name } = entry
    const source = join(directory, name)
    const skip = (reason: string, expected: boolean): Item => ({ kind: 'skip', source, reason, expected })
    if (entry.isDirectory()) {
      if (output !== undefined && resolve(source) === resolve(output)) yield skip('the output directory', true)
      else {
        try {
          yield* below(direction, source, join(target, name), output)
        } catch (error) {
          yield { kind: 'failure', source, error }
        }
      }
    } else if (entry.isSymbolicLink()) yield skip('a symbolic link', false)
    else if (!entry.isFile()) yield skip('not a regular file', false)
    else if (isPartialName(name)) yield skip('left by a run that was killed: delete it', false)
    else if (direction === 'encrypt' && name.endsWith(suffix)) yield skip(`encrypted already (${suffix})`, true)
    else if (direction === 'decrypt' && !isEncryptedName(name)) yield skip(`no ${suffix} at the end of its name`, true)
    else yield { kind: 'file', source, target: join(target, targetName(direction, name)) }
  }
}

const isEncryptedName = (name: string): boolean => name.endsWith(suffix) && name.length > suffix.length

/** Throws FileError `name` when a file to be decrypted has no name without the suffix. */
function targetName(direction: Direction, name: string): string {
  if (direction === 'encrypt') return name + suffix
  if (isEncryptedName(name)) return name.slice(0, -suffix.length)
  throw new FileError('name', `its name does not end in ${suffix}: name the decrypted file with --output`)
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false
    throw error
  }
}
