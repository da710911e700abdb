/** A batch in the spool: one line of JSON about it, then its records, one a line. */
import type { HmacKey } from '#crypto/hmac.ts'
import { isObject } from './json-object.ts'
import { spoolMac, spoolMacMatches } from './page.ts'
import type { Page } from './page.ts'

export interface Batch {
  readonly id: number
  readonly page: Page
  /** Where the next batch begins. */
  readonly end: number
}

interface Header {
  readonly spooled: number
  readonly count: number
  readonly minMs: number
  readonly maxMs: number
  readonly bytes: number
  readonly mac: string
}

export function batchText(id: number, page: Page, key: HmacKey): Buffer {
  const { count, minMs, maxMs, bytes } = page
  const mac = spoolMac(key, id, page)
  const header: Header = { spooled: id, count, minMs, maxMs, bytes: bytes.length, mac }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`, 'utf8'), bytes])
}

/** The batch at `offset`: 'unfinished' when the file ends within it, 'changed' when it isn't what was written. */
export function parseBatch(content: Buffer, offset: number, key: HmacKey): Batch | 'unfinished' | 'changed' {
  const lineEnd = content.indexOf(10, offset)
  if (lineEnd < 0) return 'unfinished'
  const header = parseHeader(content.toString('utf8', offset, lineEnd))
  if (header === undefined) return 'changed'
  const end = lineEnd + 1 + header.bytes
  if (end > content.length) return 'unfinished'
  const { spooled: id, count, minMs, maxMs } = header
  const page: Page = { bytes: content.subarray(lineEnd + 1, end), count, minMs, maxMs }
  return spoolMacMatches(key, id, page, header.mac) ? { id, page, end } : 'changed'
}

function parseHeader(line: string): Header | undefined {
  const value = parsed(line)
  if (!isObject(value)) return undefined
  const {
    ['spooled']: spooled,
    ['count']: count,
    ['minMs']: minMs,
    ['maxMs']: maxMs,
    ['bytes']: bytes,
    ['mac']: mac,
  } = value
  const numbers = isSize(spooled) && isSize(count) && isSize(minMs) && isSize(maxMs) && isSize(bytes)
  return numbers && typeof mac === 'string' ? { spooled, count, minMs, maxMs, bytes, mac } : undefined
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
