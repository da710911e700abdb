import type { Explanation } from './explain.ts'
import type { Direction } from './targets.ts'

/** Where the words go: `process.stdout` and `process.stderr` outside of tests. */
export interface Outputs {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
}

/** Tells what happens to each file, and keeps count. */
export interface Report {
  done(source: string, target: string, bytes: number, keyIds: readonly string[]): void
  failed(source: string, why: Explanation): void
  skipped(source: string, reason: string, expected: boolean): void
  /** Draws the progress line, on a terminal only. */
  progress(source: string, done: number, size: number): void
  /** Writes the summary, and tells whether some file failed. */
  finish(requests: number): boolean
}

const redrawInterval = 100

/** `json`: one line of JSON per file on standard output and nothing else; else failures as they come and a summary. */
export function makeReport(direction: Direction, json: boolean, outputs: Outputs, now: () => number): Report {
  const drawing = !json && outputs.stderr.isTTY === true
  let lastDrawn = -Infinity
  let drawn = false
  let done = 0
  let bytes = 0
  let failed = 0
  let skipped = 0

  const erase = (): void => {
    if (drawn) outputs.stderr.write('\r\u001b[K')
    drawn = false
  }
  const line = (text: string): void => {
    erase()
    outputs.stderr.write(`trent file ${direction}: ${text}\n`)
  }
  const jsonLine = (value: Readonly<Record<string, unknown>>): void => {
    outputs.stdout.write(`${JSON.stringify(value)}\n`)
  }
  return {
    done(source, target, size, keyIds) {
      done += 1
      bytes += size
      if (json) jsonLine({ status: 'done', source, target, bytes: size, keyIds })
    },
    failed(source, why) {
      failed += 1
      if (json) jsonLine({ status: 'failed', source, error: why })
      else line(`${printable(source)}: ${why.message}`)
    },
    skipped(source, reason, expected) {
      skipped += 1
      if (json) jsonLine({ status: 'skipped', source, reason })
      else if (!expected) line(`${printable(source)}: skipped: ${reason}`)
    },
    progress(source, at, size) {
      if (!drawing || now() - lastDrawn < redrawInterval) return
      lastDrawn = now()
      drawn = true
      outputs.stderr.write(`\r\u001b[K${progressLine(source, at, size, done, width(outputs.stderr.columns))}`)
    },
    finish(requests) {
      erase()
      if (!json) {
        const parts = [
          `${files(done)} ${direction}ed (${formatBytes(bytes)}, ${requests} KMS request${requests === 1 ? '' : 's'})`,
          ...(failed > 0 ? [`${failed} failed`] : []),
          ...(skipped > 0 ? [`${skipped} skipped`] : []),
        ]
        outputs.stderr.write(`${parts.join(', ')}\n`)
      }
      return failed > 0
    },
  }
}

/** A line that fits in `columns`: a bar, the share, the file, and how many were finished before. */
export function progressLine(source: string, at: number, size: number, finished: number, columns: number): string {
  const share = size === 0 ? 1 : at / size
  const filled = Math.round(share * 20)
  const head = `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}] ${String(Math.floor(share * 100)).padStart(3)}% of ${formatBytes(size)}`
  return `${head}  ${files(finished)} done  ${printable(source)}`.slice(0, Math.max(1, columns - 1))
}

/** Some terminals say that they have no columns. */
const width = (columns: number | undefined): number => (columns === undefined || columns === 0 ? 80 : columns)

const files = (count: number): string => `${count} file${count === 1 ? '' : 's'}`

/** File names may hold anything: control characters must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

/** `1536` as `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? 'bytes'}`
}
