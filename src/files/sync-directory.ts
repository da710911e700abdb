import { closeSync, fsyncSync, openSync } from 'node:fs'

/**
 * Makes the names in `directory` durable: a file that was just created or renamed is only found after a power failure when
 * its directory was flushed too. Errors are those of node:fs.
 */
export function syncDirectory(directory: string): void {
  // Windows can't open a directory; there the file system's journal has to do.
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
