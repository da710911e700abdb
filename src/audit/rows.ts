/** How pages become rows: the pages of one flush share a row, so that one commit costs one row whatever the number of workers. */
import type { Page } from './page.ts'
import { requestTime } from './request-time.ts'

/** Joins `pages` in their order up to `maxBytes` for each; a page that is larger by itself stays whole. */
export function rowsOf(pages: readonly Page[], maxBytes: number): Page[] {
  const rows: Page[] = []
  let group: Page[] = []
  let size = 0
  for (const page of pages) {
    if (page.count === 0) continue
    if (group.length > 0 && size + page.bytes.length > maxBytes) {
      rows.push(joined(group, size))
      group = []
      size = 0
    }
    group.push(page)
    size += page.bytes.length
  }
  if (group.length > 0) rows.push(joined(group, size))
  return rows
}

/** A page of `records` in their order. Those without a request id don't widen its times; when none has one, it is `nowMs`. */
export function pageOfRecords(records: readonly string[], nowMs: number): Page {
  const times = records.flatMap((record) => requestTime(record) ?? [])
  const lines = records.map((record) => `${record.replaceAll('\n', ' ')}\n`)
  return {
    bytes: Buffer.from(lines.join(''), 'utf8'),
    count: records.length,
    minMs: least(times) ?? nowMs,
    maxMs: greatest(times) ?? nowMs,
  }
}

// Not Math.min(...values): a page may hold more records than a call may have arguments.
const least = (values: readonly number[]): number | undefined =>
  values.reduce<number | undefined>((least, value) => (least === undefined || value < least ? value : least), undefined)
const greatest = (values: readonly number[]): number | undefined =>
  values.reduce<number | undefined>((most, value) => (most === undefined || value > most ? value : most), undefined)

function joined(group: readonly Page[], size: number): Page {
  const [only] = group
  if (group.length === 1 && only !== undefined) return only
  return {
    bytes: Buffer.concat(
      group.map((page) => page.bytes),
      size,
    ),
    count: group.reduce((sum, page) => sum + page.count, 0),
    minMs: least(group.map((page) => page.minMs)) ?? 0,
    maxMs: greatest(group.map((page) => page.maxMs)) ?? 0,
  }
}
