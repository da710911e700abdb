import { appendFile, rename, stat } from 'node:fs/promises'
import type { SecurityEvent, SecurityLog } from '#ports/audit.ts'
import type { Clock } from '#ports/edge.ts'

export interface SecurityLogOptions {
  /** `DIR/security.log`; when it is full it becomes `security.log.1`, and what was that is gone. */
  readonly path: string
  readonly clock: Clock
  /** Size of each of the two files. Default 16 MiB. */
  readonly maxBytes?: number
  /** More refusals in one second are only counted. Default 100. */
  readonly linesPerSecond?: number
}

// Longest part of what a stranger sent that is written: the sum stays below a kilobyte a line.
const longest = 128
// What may wait while the disk is slow.
const waitingLines = 1000

/**
 * Refusals of requests whose caller is unknown, one line of JSON each. A stranger decides how many there are and what they
 * say: so they are counted, cut and escaped, and no request waits for them. One instance owns the file.
 */
export class SecurityLogFile implements SecurityLog {
  readonly #options: Required<SecurityLogOptions>
  #lines: string[] = []
  #second = Number.NaN
  #written = 0
  #dropped = 0
  #size: number | undefined
  #flushing: Promise<void> | undefined
  #summary: NodeJS.Timeout | undefined
  #lastError: Error | undefined

  constructor(options: SecurityLogOptions) {
    this.#options = { maxBytes: 16_777_216, linesPerSecond: 100, ...options }
  }

  refused(event: SecurityEvent): void {
    const now = this.#options.clock.machineNow()
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#summarize(now)
      this.#second = second
      this.#written = 0
    }
    if (this.#written >= this.#options.linesPerSecond || this.#lines.length >= waitingLines) {
      this.#dropped++
      // When nothing follows, the count must still be written.
      this.#summary ??= setTimeout(() => this.#summarize(this.#options.clock.machineNow()), 1000).unref()
      return
    }
    this.#written++
    this.#add(lineOf(event, now))
  }

  /** Counts `count` refusals that were dropped before they came here. */
  dropped(count: number): void {
    this.#dropped += count
    this.#summary ??= setTimeout(() => this.#summarize(this.#options.clock.machineNow()), 1000).unref()
  }

  /** Why the file could not be written, while it can't. */
  lastError(): string | undefined {
    return this.#lastError?.message
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#summarize(this.#options.clock.machineNow())
    clearTimeout(this.#summary)
    while (this.#flushing !== undefined) await this.#flushing
  }

  #summarize(now: number): void {
    clearTimeout(this.#summary)
    this.#summary = undefined
    if (this.#dropped === 0) return
    this.#add(`${JSON.stringify({ time: timeText(now), dropped: this.#dropped })}\n`)
    this.#dropped = 0
  }

  #add(line: string): void {
    this.#lines.push(line)
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined))
  }

  /** Never rejects: what can't be written is counted. */
  async #flush(): Promise<void> {
    while (this.#lines.length > 0) {
      // Lines that come in the same turn are written together.
      await Promise.resolve()
      const lines = this.#lines
      this.#lines = []
      try {
        await this.#write(lines)
        this.#lastError = undefined
      } catch (error) {
        this.#lastError = error instanceof Error ? error : new Error(String(error))
        this.#size = undefined
        this.#dropped += lines.length
      }
    }
  }

  async #write(lines: readonly string[]): Promise<void> {
    const { path, maxBytes } = this.#options
    let size = this.#size ?? (await sizeOf(path))
    let chunk: string[] = []
    let chunkSize = 0
    const write = async (): Promise<void> => {
      if (chunk.length === 0) return
      await appendFile(path, chunk.join(''), { mode: 0o600 })
      size += chunkSize
      chunk = []
      chunkSize = 0
    }
    for (const line of lines) {
      // Lines are ASCII: as many bytes as characters.
      if (size + chunkSize + line.length > maxBytes) {
        await write()
        if (size > 0) await rename(path, `${path}.1`)
        size = 0
      }
      chunk.push(line)
      chunkSize += line.length
    }
    await write()
    this.#size = size
  }
}

function lineOf(event: SecurityEvent, now: number): string {
  const { requestId, sourceIp, code, service, operation, accessKeyId } = event
  const fields = { requestId, sourceIp, code, service, operation, accessKeyId }
  const cut = Object.entries(fields).map(([name, value]) => [name, value?.slice(0, longest)])
  return `${ascii(JSON.stringify({ time: timeText(now), ...Object.fromEntries(cut) }))}\n`
}

// JSON leaves DEL, C1 controls, line separators and direction marks as they are, and a terminal obeys them.
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString()

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}
