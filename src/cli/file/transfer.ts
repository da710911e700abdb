import { constants, mkdirSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorCode } from './error-code.ts'
import { FileError } from './errors.ts'
import { FileSink } from './file-sink.ts'
import { PartialFile, refuseExisting } from './partial-file.ts'

/** Bytes read at once. */
const chunkLength = 32 * 1024

/** One file to be encrypted or decrypted. */
export interface TransferRequest {
  readonly source: string
  readonly target: string
  /** Replace an existing target. */
  readonly force: boolean
  /** Told the bytes read so far and the size of the source, often. */
  readonly onProgress: (done: number, size: number) => void
}
/** Makes the streams between source and target, knowing the size of the source in bytes. */
export type MakeStreams = (size: number) => {
  /** Sees every chunk before `stream` gets it; may throw. */
  readonly inspect?: (chunk: Buffer) => void
  /** Runs after the last chunk; may throw. */
  readonly end?: () => void
  readonly stream: Duplex
}

/**
 * Sends a regular file through a stream into a new file that has its final name only when all of it went well; the target
 * has the permissions of the source. Returns the size of the source in bytes.
 * Throws FileError, the file system's error, or what the streams throw; nothing stays behind then.
 */
export async function transfer(request: TransferRequest, makeStreams: MakeStreams): Promise<number> {
  const { source, target } = request
  // Not through links, and not waiting for a writer when it is a FIFO.
  const handle = await openSource(source)
  try {
    const before = await handle.stat()
    if (!before.isFile()) throw new FileError('not-a-file', 'not a regular file')
    if (!request.force) refuseExisting(target)
    else refuseSame(before, target)
    // What is decrypted elsewhere must not become readable to others because the directory there is new.
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    const partial = new PartialFile(target)
    try {
      await copy(handle, before.size, partial.fd, request.onProgress, makeStreams)
      const after = await handle.stat()
      if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changed()
      await partial.publish(before.mode, request.force)
    } catch (error) {
      partial.discard()
      throw error
    }
    return before.size
  } finally {
    await handle.close()
  }
}

async function openSource(source: string): Promise<FileHandle> {
  try {
    return await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw new FileError('symlink', 'a symbolic link: name the file that it leads to')
    throw error
  }
}

async function copy(
  handle: FileHandle,
  size: number,
  fd: number,
  onProgress: TransferRequest['onProgress'],
  makeStreams: MakeStreams,
): Promise<void> {
  const { stream, inspect, end } = makeStreams(size)
  // The SDK's streams report some errors twice; the pipeline takes the first, and a second one must not end the process.
  stream.on('error', () => undefined)
  const sink = new FileSink(fd)
  let failure: { readonly error: unknown } | undefined
  // Failures of either end stop the flow as if the file ended here, and are thrown afterwards: the SDK's encrypting stream,
  // when it is destroyed before its end, throws where nobody can catch it.
  async function* read(): AsyncGenerator<Buffer> {
    try {
      let done = 0
      while (done < size && sink.failure === undefined) {
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkLength, size - done))
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, done)
        if (bytesRead === 0) throw changed()
        const bytes = chunk.subarray(0, bytesRead)
        inspect?.(bytes)
        done += bytesRead
        yield bytes
        onProgress(done, size)
      }
      end?.()
    } catch (error) {
      failure = { error }
    }
  }
  try {
    await pipeline(read, stream, sink)
  } catch (error) {
    failure ??= { error }
  }
  // A write that is still under way must not reach what gets this file descriptor next.
  await sink.idle
  failure = sink.failure ?? failure
  if (failure !== undefined) throw failure.error
}

const changed = (): FileError =>
  new FileError('changed', 'it changed while it was read: try again when nothing writes to it')

function refuseSame(source: Stats, target: string): void {
  const there = statSync(target, { throwIfNoEntry: false })
  if (there === undefined) return
  if (there.isDirectory()) throw new FileError('exists', `${target} is a directory: choose another --output`)
  if (there.dev === source.dev && there.ino === source.ino)
    throw new FileError('exists', 'the output is the file itself: choose another --output')
}
