/** A path that the kernel takes for the socket at a given place. */
import { closeSync, constants, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'

/** Bytes of sun_path without the NUL behind it: 108 on Linux (unix(7)), 104 on macOS and the BSDs. */
const longest = process.platform === 'linux' ? 107 : 103

export interface SocketPath {
  readonly path: string
  /** To be called when the socket was closed, or is connected. */
  release(): void
}

/** `path`, or on Linux a shorter one through an open descriptor of its directory. Throws ControlError when it is too long elsewhere. */
export function socketPath(path: string): SocketPath {
  if (Buffer.byteLength(path) <= longest) return { path, release: () => undefined }
  if (process.platform !== 'linux') {
    throw new ControlError(
      `the path ${path} is longer than the ${longest} bytes that a socket's may have; choose a data directory with a shorter path`,
      exitCode.cannotCreate,
    )
  }
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  let isOpen = true
  return {
    path: `/proc/self/fd/${directory}/${basename(path)}`,
    release: () => {
      if (isOpen) closeSync(directory)
      isOpen = false
    },
  }
}
