import { write, writev } from 'node:fs'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'

const writeOne = promisify(write)
const writeMany = promisify(writev)

/** Bytes that wait to be written. */
const highWaterMark = 256 * 1024

/**
 * Appends to an open file and leaves it open. The first error of the file is kept in `failure` and everything after it is
 * thrown away, so that the streams before it come to their end; who uses it must look.
 */
export class FileSink extends Writable {
  readonly #fd: number
  /** Resolves when no write is under way; meaningful once the stream has finished or was destroyed. */
  idle: Promise<void> = Promise.resolve()
  failure: { readonly error: unknown } | undefined

  constructor(fd: number) {
    super({ highWaterMark, decodeStrings: true })
    this.#fd = fd
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#append([chunk], done)
  }

  override _writev(items: { readonly chunk: Buffer }[], done: () => void): void {
    this.#append(
      items.map((item) => item.chunk),
      done,
    )
  }

  #append(chunks: readonly Buffer[], done: () => void): void {
    if (this.failure !== undefined) {
      done()
      return
    }
    this.idle = writeAll(this.#fd, chunks)
      .catch((error: unknown) => {
        this.failure = { error }
      })
      .then(done)
  }
}

async function writeAll(fd: number, chunks: readonly Buffer[]): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  let { bytesWritten: at } = await writeMany(fd, chunks)
  if (at === length) return
  // A full disk takes a part first and says why at the next attempt.
  const all = Buffer.concat(chunks)
  while (at < length) at += (await writeOne(fd, all, at)).bytesWritten
}
