import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { matcher } from './filter.ts'
import type { RecordFilter } from './filter.ts'
import { unpacked } from './packed.ts'
import { uuidTime } from './request-time.ts'
import { checkSchema, headerColumns, headerOf, pageOf } from './trail-schema.ts'
import type { StoredPage } from './trail-schema.ts'
import { verifyTrail } from './verify.ts'
import type { Verdict, VerifyOptions } from './verify.ts'

/** A record with its position in the chain. */
export interface TrailRecord {
  readonly sequenceNumber: number
  /** The hash of the page that holds the record, in lower-case hex. */
  readonly chainHash: string
  /** JSON text of the CloudTrail record. */
  readonly record: string
}

export interface Found {
  readonly records: readonly TrailRecord[]
  /** The last sequence number that was looked at: where to go on. */
  readonly seq: number
}

// One request's records are written within seconds; an hour behind the first one found the search ends.
const searchAfterFound = 3_600_000

/**
 * The trail for those who only read it. No method keeps a transaction open between pages, so that the writer can go on
 * emptying its log.
 */
export class TrailReader {
  readonly #db: DatabaseSync
  readonly #next: StatementSync
  readonly #previous: StatementSync
  readonly #at: StatementSync
  readonly #candidates: StatementSync

  /** Opens the trail at `path`, which must exist. */
  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
    try {
      checkSchema(this.#db, path)
      // A page that begins before `seq` may still contain it.
      const contains = '(SELECT max(first_seq) FROM page WHERE first_seq <= ?1)'
      this.#next = this.#db.prepare(
        `SELECT * FROM page WHERE first_seq >= coalesce(${contains}, 0) AND first_seq + count > ?1 ORDER BY first_seq LIMIT 1`,
      )
      this.#previous = this.#db.prepare('SELECT * FROM page WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1')
      this.#at = this.#db.prepare('SELECT * FROM page WHERE first_seq = ?')
      this.#candidates = this.#db.prepare(
        `SELECT ${headerColumns.replace('hash', "x'' AS hash")} FROM page
         WHERE (max_ms, min_ms, first_seq) > (?1, ?2, ?3) AND min_ms <= ?4
         ORDER BY max_ms, min_ms, first_seq LIMIT 100`,
      )
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** The records of the request `requestId`, in their order; empty when there is none, or the id is no version 7 UUID. */
  show(requestId: string): readonly TrailRecord[] {
    const id = requestId.toLowerCase()
    const time = uuidTime(id)
    if (time === undefined) return []
    const needle = Buffer.from(`"requestID":${JSON.stringify(id)}`, 'utf8')
    const found: TrailRecord[] = []
    let position: [number, number, number] = [time - 1, Number.MAX_SAFE_INTEGER, 0]
    for (;;) {
      const headers = this.#candidates.all(...position, time).map(headerOf)
      for (const header of headers) {
        if (found.length > 0 && header.maxMs > time + searchAfterFound) return ascending(found)
        position = [header.maxMs, header.minMs, header.firstSeq]
        const row = this.#at.get(header.firstSeq)
        if (row === undefined) continue
        const page = pageOf(row)
        const lines = linesOf(page)
        if (!lines.includes(needle)) continue
        found.push(...recordsOf(page, lines).filter((each) => each.record.includes(needle.toString())))
      }
      if (headers.length === 0) return ascending(found)
    }
  }

  /** At most `limit` records with sequence numbers above `seq` that pass `filter`, ascending. Call it again to follow. */
  after(seq: number, limit: number, filter: RecordFilter = {}): Found {
    const passes = matcher(filter)
    const records: TrailRecord[] = []
    let position = seq
    for (;;) {
      const row = this.#next.get(position + 1)
      if (row === undefined) return { records, seq: position }
      for (const each of recordsOf(pageOf(row))) {
        if (each.sequenceNumber <= position) continue
        if (records.length >= limit) return { records, seq: position }
        position = each.sequenceNumber
        if (passes(each.record)) records.push(each)
      }
    }
  }

  /** The newest `limit` records that pass `filter`, ascending. `seq` is the end of the trail as it was read. */
  tail(limit: number, filter: RecordFilter = {}): Found {
    const passes = matcher(filter)
    const newestFirst: TrailRecord[] = []
    let seq: number | undefined
    let before = Number.MAX_SAFE_INTEGER
    while (newestFirst.length < limit || seq === undefined) {
      const row = this.#previous.get(before)
      if (row === undefined) break
      const page = pageOf(row)
      seq ??= page.firstSeq + page.count - 1
      before = page.firstSeq - 1
      newestFirst.push(
        ...recordsOf(page)
          .filter((each) => passes(each.record))
          .reverse(),
      )
    }
    return { records: newestFirst.slice(0, limit).reverse(), seq: seq ?? 0 }
  }

  /** The id of the last entry of the outbox that is in the trail, as its newest page says; 0 before the first. */
  lastOutboxId(): number {
    const newest = this.#previous.get(Number.MAX_SAFE_INTEGER)
    return newest === undefined ? 0 : headerOf(newest).outbox
  }

  /** Checks the whole trail: see `verifyTrail`. */
  verify(chainKey: HmacKey, options: VerifyOptions = {}): Promise<Verdict> {
    return verifyTrail(this.#db, chainKey, options)
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}

function linesOf({ firstSeq, stored }: StoredPage): Buffer {
  try {
    return unpacked(stored)
  } catch {
    throw new IntegrityError(`the page of record ${firstSeq} of the audit trail can't be unpacked: it was changed`)
  }
}

function recordsOf(page: StoredPage, lines = linesOf(page)): TrailRecord[] {
  const chainHash = page.hash.toString('hex')
  const records = lines.toString('utf8').split('\n')
  // Behind the last line feed is nothing.
  records.pop()
  return records.map((record, index) => ({ sequenceNumber: page.firstSeq + index, chainHash, record }))
}

const ascending = (records: TrailRecord[]): TrailRecord[] => records.sort((a, b) => a.sequenceNumber - b.sequenceNumber)
