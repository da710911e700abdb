import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Random } from '#ports/edge.ts'
import { syncDirectory } from './sync-directory.ts'

/**
 * Puts a file with `content` at `path` so that after a crash there is the whole file or none, and nobody else could open it
 * in between: written beside its place with `mode`, flushed, renamed, and the directory flushed as well. Replaces what is
 * there. Errors are those of node:fs.
 */
export async function writeDurably(path: string, content: Buffer, mode: number, random: Random): Promise<void> {
  const temporary = `${path}.${random.bytes(8).toString('hex')}.tmp`
  const file = await open(temporary, 'wx', mode)
  try {
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  syncDirectory(dirname(path))
}
