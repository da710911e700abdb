/** Taking away the oldest pages, so that the trail keeps within its age and its size and can still be verified. */
import { dayMs } from '#base/day.ts'
import type { DatabaseSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import { checkpointMac } from './page.ts'
import type { Checkpoint } from './page.ts'
import { headerColumns, headerOf, readCheckpoint, scalar } from './trail-schema.ts'

export interface Retention {
  /** Older records are removed. Undefined: age removes nothing. */
  readonly maxDays: number | undefined
  /** The oldest records are removed while the trail is larger. Undefined: size removes nothing. */
  readonly maxBytes: number | undefined
  /** Younger records are never removed, whatever the size. */
  readonly minDays: number
}

// One transaction removes at most this much, so that a waiting record waits for milliseconds.
const chunkPages = 256
const chunkBytes = 4_194_304
// Freed pages are used again; the file is only made smaller when a good part of it is free.
const freeBytesKept = 1_048_576
const vacuumPages = 1024

/**
 * Removes a chunk of pages that `rule` no longer keeps, and says whether it did. The checkpoint that verification then starts
 * from is written in the same transaction. The newest page always stays.
 */
export function removeOldest(db: DatabaseSync, key: HmacKey, rule: Retention, nowMs: number): boolean {
  const surplus = rule.maxBytes === undefined ? 0 : usedBytes(db) - rule.maxBytes
  const oldest = rule.maxDays === undefined ? Number.NEGATIVE_INFINITY : nowMs - rule.maxDays * dayMs
  const youngest = nowMs - rule.minDays * dayMs
  const rows = db
    .prepare(`SELECT ${headerColumns}, length(bytes) AS size FROM page ORDER BY first_seq LIMIT ?`)
    .all(chunkPages + 1)
  const removed = []
  let freed = 0
  // The last of what was read stays: it is the newest page, or it is left for the next chunk.
  for (const row of rows.slice(0, -1)) {
    const page = headerOf(row)
    const keep = page.maxMs >= youngest || (page.maxMs >= oldest && freed >= surplus)
    if (keep || freed >= chunkBytes) break
    removed.push(page)
    freed += Number(row['size'])
  }
  const last = removed.at(-1)
  if (last === undefined) return false
  const before = readCheckpoint(db, key)
  store(db, key, {
    seq: last.firstSeq + last.count - 1,
    hash: last.hash,
    outbox: last.outbox,
    spool: last.spool,
    pages: (before?.pages ?? 0) + removed.length,
    maxMs: removed.reduce((latest, page) => Math.max(latest, page.maxMs), before?.maxMs ?? 0),
    at: nowMs,
  })
  return true
}

function store(db: DatabaseSync, key: HmacKey, checkpoint: Checkpoint): void {
  const { seq, hash, outbox, spool, pages, maxMs, at } = checkpoint
  db.exec('BEGIN IMMEDIATE')
  try {
    db.prepare('INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      seq,
      hash,
      outbox,
      spool,
      pages,
      maxMs,
      at,
      checkpointMac(key, checkpoint),
    )
    db.prepare('DELETE FROM page WHERE first_seq <= ?').run(seq)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Makes the file smaller by a few megabytes when much of it is free, and says whether it did. */
export function shrink(db: DatabaseSync): boolean {
  const free = scalar(db, 'PRAGMA freelist_count') * scalar(db, 'PRAGMA page_size')
  if (free <= Math.max(freeBytesKept, usedBytes(db) / 8)) return false
  db.exec(`PRAGMA incremental_vacuum(${vacuumPages})`)
  return true
}

/** Size in bytes of what the database holds, without its free pages. */
export function usedBytes(db: DatabaseSync): number {
  return (scalar(db, 'PRAGMA page_count') - scalar(db, 'PRAGMA freelist_count')) * scalar(db, 'PRAGMA page_size')
}
