import { isObject } from '#audit/json-object.ts'
import type { Page } from '#audit/page.ts'

/** The object that `text` is in JSON. */
export function parsed(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new TypeError(`no object: ${text}`)
  return value
}

/** Which of the records made by `recordAt` it is. */
export const serialOf = (record: string): number => Number(parsed(record)['serial'])

/** A version 7 UUID of `milliseconds`; `serial` tells those of one millisecond apart. */
export function uuidAt(milliseconds: number, serial: number): string {
  const time = milliseconds.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${serial.toString(16).padStart(12, '0')}`
}

export function recordAt(milliseconds: number, serial: number, more: object = {}): string {
  return JSON.stringify({ eventTime: '2026-11-21T10:04:00Z', serial, ...more, requestID: uuidAt(milliseconds, serial) })
}

export function pageOf(records: readonly string[], minMs: number, maxMs = minMs): Page {
  return { bytes: Buffer.from(records.map((record) => `${record}\n`).join('')), count: records.length, minMs, maxMs }
}

/** Numbers in [0, 1) that the seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}
