import type { DynamicLibrary } from 'node:ffi'

/** The functions that this process carries itself: OpenSSL's, Zstandard's and the C library's. */
export interface OwnLibrary {
  readonly library: DynamicLibrary
  /** The address of a buffer's bytes. */
  readonly addressOf: (bytes: Uint8Array) => bigint
}

/** Opens them through Node's foreign function interface. Rejects where this Node.js has none. */
export async function ownLibrary(): Promise<OwnLibrary> {
  const { DynamicLibrary, getRawPointer } = await withoutWarning(() => import('node:ffi'))
  return { library: new DynamicLibrary(null), addressOf: (bytes) => getRawPointer(bytes) }
}

/**
 * That the interface is experimental is known, and why that is enough stands in docs/adr/0017-native-functions.md: it needs no
 * line in the log.
 */
async function withoutWarning<T>(load: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  try {
    return await load()
  } finally {
    // Warnings come a turn later.
    setImmediate(() => {
      for (const listener of listeners) process.on('warning', listener)
    })
  }
}
